using System.Buffers.Binary;
using System.Security.Cryptography;
using System.Text;
using Countersign.OAuth;
using Countersign.Server.Keys;

namespace Countersign.Server.Dpop;

/// <summary>
/// Nonces of RFC 9449 §8: the time at which one was made, and a code that only the nodes of this server could have written. None is stored, and each node
/// takes every node's (R140).
/// </summary>
internal sealed class DpopNonces(MasterKey master)
{
    private const int TimeLength = 8;
    private const int CodeLength = 16;

    /// <summary>How long one is good.</summary>
    public static readonly TimeSpan Life = TimeSpan.FromMinutes(5);

    // Two nodes' clocks may differ.
    private static readonly TimeSpan s_ahead = TimeSpan.FromSeconds(10);

    private readonly byte[] _key = master.Derive("dpop nonce");

    public string Create(Guid tenant, DateTimeOffset now)
    {
        Span<byte> nonce = stackalloc byte[TimeLength + CodeLength];
        BinaryPrimitives.WriteInt64BigEndian(nonce, now.ToUnixTimeSeconds());
        Code(tenant, nonce[..TimeLength], nonce[TimeLength..]);

        return StrictBase64Url.Encode(nonce);
    }

    public bool IsGood(Guid tenant, string nonce, DateTimeOffset now)
    {
        Span<byte> bytes = stackalloc byte[TimeLength + CodeLength];
        Span<byte> code = stackalloc byte[CodeLength];

        if (nonce.Length != StrictBase64Url.EncodedLength(bytes.Length) || !StrictBase64Url.TryDecode(Encoding.UTF8.GetBytes(nonce), bytes, out var length) || length != bytes.Length)
        {
            return false;
        }

        Code(tenant, bytes[..TimeLength], code);

        // Who knows no code of ours learns nothing from how long the time of it is looked at.
        return CryptographicOperations.FixedTimeEquals(code, bytes[TimeLength..])
            && now - DateTimeOffset.FromUnixTimeSeconds(BinaryPrimitives.ReadInt64BigEndian(bytes)) is var age && age <= Life && age >= -s_ahead;
    }

    private void Code(Guid tenant, ReadOnlySpan<byte> time, Span<byte> code)
    {
        Span<byte> text = stackalloc byte[16 + TimeLength];
        Span<byte> whole = stackalloc byte[32];
        tenant.TryWriteBytes(text);
        time.CopyTo(text[16..]);
        HMACSHA256.HashData(_key, text, whole);
        whole[..CodeLength].CopyTo(code);
    }
}
