using System.Security.Cryptography;

namespace Countersign.OAuth;

/// <summary>A member of a JWK that is part of the key itself.</summary>
internal readonly record struct JwkMember(string Name, string Value);

/// <summary>
/// What keys of one type can do (<c>kty</c>, RFC 7518 §6.1). Another type, such as OKP once the platform has it, is one more of these and
/// its rows in the table of algorithms.
/// </summary>
internal abstract class KeyFamily
{
    public static readonly KeyFamily Ec = new EcFamily();
    public static readonly KeyFamily Rsa = new RsaFamily();

    public abstract string KeyType { get; }

    /// <param name="bits">The size, where the type leaves a choice.</param>
    public abstract IDisposable Create(SigningAlgorithm algorithm, int bits);

    private delegate void Import(AsymmetricAlgorithm key, ReadOnlySpan<byte> der, out int read);

    /// <summary>PKCS #8. Throws <see cref="CryptographicException"/> when the bytes are not one whole private key of this type.</summary>
    public IDisposable OpenPrivate(ReadOnlySpan<byte> pkcs8) =>
        Whole(pkcs8, static (AsymmetricAlgorithm key, ReadOnlySpan<byte> der, out int read) => key.ImportPkcs8PrivateKey(der, out read));

    /// <summary>PKCS #1 or SEC 1, the type's own form of before. Throws as <see cref="OpenPrivate(ReadOnlySpan{byte})"/> does.</summary>
    public IDisposable OpenTraditional(ReadOnlySpan<byte> der) => Whole(der, ImportTraditional);

    /// <summary>SPKI. Throws <see cref="CryptographicException"/> when the bytes are not one whole public key of this type.</summary>
    public IDisposable OpenPublic(ReadOnlySpan<byte> spki) =>
        Whole(spki, static (AsymmetricAlgorithm key, ReadOnlySpan<byte> der, out int read) => key.ImportSubjectPublicKeyInfo(der, out read));

    /// <summary>Opens the public key of a JWK; null, and what is wrong with it, when it is not sound.</summary>
    public abstract IDisposable? OpenPublic(SigningAlgorithm algorithm, JwkReader jwk, out string fault);

    public byte[] ExportPkcs8(IDisposable key) => ((AsymmetricAlgorithm)key).ExportPkcs8PrivateKey();

    /// <summary>The bytes of a signature.</summary>
    public abstract int SignatureLength(IDisposable key, SigningAlgorithm algorithm);

    public abstract int Sign(IDisposable key, SigningAlgorithm algorithm, ReadOnlySpan<byte> hash, Span<byte> destination);

    public abstract bool Verify(IDisposable key, SigningAlgorithm algorithm, ReadOnlySpan<byte> hash, ReadOnlySpan<byte> signature);

    /// <summary>The public members in the order of RFC 7638 §3.2. Throws when the key is not one for this algorithm.</summary>
    public abstract JwkMember[] PublicMembers(IDisposable key, SigningAlgorithm algorithm);

    /// <summary>The private members (RFC 7518 §6.2.2, §6.3.2).</summary>
    public abstract JwkMember[] PrivateMembers(IDisposable key);

    /// <summary>Opens the private key of a JWK; throws <see cref="CryptographicException"/> when its members do not make one.</summary>
    public abstract IDisposable OpenPrivate(SigningAlgorithm algorithm, JwkReader jwk);

    /// <summary>A key of this type to import into.</summary>
    protected abstract AsymmetricAlgorithm New();

    protected abstract void ImportTraditional(AsymmetricAlgorithm key, ReadOnlySpan<byte> der, out int read);

    private AsymmetricAlgorithm Whole(ReadOnlySpan<byte> der, Import import)
    {
        var opened = New();

        try
        {
            import(opened, der, out var read);

            return read == der.Length ? opened : throw new CryptographicException("bytes follow the key");
        }
        catch
        {
            opened.Dispose();
            throw;
        }
    }

    protected static byte[] Member(JwkReader jwk, string name) =>
        jwk.Text(name) is { } text && StrictBase64Url.Decode(text) is { Length: > 0 } bytes ? bytes : throw new CryptographicException($"the member {name} of the private key is absent or not base64url");
}
