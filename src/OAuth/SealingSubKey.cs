using System.Buffers.Binary;
using System.Security.Cryptography;

namespace Countersign.OAuth;

/// <summary>
/// The key that seals, derived from a tenant's sealing key and a salt (RFC 5869). Each process draws its own salt, so that nodes need
/// not agree on nonces and each may use up its own count.
/// </summary>
internal sealed class SealingSubKey : IDisposable
{
    public const int SaltLength = 16;
    public const int TagLength = 16;

    private readonly Pool<AesGcm> _ciphers;
    private readonly byte[] _key = new byte[32];
    private long _seals;

    public SealingSubKey(ReadOnlySpan<byte> key, ReadOnlySpan<byte> salt, ReadOnlySpan<byte> info)
    {
        Salt = BinaryPrimitives.ReadUInt128BigEndian(salt);
        HKDF.DeriveKey(HashAlgorithmName.SHA256, key, _key, salt, info);
        _ciphers = new Pool<AesGcm>(() => new AesGcm(_key, TagLength));
    }

    public UInt128 Salt { get; }

    /// <summary>Counts one more seal; false when the key has sealed as often as it may.</summary>
    public bool TryCount(long most) => Interlocked.Increment(ref _seals) <= most;

    public void Encrypt(ReadOnlySpan<byte> nonce, ReadOnlySpan<byte> plain, Span<byte> sealedText, Span<byte> tag, ReadOnlySpan<byte> bound)
    {
        var cipher = _ciphers.Rent();
        cipher.Encrypt(nonce, plain, sealedText, tag, bound);
        _ciphers.Return(cipher);
    }

    public bool TryDecrypt(
        ReadOnlySpan<byte> nonce, ReadOnlySpan<byte> sealedText, ReadOnlySpan<byte> tag, Span<byte> plain, ReadOnlySpan<byte> bound)
    {
        var cipher = _ciphers.Rent();

        try
        {
            cipher.Decrypt(nonce, sealedText, tag, plain, bound);

            return true;
        }
        catch (AuthenticationTagMismatchException)
        {
            return false;
        }
        finally
        {
            _ciphers.Return(cipher);
        }
    }

    public void Dispose()
    {
        _ciphers.Dispose();
        CryptographicOperations.ZeroMemory(_key);
    }
}
