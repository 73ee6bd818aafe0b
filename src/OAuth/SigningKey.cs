using System.Diagnostics;
using System.Security.Cryptography;

namespace Countersign.OAuth;

/// <summary>A private key that signs tokens, and its public JWK (RFC 7517). May be used by several threads at once.</summary>
[DebuggerDisplay("{Kid}")]
public sealed class SigningKey : IDisposable
{
    [DebuggerBrowsable(DebuggerBrowsableState.Never)]
    private readonly byte[] _pkcs8;

    // The platform promises nothing for one instance on two threads, so each use has an instance of its own.
    private readonly Pool<AsymmetricAlgorithm> _instances;

    private SigningKey(SigningAlgorithm algorithm, string? kid, ReadOnlySpan<byte> pkcs8)
    {
        Algorithm = algorithm;
        _pkcs8 = pkcs8.ToArray();
        _instances = new Pool<AsymmetricAlgorithm>(Open);
        var first = Open();
        var jwk = PublicJwkMembers.Of(first, algorithm);
        Kid = kid ?? jwk.Thumbprint();
        PublicJwk = jwk.ForSigning(algorithm, Kid);
        SignatureLength = first is RSA ? first.KeySize / 8 : algorithm.SignatureLength;
        AccessTokenHeader = JwtAccessToken.EncodeHeader(algorithm, Kid);
        _instances.Return(first);
    }

    /// <summary>The <c>kid</c>: for keys that we make, the thumbprint (RFC 7638, SHA-256).</summary>
    public string Kid { get; }

    public SigningAlgorithm Algorithm { get; }

    /// <summary>The public key as a JSON object in UTF-8: kty, use, alg, kid, and n, e or crv, x, y.</summary>
    public byte[] PublicJwk { get; }

    /// <summary>The bytes of a signature.</summary>
    public int SignatureLength { get; }

    /// <summary>The encoded header of every access token that this key signs.</summary>
    internal byte[] AccessTokenHeader { get; }

    public static SigningKey Create(SigningAlgorithm algorithm)
    {
        using AsymmetricAlgorithm created = algorithm.CurveOid is { } oid
            ? ECDsa.Create(ECCurve.CreateFromValue(oid))
            : RSA.Create(SigningAlgorithm.RsaBits);
        var pkcs8 = created.ExportPkcs8PrivateKey();
        var key = new SigningKey(algorithm, null, pkcs8);
        CryptographicOperations.ZeroMemory(pkcs8);

        return key;
    }

    /// <summary>Opens a stored key; throws <see cref="CryptographicException"/> when it is not one of this algorithm.</summary>
    public static SigningKey Import(SigningAlgorithm alg, string kid, ReadOnlySpan<byte> pkcs8) => new(alg, kid, pkcs8);

    public byte[] ExportPkcs8() => [.. _pkcs8];

    /// <summary>Signs, and returns the bytes written: for EC the form of RFC 7518 §3.4.</summary>
    public int Sign(ReadOnlySpan<byte> data, Span<byte> destination)
    {
        Span<byte> hash = stackalloc byte[SHA512.HashSizeInBytes];
        hash = hash[..CryptographicOperations.HashData(Algorithm.Hash, data, hash)];
        var instance = _instances.Rent();

        try
        {
            return instance is ECDsa ec
                ? ec.SignHash(hash, destination, DSASignatureFormat.IeeeP1363FixedFieldConcatenation)
                : ((RSA)instance).SignHash(hash, destination, Algorithm.Hash, Algorithm.Padding!);
        }
        finally
        {
            _instances.Return(instance);
        }
    }

    public bool Verify(ReadOnlySpan<byte> data, ReadOnlySpan<byte> signature)
    {
        if (signature.Length != SignatureLength)
        {
            return false;
        }

        Span<byte> hash = stackalloc byte[SHA512.HashSizeInBytes];
        hash = hash[..CryptographicOperations.HashData(Algorithm.Hash, data, hash)];
        var instance = _instances.Rent();

        try
        {
            return instance is ECDsa ec
                ? ec.VerifyHash(hash, signature, DSASignatureFormat.IeeeP1363FixedFieldConcatenation)
                : ((RSA)instance).VerifyHash(hash, signature, Algorithm.Hash, Algorithm.Padding!);
        }
        finally
        {
            _instances.Return(instance);
        }
    }

    public void Dispose()
    {
        _instances.Dispose();
        CryptographicOperations.ZeroMemory(_pkcs8);
    }

    public override string ToString() => Kid;

    private AsymmetricAlgorithm Open()
    {
        AsymmetricAlgorithm opened = Algorithm.CurveOid is not null ? ECDsa.Create() : RSA.Create();

        try
        {
            opened.ImportPkcs8PrivateKey(_pkcs8, out var read);

            return read == _pkcs8.Length ? opened : throw new CryptographicException("bytes follow the private key");
        }
        catch
        {
            opened.Dispose();
            throw;
        }
    }
}
