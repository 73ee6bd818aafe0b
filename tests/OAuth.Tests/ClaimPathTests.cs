using System.Text.Json;
using FsCheck;
using FsCheck.Fluent;

namespace Countersign.OAuth.Tests;

public sealed class ClaimPathTests
{
    [Theory]
    [InlineData("sub", """{"sub":1}""")]
    [InlineData("a.b.c", """{"a":{"b":{"c":1}}}""")]
    [InlineData("a.b.c", """{"a.b":{"c":1}}""")]
    [InlineData("a.b.c", """{"a":{"b.c":1}}""")]
    [InlineData("a.b.c", """{"a.b.c":1}""")]
    [InlineData("a.b.c", """{"a":{"b":1},"a.b":{"c":1}}""")]
    [InlineData("a.b.c", """{"a":{"c":2},"a.b":{"c":1},"b":{"c":2}}""")]
    [InlineData("kubernetes.io.namespace", """{"kubernetes.io":{"namespace":1}}""")]
    [InlineData("https://example.com/groups", """{"https://example.com/groups":1}""")]
    [InlineData("/sub", """{"sub":1}""")]
    [InlineData("/", """{"":1}""")]
    [InlineData("/kubernetes.io/serviceaccount/uid", """{"kubernetes.io":{"serviceaccount":{"uid":1}}}""")]
    [InlineData("/a~1b/m~0n", """{"a/b":{"m~n":1}}""")]
    [InlineData("/~01", """{"~1":1,"/":2}""")]
    [InlineData("/a/1/b", """{"a":[{"b":2},{"b":1}]}""")]
    [InlineData("/a/0", """{"a":{"0":1}}""")]
    [InlineData("ä.€", """{"ä":{"€":1}}""")]
    public void One_reading_that_is_there_is_the_claim(string path, string claims)
    {
        Assert.True(Path(path).TryFind(Json(claims), out var value, out var ambiguous));
        Assert.Equal((1, false), (value.GetInt32(), ambiguous));
    }

    [Theory]
    [Trait("R", "203")]
    [InlineData("sub", "{}")]
    [InlineData("sub", """{"Sub":1}""")]
    [InlineData("sub", """{"a":{"sub":1}}""")]
    [InlineData("a.b", """{"a":1}""")]
    [InlineData("a.b", """{"a":{"c":1},"b":1}""")]
    [InlineData("a.b", """{"a":[{"b":1}]}""")]
    [InlineData("a.0", """{"a":[1]}""")]
    [InlineData("/a.b", """{"a":{"b":1}}""")]
    [InlineData("/a/b", """{"a/b":1}""")]
    [InlineData("/a/-", """{"a":[1]}""")]
    [InlineData("/a/1", """{"a":[1]}""")]
    [InlineData("/a/00", """{"a":[1]}""")]
    [InlineData("/a/+0", """{"a":[1]}""")]
    [InlineData("/a/-1", """{"a":[1]}""")]
    [InlineData("/a/4294967296", """{"a":[1]}""")]
    [InlineData("/a/", """{"a":1}""")]
    [InlineData("/a/b", """{"a":"b"}""")]
    [InlineData("sub", """["sub"]""")]
    [InlineData("/0", "1")]
    public void What_is_not_there_is_not_found(string path, string claims)
    {
        Assert.False(Path(path).TryFind(Json(claims), out var value, out var ambiguous));
        Assert.Equal((JsonValueKind.Undefined, false), (value.ValueKind, ambiguous));
    }

    [Theory]
    [Trait("R", "203")]
    [InlineData("a.b", """{"a":{"b":1},"a.b":1}""")]
    [InlineData("a.b", """{"a":{"b":null},"a.b":null}""")]
    [InlineData("a.b.c", """{"a":{"b.c":1},"a.b":{"c":1}}""")]
    [InlineData("a.b.c", """{"a":{"b.c":1,"b":{"c":1}},"a.b":{"c":1}}""")]
    public void Two_readings_that_are_there_are_none(string path, string claims)
    {
        Assert.False(Path(path).TryFind(Json(claims), out var value, out var ambiguous));
        Assert.Equal((JsonValueKind.Undefined, true), (value.ValueKind, ambiguous));
    }

    [Fact]
    [Trait("R", "203")]
    public void A_name_that_cannot_be_read_is_not_there()
    {
        Assert.False(Path("b").TryFind(Json("""{"\ud800":1}"""), out _, out _));
        Assert.False(Path("/b").TryFind(Json("""{"\ud800":1}"""), out _, out _));
    }

    [Theory]
    [InlineData("", "1 to 255 characters")]
    [InlineData("a\0", "NUL")]
    [InlineData(".", "is empty")]
    [InlineData("a.", "is empty")]
    [InlineData(".a", "is empty")]
    [InlineData("a..b", "is empty")]
    [InlineData("/~", "tilde")]
    [InlineData("/a~2", "tilde")]
    [InlineData("/~0~", "tilde")]
    [InlineData("a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a", "at most 16 parts")]
    [InlineData("/////////////////", "at most 16 parts")]
    public void A_path_that_is_none_says_why(string text, string says)
    {
        Assert.Null(ClaimPath.Parse(text, out var fault));
        Assert.Contains(says, fault);
    }

    // An attribute would hold another text.
    [Fact]
    public void A_path_holds_no_half_of_a_surrogate_pair() => Assert.All(["\ud800", "a\udc00", "/a\udc00\ud800"], text =>
    {
        Assert.Null(ClaimPath.Parse(text, out var fault));
        Assert.Contains("half of a surrogate pair", fault);
    });

    [Fact]
    public void A_path_has_at_most_255_characters_and_16_parts()
    {
        Assert.NotNull(ClaimPath.Parse(new string('a', 255), out _));
        Assert.Null(ClaimPath.Parse(new string('a', 256), out _));
        Assert.NotNull(ClaimPath.Parse("a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a", out _));
        Assert.NotNull(ClaimPath.Parse("////////////////", out _));
        Assert.NotNull(ClaimPath.Parse("\ufffd😀", out _));
    }

    [Fact]
    public void A_path_can_mean_the_names_that_it_reads_as()
    {
        Assert.True(Path("repository").CanMean("repository"));
        Assert.True(Path("/repository").CanMean("repository"));
        Assert.True(Path("kubernetes.io.namespace").CanMean("kubernetes.io", "namespace"));
        Assert.True(Path("/kubernetes.io/namespace").CanMean("kubernetes.io", "namespace"));
        Assert.False(Path("/kubernetes.io.namespace").CanMean("kubernetes.io", "namespace"));
        Assert.False(Path("repository").CanMean("repository_id"));
    }

    [Fact]
    public void It_finds_what_all_readings_find() => Property.Holds(
        Members(3).Zip(Gen.Elements("a", "b").NonEmptyListOf().Where(parts => parts.Count <= 6)).ToArbitrary(),
        input =>
        {
            var (claims, path) = (Json(input.Item1), string.Join('.', input.Item2));
            var expected = Readings(claims, path).ToList();
            var found = Path(path).TryFind(claims, out var value, out var ambiguous);

            return found == (expected.Count == 1) && ambiguous == (expected.Count > 1) && (!found || value.GetRawText() == expected[0].GetRawText());
        },
        tries: 3000);

    private static Gen<string> Members(int depth) =>
        from names in Gen.SubListOf("a", "b", "a.a", "a.b", "b.a", "a.a.b")
        from values in Gen.ListOf(depth == 0 ? Gen.Elements("1", "[1]") : Gen.Frequency((1, Gen.Elements("1", "[1]")), (3, Members(depth - 1))), names.Count)
        select $"{{{string.Join(',', names.Zip(values, (name, value) => $"\"{name}\":{value}"))}}}";

    private static IEnumerable<JsonElement> Readings(JsonElement at, string path) =>
        at.ValueKind != JsonValueKind.Object ? []
        : at.EnumerateObject().SelectMany(m =>
            m.Name == path ? [m.Value]
            : path.StartsWith(m.Name + ".", StringComparison.Ordinal) ? Readings(m.Value, path[(m.Name.Length + 1)..])
            : []);

    private static ClaimPath Path(string text)
    {
        var path = ClaimPath.Parse(text, out var fault);
        Assert.True(path is not null, fault);
        Assert.Equal(("", text, text), (fault, path.Text, $"{path}"));

        return path;
    }

    private static JsonElement Json(string text) => JsonDocument.Parse(text).RootElement;
}
