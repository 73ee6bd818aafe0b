using System.Buffers.Binary;
using System.Text;

namespace Countersign.OAuth;

/// <summary>
/// The id of an issued token, its <c>jti</c> (RFC 7519 §4.1.7): the time of issue in milliseconds and 128 random bits, written as
/// 30 characters of base64url. The time in it lets a revocation be forgotten when the token has expired.
/// </summary>
public readonly struct TokenId : IEquatable<TokenId>
{
    public const int ByteLength = 22;
    public const int TextLength = 30;

    private TokenId(long issuedAtMilliseconds, UInt128 random) => (IssuedAtMilliseconds, Random) = (issuedAtMilliseconds, random);

    /// <summary>Milliseconds since 1970, below 2^48.</summary>
    public long IssuedAtMilliseconds { get; }

    /// <summary>The part that nobody can guess.</summary>
    public UInt128 Random { get; }

    public static bool operator ==(TokenId left, TokenId right) => left.Equals(right);

    public static bool operator !=(TokenId left, TokenId right) => !left.Equals(right);

    public static TokenId Create(DateTimeOffset now)
    {
        Span<byte> random = stackalloc byte[16];
        RandomBlock.Fill(random);
        var milliseconds = now.ToUnixTimeMilliseconds();
        ArgumentOutOfRangeException.ThrowIfNegative(milliseconds, nameof(now));

        return new TokenId(milliseconds, BinaryPrimitives.ReadUInt128BigEndian(random));
    }

    public static bool TryParse(ReadOnlySpan<byte> text, out TokenId id)
    {
        Span<byte> bytes = stackalloc byte[ByteLength];
        id = default;

        if (text.Length != TextLength || !StrictBase64Url.TryDecode(text, bytes, out _))
        {
            return false;
        }

        id = Read(bytes);

        return true;
    }

    /// <summary>Writes the 30 characters.</summary>
    public void WriteText(Span<byte> destination30)
    {
        Span<byte> bytes = stackalloc byte[ByteLength];
        Write(bytes);
        StrictBase64Url.Encode(bytes, destination30);
    }

    public bool Equals(TokenId other) => IssuedAtMilliseconds == other.IssuedAtMilliseconds && Random == other.Random;

    public override bool Equals(object? obj) => obj is TokenId other && Equals(other);

    // The low half is uniformly random already.
    public override int GetHashCode() => (int)(ulong)Random;

    public override string ToString()
    {
        Span<byte> text = stackalloc byte[TextLength];
        WriteText(text);

        return Encoding.ASCII.GetString(text);
    }

    internal static TokenId Read(ReadOnlySpan<byte> bytes22) => new(
        ((long)BinaryPrimitives.ReadUInt16BigEndian(bytes22) << 32) | BinaryPrimitives.ReadUInt32BigEndian(bytes22[2..]),
        BinaryPrimitives.ReadUInt128BigEndian(bytes22[6..]));

    internal void Write(Span<byte> destination22)
    {
        BinaryPrimitives.WriteUInt16BigEndian(destination22, (ushort)(IssuedAtMilliseconds >> 32));
        BinaryPrimitives.WriteUInt32BigEndian(destination22[2..], (uint)IssuedAtMilliseconds);
        BinaryPrimitives.WriteUInt128BigEndian(destination22[6..], Random);
    }
}
