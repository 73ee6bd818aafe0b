using System.Diagnostics;
using System.Security.Cryptography;

namespace Countersign.OAuth;

/// <summary>A private key that signs tokens, and its public JWK (RFC 7517). May be used by several threads at once.</summary>
[DebuggerDisplay("{Kid}")]
public sealed class SigningKey : IDisposable
{
    /// <summary>The bits of an RSA key where nothing else is asked for.</summary>
    public const int DefaultRsaBits = 2048;

    [DebuggerBrowsable(DebuggerBrowsableState.Never)]
    private readonly byte[] _pkcs8;

    private readonly KeyInstances _instances;

    private SigningKey(SigningAlgorithm algorithm, string? kid, ReadOnlySpan<byte> pkcs8)
    {
        Algorithm = algorithm;
        _pkcs8 = pkcs8.ToArray();
        using var first = algorithm.Family.OpenPrivate(_pkcs8);
        _instances = new KeyInstances(algorithm, algorithm.Family.SignatureLength(first, algorithm), () => algorithm.Family.OpenPrivate(_pkcs8));
        var members = algorithm.Family.PublicMembers(first, algorithm);
        Thumbprint = PublicJwkText.Thumbprint(members);
        Kid = kid ?? Thumbprint;
        PublicJwk = PublicJwkText.ForSigning(members, algorithm, Kid);
        AccessTokenHeader = JwtAccessToken.EncodeHeader(algorithm, Kid);
    }

    /// <summary>The <c>kid</c>: for keys that we make, the thumbprint.</summary>
    public string Kid { get; }

    /// <summary>RFC 7638, SHA-256, in base64url.</summary>
    public string Thumbprint { get; }

    public SigningAlgorithm Algorithm { get; }

    /// <summary>The public key as a JSON object in UTF-8: kty, use, alg, kid, and n, e or crv, x, y.</summary>
    public byte[] PublicJwk { get; }

    /// <summary>The bytes of a signature.</summary>
    public int SignatureLength => _instances.SignatureLength;

    /// <summary>The encoded header of every access token that this key signs.</summary>
    internal byte[] AccessTokenHeader { get; }

    /// <param name="rsaBits">2048, 3072 or 4096; without meaning for EC keys.</param>
    /// <param name="kid">The key's name; the thumbprint when null.</param>
    public static SigningKey Create(SigningAlgorithm algorithm, int rsaBits = DefaultRsaBits, string? kid = null)
    {
        using var created = algorithm.Family.Create(algorithm, rsaBits);
        var pkcs8 = algorithm.Family.ExportPkcs8(created);
        var key = new SigningKey(algorithm, kid, pkcs8);
        CryptographicOperations.ZeroMemory(pkcs8);

        return key;
    }

    /// <summary>Opens a stored key; throws <see cref="CryptographicException"/> when it is not one of this algorithm.</summary>
    public static SigningKey Import(SigningAlgorithm alg, string? kid, ReadOnlySpan<byte> pkcs8) => new(alg, kid, pkcs8);

    public byte[] ExportPkcs8() => [.. _pkcs8];

    /// <summary>Signs, and returns the bytes written: for EC the form of RFC 7518 §3.4.</summary>
    public int Sign(ReadOnlySpan<byte> data, Span<byte> destination) => _instances.Sign(data, destination);

    public bool Verify(ReadOnlySpan<byte> data, ReadOnlySpan<byte> signature) => _instances.Verify(data, signature);

    public void Dispose()
    {
        _instances.Dispose();
        CryptographicOperations.ZeroMemory(_pkcs8);
    }

    public override string ToString() => Kid;

    internal T With<T>(Func<IDisposable, T> use) => _instances.With(use);
}
