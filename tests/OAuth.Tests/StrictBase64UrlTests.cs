namespace Countersign.OAuth.Tests;

public sealed class StrictBase64UrlTests
{
    [Theory]
    [InlineData("", "")]
    [InlineData("66", "Zg")]
    [InlineData("666F", "Zm8")]
    [InlineData("666F6F", "Zm9v")]
    [InlineData("666F6F62", "Zm9vYg")]
    [InlineData("FBFFBF", "-_-_")]
    public void Known_values_read_and_write(string hex, string text)
    {
        var bytes = Convert.FromHexString(hex);
        Span<byte> decoded = stackalloc byte[16];
        Span<byte> encoded = stackalloc byte[16];

        Assert.Equal(text, StrictBase64Url.Encode(bytes));
        Assert.Equal(text.Length, StrictBase64Url.EncodedLength(bytes.Length));
        Assert.Equal(text.Length, StrictBase64Url.Encode(bytes, encoded));
        Assert.Equal(text, Some.Text(encoded[..text.Length]));
        Assert.True(StrictBase64Url.TryDecode(Some.Utf8(text), decoded, out var written));
        Assert.Equal(bytes, decoded[..written]);
    }

    [Theory]
    [Trait("R", "126")]
    [InlineData("A")]
    [InlineData("AAAAA")]
    [InlineData("AA==")]
    [InlineData("AAA=")]
    [InlineData("AA%%")]
    [InlineData("AA%3D%3D")]
    [InlineData("AA A")]
    [InlineData(" AAA")]
    [InlineData("AAA\n")]
    [InlineData("AA\r\nAA")]
    [InlineData("AA+A")]
    [InlineData("AA/A")]
    [InlineData("AA.A")]
    [InlineData("AA\0A")]
    [InlineData("AAéA")]
    [InlineData("=")]
    public void Any_other_character_or_length_is_refused(string text) =>
        Assert.False(StrictBase64Url.TryDecode(Some.Utf8(text), new byte[16], out _));

    [Fact]
    [Trait("R", "126")]
    public void Each_value_has_one_text()
    {
        const string Alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
        var bytes = new byte[500];

        foreach (var last in Alphabet)
        {
            Assert.All([0, 4, 64, 400], length =>
            {
                var start = new string('A', length);
                Assert.Equal("AQgw".Contains(last), StrictBase64Url.TryDecode(Some.Utf8($"{start}A{last}"), bytes, out _));
                Assert.Equal("AEIMQUYcgkosw048".Contains(last), StrictBase64Url.TryDecode(Some.Utf8($"{start}AA{last}"), bytes, out _));
            });
        }
    }

    [Fact]
    public void A_long_text_is_checked_to_its_end()
    {
        var text = new byte[1003];
        var bytes = new byte[1003];
        text.AsSpan().Fill((byte)'A');
        Assert.True(StrictBase64Url.TryDecode(text, bytes, out var written));
        Assert.Equal(752, written);

        for (var i = 0; i < text.Length; i++)
        {
            text[i] = (byte)'=';
            Assert.False(StrictBase64Url.TryDecode(text, bytes, out _));
            text[i] = (byte)'A';
        }
    }

    [Fact]
    public void Nothing_is_written_beyond_a_small_destination()
    {
        Assert.False(StrictBase64Url.TryDecode("AAAAAAAA"u8, new byte[5], out var written));
        Assert.Equal(0, written);
    }

    [Fact]
    public void What_is_written_reads_back() => Property.Holds<byte[]>(bytes =>
    {
        var decoded = new byte[bytes.Length];

        return StrictBase64Url.TryDecode(Some.Utf8(StrictBase64Url.Encode(bytes)), decoded, out var written)
            && written == bytes.Length && decoded.AsSpan().SequenceEqual(bytes);
    });

    [Fact]
    [Trait("R", "126")]
    public void Whatever_is_accepted_is_written_the_same() => Property.Holds(Property.TextOf("A", "B", "Q", "g", "-", "_", "="), text =>
    {
        var decoded = new byte[text.Length];

        return !StrictBase64Url.TryDecode(Some.Utf8(text), decoded, out var written)
            || StrictBase64Url.Encode(decoded.AsSpan(0, written)) == text;
    });
}
