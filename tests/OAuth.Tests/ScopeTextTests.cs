using System.Diagnostics;

namespace Countersign.OAuth.Tests;

public sealed class ScopeTextTests
{
    [Theory]
    [Trait("R", "29")]
    [InlineData("", new string[0])]
    [InlineData("read", new[] { "read" })]
    [InlineData("read write", new[] { "read", "write" })]
    [InlineData("write read", new[] { "write", "read" })]
    [InlineData("read write read read", new[] { "read", "write" })]
    [InlineData("Read read READ", new[] { "Read", "read", "READ" })]
    [InlineData("!#$%&'()*+,-./:;<=>?@[]^_`{|}~ urn:x:y", new[] { "!#$%&'()*+,-./:;<=>?@[]^_`{|}~", "urn:x:y" })]
    public void A_scope_is_its_tokens_each_once(string scope, string[] tokens) =>
        Assert.Equal(tokens, ScopeText.Parse(Some.Utf8(scope)).Value());

    [Theory]
    [Trait("R", "27")]
    [InlineData(" ")]
    [InlineData(" read")]
    [InlineData("read ")]
    [InlineData("read  write")]
    [InlineData("read\twrite")]
    [InlineData("read\nwrite")]
    [InlineData("read\"")]
    [InlineData("re\\ad")]
    [InlineData("read\0")]
    [InlineData("read\u007f")]
    [InlineData("réad")]
    [InlineData("read\u00A0write")]
    public void A_malformed_scope_is_refused(string scope) =>
        Assert.Equal("the scope is malformed", ScopeText.Parse(Some.Utf8(scope)).Refused("invalid_scope", "scope-syntax").Description);

    [Fact]
    [Trait("R", "28")]
    public void A_scope_has_at_most_4_KiB_and_200_tokens()
    {
        Assert.Equal(4096, ScopeText.Parse(Some.Utf8(new string('a', 4096))).Value()[0].Length);
        ScopeText.Parse(Some.Utf8(new string('a', 4097))).Refused("invalid_scope", "scope-syntax");
        Assert.Equal(200, ScopeText.Parse(Some.Utf8(Tokens(200))).Value().Length);
        ScopeText.Parse(Some.Utf8(Tokens(201))).Refused("invalid_scope", "scope-syntax");
        ScopeText.Parse(Some.Utf8(string.Join(' ', Enumerable.Repeat("a", 201)))).Refused("invalid_scope", "scope-syntax");
    }

    [Fact]
    [Trait("R", "28")]
    public void A_large_scope_takes_less_than_5_ms()
    {
        var worst = Some.Utf8(string.Join(' ', Enumerable.Range(0, 200).Select(i => $"aaaaaaaaaaaaaaaa{i:D3}")));
        var huge = new byte[10_000_000];
        huge.AsSpan().Fill((byte)'a');
        ScopeText.Parse(worst).Value();

        var best = Enumerable.Range(0, 5).Min(_ =>
        {
            var watch = Stopwatch.StartNew();
            ScopeText.Parse(worst).Value();
            ScopeText.Parse(huge).Refused("invalid_scope", "scope-syntax");

            return watch.Elapsed;
        });

        Assert.True(best < TimeSpan.FromMilliseconds(5), $"{best}");
    }

    [Theory]
    [Trait("R", "27")]
    [InlineData("read", true)]
    [InlineData("urn:zitadel:iam:org:project:id:zitadel:aud", true)]
    [InlineData("!~", true)]
    [InlineData("", false)]
    [InlineData("a b", false)]
    [InlineData("a\"", false)]
    [InlineData("a\\", false)]
    [InlineData("é", false)]
    [InlineData("a\u007f", false)]
    public void A_token_is_NQCHAR(string text, bool valid) => Assert.Equal(valid, ScopeText.IsToken(text));

    [Fact]
    [Trait("R", "27")]
    [Trait("R", "29")]
    public void It_agrees_with_splitting_at_spaces() => Property.Holds(
        Property.TextOf("a", "b", " a", " b", " ab", "ab ", " ", "\"", "\\", "é", "!", "~"),
        scope =>
        {
            var tokens = scope.Split(' ');
            var valid = scope.Length == 0 || tokens.All(token => ScopeText.IsToken(token));

            return ScopeText.Parse(Some.Utf8(scope)).Is(out var parsed, out _) == valid
                && (!valid || scope.Length == 0 || parsed!.AsSpan().SequenceEqual(tokens.Distinct().ToArray()));
        },
        tries: 2000);

    [Fact]
    public void Two_tokens_allocate_two_strings_and_their_array()
    {
        var scope = Some.Utf8("read write");

        Assert.InRange(Some.AllocatedBy(() => ScopeText.Parse(scope)), 1, 104);
    }

    private static string Tokens(int count) => string.Join(' ', Enumerable.Range(0, count).Select(i => $"s{i}"));
}
