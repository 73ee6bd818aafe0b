using System.Security.Cryptography;

namespace Countersign.OAuth;

/// <summary>The open handles of one key. The platform promises nothing for one instance on two threads, so each use has one of its own.</summary>
internal sealed class KeyInstances : IDisposable
{
    private readonly SigningAlgorithm _algorithm;
    private readonly Pool<IDisposable> _idle;

    /// <param name="algorithm">What the key is for.</param>
    /// <param name="signatureLength">The bytes of its signatures.</param>
    /// <param name="open">Opens one more handle; not called before the first use.</param>
    public KeyInstances(SigningAlgorithm algorithm, int signatureLength, Func<IDisposable> open)
    {
        _algorithm = algorithm;
        _idle = new Pool<IDisposable>(open);
        SignatureLength = signatureLength;
    }

    public int SignatureLength { get; }

    public T With<T>(Func<IDisposable, T> use)
    {
        var key = _idle.Rent();

        try
        {
            return use(key);
        }
        finally
        {
            _idle.Return(key);
        }
    }

    public int Sign(ReadOnlySpan<byte> data, Span<byte> destination)
    {
        Span<byte> hash = stackalloc byte[SHA512.HashSizeInBytes];
        hash = hash[..CryptographicOperations.HashData(_algorithm.Hash, data, hash)];
        var key = _idle.Rent();

        try
        {
            return _algorithm.Family.Sign(key, _algorithm, hash, destination);
        }
        finally
        {
            _idle.Return(key);
        }
    }

    public bool Verify(ReadOnlySpan<byte> data, ReadOnlySpan<byte> signature)
    {
        if (signature.Length != SignatureLength)
        {
            return false;
        }

        Span<byte> hash = stackalloc byte[SHA512.HashSizeInBytes];
        hash = hash[..CryptographicOperations.HashData(_algorithm.Hash, data, hash)];
        var key = _idle.Rent();

        try
        {
            return _algorithm.Family.Verify(key, _algorithm, hash, signature);
        }
        finally
        {
            _idle.Return(key);
        }
    }

    public void Dispose() => _idle.Dispose();
}
