using System.Text;

namespace Countersign.OAuth.Tests;

public sealed class StrictJsonTests
{
    [Theory]
    [InlineData("{}")]
    [InlineData(" \t\r\n{ \"a\" : [ 1 , true , false , null , \"b\" , { } ] } \n")]
    [InlineData("""{"a":{"a":{"a":1}},"b":[{"a":1},{"a":2}]}""")]
    [InlineData("""{"a":1,"A":2,"ａ":3," a":4,"":5}""")]
    [InlineData("""{"a":"\u0001\ud83d\ude00\"\\\/\b\f\n\r\t"}""")]
    [InlineData("""{"\u0061b":1,"a\u0063":2}""")]
    [InlineData("""{"a":12345678901234567890,"b":-1234567890.12345e10}""")]
    [InlineData("""{"a":-0,"b":0.0,"c":1E+2}""")]
    [Trait("R", "73")]
    public void One_object_within_its_bounds_is_sound(string json) => Assert.Null(StrictJson.Fault(Some.Utf8(json)));

    [Theory]
    [InlineData("")]
    [InlineData(" ")]
    [InlineData("null")]
    [InlineData("1")]
    [InlineData("\"a\"")]
    [InlineData("[]")]
    [InlineData("[{}]")]
    [InlineData("{")]
    [InlineData("}")]
    [InlineData("{}}")]
    [InlineData("{}{}")]
    [InlineData("{},")]
    [InlineData("{} x")]
    [InlineData("{}\0")]
    [InlineData("\0{}")]
    [InlineData("{}//")]
    [InlineData("{/**/}")]
    [InlineData("{\"a\":1,}")]
    [InlineData("{\"a\"}")]
    [InlineData("{\"a\":}")]
    [InlineData("{'a':1}")]
    [InlineData("{a:1}")]
    [InlineData("{\"a\":[1,]}")]
    [InlineData("{\"a\":01}")]
    [InlineData("{\"a\":+1}")]
    [InlineData("{\"a\":.5}")]
    [InlineData("{\"a\":1.}")]
    [InlineData("{\"a\":0x10}")]
    [InlineData("{\"a\":NaN}")]
    [InlineData("{\"a\":Infinity}")]
    [InlineData("{\"a\":True}")]
    [InlineData("{\"a\":\"\n\"}")]
    [InlineData("{\"a\":\"\\x41\"}")]
    [InlineData("{\"a\":\"\\u00g0\"}")]
    [InlineData("{\"a\":\"\\u004\"}")]
    [InlineData("{\u00A0}")]
    [Trait("R", "73")]
    public void What_is_not_one_object_is_refused(string json) => Refused(json, "JSON object");

    [Fact]
    [Trait("R", "73")]
    public void A_byte_order_mark_is_named() => Refused("\uFEFF{}", "byte order mark");

    [Fact]
    [Trait("R", "73")]
    public void Only_UTF8_is_taken()
    {
        Assert.All(
            new byte[][]
            {
                [0xFF], [0xC0, 0x80], [0xC1, 0xBF], [0xE0, 0x80, 0x80], [0xED, 0xA0, 0x80], [0xED, 0xBF, 0xBF], [0xF4, 0x90, 0x80, 0x80], [0xF5, 0x80, 0x80, 0x80], [0xE2, 0x82], [0x80],
            },
            bytes => Assert.All(new[] { "a", "b" }, at =>
            {
                byte[] json = at == "a"
                    ? [.. "{\"a\":\""u8, .. bytes, .. "\"}"u8]
                    : [.. "{\""u8, .. bytes, .. "\":1}"u8];
                Assert.Equal("it is not UTF-8", StrictJson.Fault(json));
            }));
        Assert.NotNull(StrictJson.Fault(Encoding.Unicode.GetBytes("{}")));
        Assert.NotNull(StrictJson.Fault([0xFF, 0xFE, .. Encoding.Unicode.GetBytes("{}")]));
    }

    [Theory]
    [InlineData("""{"a":1,"a":1}""")]
    [InlineData("""{"sub":"x","\u0073ub":"y"}""")]
    [InlineData("""{"\u0073ub":"x","sub":"y"}""")]
    [InlineData("""{"\u0073ub":"x","su\u0062":"y"}""")]
    [InlineData("""{"b":1,"sub":"x","c":{"sub":1},"\u0073\u0075\u0062":"y"}""")]
    [InlineData("""{"":1,"":2}""")]
    [InlineData("""{"a":[{"b":1,"b":2}]}""")]
    [InlineData("""{"a":{"b":{"c":1,"d":2,"c":3}}}""")]
    [InlineData("""{"/":1,"\/":2}""")]
    [InlineData("""{"😀":1,"\ud83d\ude00":2}""")]
    [Trait("R", "74")]
    public void A_name_twice_in_one_object_is_refused(string json) => Refused(json, "stands twice");

    [Theory]
    [InlineData("""{"a":"\u0000"}""", "NUL")]
    [InlineData("""{"a":["b\u0000c"]}""", "NUL")]
    [InlineData("""{"\u0000":1}""", "NUL")]
    [InlineData("""{"a":{"b\u0000":1}}""", "NUL")]
    [InlineData("""{"a":"\ud83d"}""", "surrogate")]
    [InlineData("""{"a":"\ude00"}""", "surrogate")]
    [InlineData("""{"a":"\ude00\ud83d"}""", "surrogate")]
    [InlineData("""{"a":"\ud83dx"}""", "surrogate")]
    [InlineData("""{"\ud83d":1}""", "surrogate")]
    [InlineData("""{"a":[{"b":"\udfff"}]}""", "surrogate")]
    [Trait("R", "73")]
    public void A_text_with_NUL_or_half_a_pair_is_refused(string json, string says) => Refused(json, says);

    [Theory]
    [InlineData("123456789012345678901")]
    [InlineData("-12345678901234567890")]
    [InlineData("0.1234567890123456789")]
    [InlineData("1e0000000000000000001")]
    [Trait("R", "73")]
    public void A_number_of_more_than_20_characters_is_refused(string number)
    {
        Refused($"{{\"a\":{number}}}", "20 characters");
        Refused($"{{\"a\":[[{number}]]}}", "20 characters");
        Assert.Null(StrictJson.Fault(Some.Utf8($"{{\"a\":{number[..20]}}}")));
    }

    [Theory]
    [InlineData("{\"a\":", "{}", "}", 15)]
    [InlineData("{\"a\":", "1", "}", 16)]
    [InlineData("[", "1", "]", 15)]
    [Trait("R", "73")]
    public void It_is_at_most_16_deep(string open, string middle, string close, int most)
    {
        Assert.Null(StrictJson.Fault(Nested(most)));
        Assert.Contains("16 deep", StrictJson.Fault(Nested(most + 1)));
        Assert.NotNull(StrictJson.Fault(Nested(5000)));

        byte[] Nested(int times)
        {
            var json = string.Concat(Enumerable.Repeat(open, times)) + middle + string.Concat(Enumerable.Repeat(close, times));

            return Some.Utf8(open == "[" ? $"{{\"a\":{json}}}" : json);
        }
    }

    [Fact]
    [Trait("R", "73")]
    public void It_has_at_most_256_members_in_all_its_objects()
    {
        Assert.Null(StrictJson.Fault(Some.Utf8(Members(256))));
        Refused(Members(257), "more than 256 members");
        Assert.Null(StrictJson.Fault(Some.Utf8($$"""{"z":{{Members(200)}},"y":[{{Members(54)}}]}""")));
        Refused($$"""{"z":{{Members(200)}},"y":[{{Members(55)}}]}""", "more than 256 members");

        // Elements of a list are none.
        Assert.Null(StrictJson.Fault(Some.Utf8($"{{\"a\":[{string.Join(',', Enumerable.Repeat("1", 5000))}]}}")));
    }

    [Fact]
    [Trait("R", "73")]
    public void Members_count_down_over_several_texts()
    {
        var members = 5;

        Assert.Null(StrictJson.Fault("""{"a":1,"b":{"c":2}}"""u8, ref members));
        Assert.Equal(2, members);
        Assert.Null(StrictJson.Fault("{}"u8, ref members));
        Assert.Equal(2, members);
        Assert.Null(StrictJson.Fault("""{"a":1,"b":2}"""u8, ref members));
        Assert.Equal(0, members);
        Assert.Null(StrictJson.Fault("{}"u8, ref members));
        Assert.Contains("members", StrictJson.Fault("""{"a":1}"""u8, ref members));
    }

    [Fact]
    [Trait("R", "74")]
    public void Every_pair_of_256_names_is_compared()
    {
        for (var at = 0; at < 255; at += 17)
        {
            Refused(Members(255)[..^1] + $",\"name {at}\":0}}", "stands twice");
            Refused(Members(255)[..^1] + $",\"n\\u0061me {at}\":0}}", "stands twice");
        }
    }

    private static string Members(int count) => $"{{{string.Join(',', Enumerable.Range(0, count).Select(i => $"\"name {i}\":{i}"))}}}";

    private static void Refused(string json, string says) => Assert.Contains(says, StrictJson.Fault(Some.Utf8(json)));
}
