using System.Buffers.Binary;
using System.Diagnostics;

namespace Countersign.OAuth;

/// <summary>
/// A tenant's key for opaque access tokens: <c>cs_at_</c> and base64url of version, key id, salt, nonce, sealed claims and tag
/// (AES-256-GCM). Nothing is stored for a token. May be used by several threads at once.
/// </summary>
[DebuggerDisplay("{Id}")]
public sealed class SealingKey : IDisposable
{
    public const string Prefix = "cs_at_";
    public const int KeyLength = 32;

    /// <summary>A longer token is refused before any work.</summary>
    public const int MaxTokenLength = 16 * 1024;

    private const byte Version = 1;
    private const int NonceLength = 12;
    private const int KeyIdAt = 1;
    private const int SaltAt = KeyIdAt + 16;
    private const int NonceAt = SaltAt + SealingSubKey.SaltLength;
    private const int ClaimsAt = NonceAt + NonceLength;
    private const int Overhead = ClaimsAt + SealingSubKey.TagLength;
    private const int StackLimit = 1024;

    // NIST SP 800-38D §8.3: so many random nonces with one key.
    private const long MostSeals = 1L << 32;

    private readonly SealingSubKeys _subKeys;
    private readonly byte[] _bound;

    public SealingKey(Guid id, Guid tenantId, ReadOnlySpan<byte> key32)
        : this(id, tenantId, key32, MostSeals)
    {
    }

    internal SealingKey(Guid id, Guid tenantId, ReadOnlySpan<byte> key32, long mostSeals)
    {
        ArgumentOutOfRangeException.ThrowIfNotEqual(key32.Length, KeyLength, nameof(key32));
        (Id, TenantId) = (id, tenantId);
        _subKeys = new SealingSubKeys(key32, [.. "countersign access token v1"u8, .. tenantId.ToByteArray(bigEndian: true)], mostSeals);

        // A token is good for one type, version, tenant (hence issuer) and key, also after decrypting.
        _bound = [.. "access token"u8, Version, .. tenantId.ToByteArray(bigEndian: true), .. id.ToByteArray(bigEndian: true)];
    }

    public Guid Id { get; }

    public Guid TenantId { get; }

    /// <summary>For tests: how many keys of other processes are kept.</summary>
    internal int RememberedSubKeys => _subKeys.Remembered;

    private static ReadOnlySpan<byte> PrefixUtf8 => "cs_at_"u8;

    /// <summary>The length of what <see cref="Seal"/> writes.</summary>
    public static int MaxLength(AccessToken token) => Prefix.Length + StrictBase64Url.EncodedLength(Overhead + SealedClaims.Length(token));

    /// <summary>The key that a token names; nothing is verified yet.</summary>
    public static bool TryReadKeyId(ReadOnlySpan<byte> token, out Guid keyId)
    {
        // 24 characters are 18 bytes: version, key id and one more.
        Span<byte> head = stackalloc byte[18];
        keyId = default;

        if (token.Length > MaxTokenLength || token.Length < Prefix.Length + StrictBase64Url.EncodedLength(Overhead)
            || !token.StartsWith(PrefixUtf8)
            || !StrictBase64Url.TryDecode(token.Slice(Prefix.Length, 24), head, out _) || head[0] != Version)
        {
            return false;
        }

        keyId = new Guid(head.Slice(KeyIdAt, 16), bigEndian: true);

        return true;
    }

    /// <summary>Writes the sealed token and returns its length.</summary>
    public int Seal(AccessToken token, Span<byte> destination)
    {
        // A mistake here would hand one tenant's claims to another.
        ArgumentOutOfRangeException.ThrowIfNotEqual(token.TenantId, TenantId, nameof(token));
        var length = SealedClaims.Length(token);
        var total = Overhead + length;
        Span<byte> claims = length <= StackLimit ? stackalloc byte[StackLimit] : new byte[length];
        Span<byte> bytes = total <= StackLimit ? stackalloc byte[StackLimit] : new byte[total];
        claims = claims[..SealedClaims.Write(token, claims)];
        bytes = bytes[..total];

        var subKey = _subKeys.ForOneSeal();
        bytes[0] = Version;
        Id.TryWriteBytes(bytes[KeyIdAt..], bigEndian: true, out _);
        BinaryPrimitives.WriteUInt128BigEndian(bytes[SaltAt..], subKey.Salt);
        var nonce = bytes.Slice(NonceAt, NonceLength);
        RandomBlock.Fill(nonce);
        subKey.Encrypt(nonce, claims, bytes.Slice(ClaimsAt, length), bytes[(ClaimsAt + length)..], _bound);

        PrefixUtf8.CopyTo(destination);

        return Prefix.Length + StrictBase64Url.Encode(bytes, destination[Prefix.Length..]);
    }

    /// <summary>What a token of this key says; null when it is not genuine. Neither expiry nor revocation is looked at.</summary>
    public AccessToken? Open(ReadOnlySpan<byte> token)
    {
        if (!TryReadKeyId(token, out var keyId) || keyId != Id)
        {
            return null;
        }

        var text = token[Prefix.Length..];
        var most = StrictBase64Url.DecodedLength(text.Length);
        Span<byte> bytes = most <= StackLimit ? stackalloc byte[StackLimit] : new byte[most];

        if (!StrictBase64Url.TryDecode(text, bytes, out var total))
        {
            return null;
        }

        bytes = bytes[..total];
        var subKey = _subKeys.ForSalt(bytes.Slice(SaltAt, SealingSubKey.SaltLength), out var isNew);
        var length = total - Overhead;
        Span<byte> claims = length <= StackLimit ? stackalloc byte[StackLimit] : new byte[length];
        claims = claims[..length];
        var isGenuine = subKey.TryDecrypt(
            bytes.Slice(NonceAt, NonceLength), bytes.Slice(ClaimsAt, length), bytes[(ClaimsAt + length)..], claims, _bound);

        if (isNew)
        {
            // Only a token that is genuine has its key kept: a made-up salt must not push out a real one.
            _subKeys.Settle(subKey, isGenuine);
        }

        return isGenuine ? SealedClaims.Read(claims, TenantId) : null;
    }

    public void Dispose() => _subKeys.Dispose();

    public override string ToString() => Id.ToString();
}
