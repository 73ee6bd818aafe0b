using System.Collections.Concurrent;

namespace Countersign.OAuth.Tests;

public sealed class TokenIdTests
{
    [Fact]
    [Trait("R", "125")]
    public void An_id_holds_its_time_and_128_random_bits()
    {
        var id = TokenId.Create(The.Now);

        Assert.Equal(The.Now.ToUnixTimeMilliseconds(), id.IssuedAtMilliseconds);
        Assert.NotEqual(id.Random, TokenId.Create(The.Now).Random);
        Assert.Matches("^[A-Za-z0-9_-]{30}$", id.ToString());
    }

    [Theory]
    [InlineData(0)]
    [InlineData(1_795_521_600_250)]
    [InlineData(253_402_300_799_999)]
    public void An_id_reads_back_from_its_text(long milliseconds)
    {
        var id = TokenId.Create(DateTimeOffset.FromUnixTimeMilliseconds(milliseconds));

        Assert.True(TokenId.TryParse(Some.Utf8(id.ToString()), out var read));
        Assert.Equal(id, read);
        Assert.Equal((milliseconds, id.Random), (read.IssuedAtMilliseconds, read.Random));
        Assert.Equal(id.GetHashCode(), read.GetHashCode());
        Assert.True(id == read);
        Assert.False(id != read);
        Assert.False(id.Equals((object?)null));
    }

    [Fact]
    public void A_time_before_1970_is_a_mistake() =>
        Assert.Throws<ArgumentOutOfRangeException>(() => TokenId.Create(DateTimeOffset.UnixEpoch.AddMilliseconds(-1)));

    [Fact]
    [Trait("R", "126")]
    public void An_id_has_one_text()
    {
        var text = TokenId.Create(The.Now).ToString();

        // 30 characters hold 180 bits, 4 more than an id.
        foreach (var last in "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_=+/ ")
        {
            Assert.Equal("AQgw".Contains(last), TokenId.TryParse(Some.Utf8(text[..^1] + last), out _));
        }

        Assert.False(TokenId.TryParse(Some.Utf8(text[..^1]), out _));
        Assert.False(TokenId.TryParse(Some.Utf8(text + "A"), out _));
        Assert.False(TokenId.TryParse([], out _));
    }

    [Fact]
    [Trait("R", "125")]
    public void Ids_are_unique_over_threads_and_blocks()
    {
        var ids = new ConcurrentBag<TokenId>();
        Parallel.For(0, 200_000, _ => ids.Add(TokenId.Create(The.Now)));

        Assert.Equal(200_000, ids.Select(id => id.Random).Distinct().Count());
    }

    [Fact]
    [Trait("R", "125")]
    public void Random_bytes_are_never_given_twice() => Property.Holds<byte>(length =>
    {
        var (one, other) = (new byte[16 + length], new byte[16 + length]);
        RandomBlock.Fill(one);
        RandomBlock.Fill(other);

        return !one.AsSpan().SequenceEqual(other) && !one.AsSpan().SequenceEqual(new byte[one.Length]);
    });

    [Fact]
    public void More_random_bytes_than_a_block_are_drawn_at_once()
    {
        var bytes = new byte[5000];
        RandomBlock.Fill(bytes);

        Assert.InRange(bytes.Count(b => b == 0), 0, 80);
    }

    [Fact]
    public void Making_and_writing_an_id_allocates_nothing()
    {
        Assert.Equal(0, Some.AllocatedBy(() =>
        {
            Span<byte> text = stackalloc byte[30];
            TokenId.Create(The.Now).WriteText(text);
            Assert.True(TokenId.TryParse(text, out _));
        }));
    }
}
