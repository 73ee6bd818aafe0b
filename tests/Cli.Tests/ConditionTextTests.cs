using System.Text.Json;
using System.Text.Json.Nodes;
using Countersign.Cli.Commands;

namespace Countersign.Cli.Tests;

public sealed class ConditionTextTests
{
    [Theory]
    [InlineData("repository_id=123", """{"claim":"repository_id","equals":"123"}""")]
    [InlineData("  repository_id = 123 ", """{"claim":"repository_id","equals":"123"}""")]
    [InlineData("sub=a=b", """{"claim":"sub","equals":"a=b"}""")]
    [InlineData("sub=repo in x", """{"claim":"sub","equals":"repo in x"}""")]
    [InlineData("email_verified:=true", """{"claim":"email_verified","equals":true}""")]
    [InlineData("""sub:=" a" """, """{"claim":"sub","equals":" a"}""")]
    [InlineData("sub^=repo:org/", """{"claim":"sub","prefix":"repo:org/"}""")]
    [InlineData("sub ~= repo:**", """{"claim":"sub","glob":"repo:**"}""")]
    [InlineData("/https:~1~1a.example~1role=x", """{"claim":"/https:~1~1a.example~1role","equals":"x"}""")]
    [InlineData("kubernetes.io.namespace=prod", """{"claim":"kubernetes.io.namespace","equals":"prod"}""")]
    [InlineData("ref in a=b,c", """{"claim":"ref","any_of":["a=b","c"]}""")]
    [InlineData("ref in [\"a,b\",1,true]", """{"claim":"ref","any_of":["a,b",1,true]}""")]
    [InlineData("groups contains admins of x", """{"claim":"groups","contains":"admins of x"}""")]
    public void A_condition_is_read_as_people_type_it_and_written_so_that_it_reads_the_same(string text, string json)
    {
        var condition = ConditionText.Read(text);

        Assert.True(JsonNode.DeepEquals(JsonNode.Parse(json), condition), condition.ToJsonString());
        var written = ConditionText.Write(JsonElement.Parse(json));
        Assert.True(JsonNode.DeepEquals(condition, ConditionText.Read(written!)), written);
    }

    [Theory]
    [InlineData("""{"claim":"sub","prefix":" a"}""")]
    [InlineData("""{"claim":"a=b","equals":"x"}""")]
    [InlineData("""{"claim":"a b","equals":"x"}""")]
    [InlineData("""{"claim":"a","contains":1}""")]
    [InlineData("""{"claim":"a","matches":"x"}""")]
    [InlineData("""{"claim":"a","equals":"x","prefix":"y"}""")]
    [InlineData("""{"equals":"x"}""")]
    public void What_cannot_be_typed_is_not_written_as_if_it_could(string json) => Assert.Null(ConditionText.Write(JsonElement.Parse(json)));

    [Theory]
    [InlineData("")]
    [InlineData("a")]
    [InlineData("=x")]
    [InlineData("a=")]
    [InlineData("a==b")]
    [InlineData("a!=b")]
    [InlineData("a in")]
    [InlineData("a matches b")]
    [InlineData("ref in [1,")]
    [InlineData("ref in []")]
    [InlineData("ref in [[1]]")]
    [InlineData("a:={}")]
    public void Everything_else_is_refused_with_what_would_do(string text) =>
        Assert.Equal(ExitCode.Usage, Assert.Throws<CommandFault>(() => ConditionText.Read(text)).Code);

    [Theory]
    [InlineData("plain-1.2_3/:@%+,", "plain-1.2_3/:@%+,")]
    [InlineData("two words", "'two words'")]
    [InlineData("it's", @"'it'\''s'")]
    [InlineData("$HOME;`x`*~", "'$HOME;`x`*~'")]
    [InlineData("", "''")]
    public void A_word_to_copy_is_one_word_to_a_shell(string word, string quoted) => Assert.Equal(quoted, Words.Quoted(word));
}
