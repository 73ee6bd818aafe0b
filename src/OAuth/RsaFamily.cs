using System.Security.Cryptography;

namespace Countersign.OAuth;

/// <summary>RSA keys (RFC 7518 §6.3).</summary>
internal sealed class RsaFamily : KeyFamily
{
    private const string Sizes = "an RSA key must have 2048 to 8192 bits, an odd modulus, and an odd exponent from 65537 to 4294967295";

    public override string KeyType => "RSA";

    public override IDisposable Create(SigningAlgorithm algorithm, int bits) => RSA.Create(bits);

    public override IDisposable? OpenPublic(SigningAlgorithm algorithm, JwkReader jwk, out string fault)
    {
        fault = "";

        if (jwk.Bytes("n") is not { } n || jwk.Bytes("e") is not { } e)
        {
            fault = "n and e must be numbers in base64url without padding";

            return null;
        }

        // RFC 7518 §2: a number is written in the fewest octets.
        if (n[0] == 0 || e[0] == 0)
        {
            fault = "n and e must not begin with a zero octet";

            return null;
        }

        if (!IsSound(n, e))
        {
            fault = Sizes;

            return null;
        }

        try
        {
            return RSA.Create(new RSAParameters { Modulus = n, Exponent = e });
        }
        catch (CryptographicException)
        {
            fault = "n and e make no RSA key";

            return null;
        }
    }

    public override IDisposable OpenPrivate(SigningAlgorithm algorithm, JwkReader jwk) => RSA.Create(new RSAParameters
    {
        Modulus = Member(jwk, "n"),
        Exponent = Member(jwk, "e"),
        D = Member(jwk, "d"),
        P = Member(jwk, "p"),
        Q = Member(jwk, "q"),
        DP = Member(jwk, "dp"),
        DQ = Member(jwk, "dq"),
        InverseQ = Member(jwk, "qi"),
    });

    public override int SignatureLength(IDisposable key, SigningAlgorithm algorithm) => (((RSA)key).KeySize + 7) / 8;

    public override int Sign(IDisposable key, SigningAlgorithm algorithm, ReadOnlySpan<byte> hash, Span<byte> destination) =>
        ((RSA)key).SignHash(hash, destination, algorithm.Hash, algorithm.Padding!);

    public override bool Verify(IDisposable key, SigningAlgorithm algorithm, ReadOnlySpan<byte> hash, ReadOnlySpan<byte> signature) =>
        ((RSA)key).VerifyHash(hash, signature, algorithm.Hash, algorithm.Padding!);

    public override JwkMember[] PublicMembers(IDisposable key, SigningAlgorithm algorithm)
    {
        var of = ((RSA)key).ExportParameters(false);

        return IsSound(of.Modulus!, of.Exponent!)
            ? [new("e", StrictBase64Url.Encode(of.Exponent)), new("kty", "RSA"), new("n", StrictBase64Url.Encode(of.Modulus))]
            : throw new CryptographicException(Sizes);
    }

    public override JwkMember[] PrivateMembers(IDisposable key)
    {
        var of = ((RSA)key).ExportParameters(true);

        return
        [
            new("d", StrictBase64Url.Encode(of.D)),
            new("p", StrictBase64Url.Encode(of.P)),
            new("q", StrictBase64Url.Encode(of.Q)),
            new("dp", StrictBase64Url.Encode(of.DP)),
            new("dq", StrictBase64Url.Encode(of.DQ)),
            new("qi", StrictBase64Url.Encode(of.InverseQ)),
        ];
    }

    protected override AsymmetricAlgorithm New() => RSA.Create();

    protected override void ImportTraditional(AsymmetricAlgorithm key, ReadOnlySpan<byte> der, out int read) => ((RSA)key).ImportRSAPrivateKey(der, out read);

    // R80: short moduli can be factored, long ones cost time to whoever checks, e = 1 signs nothing and e = 3 invites forgeries.
    private static bool IsSound(ReadOnlySpan<byte> modulus, ReadOnlySpan<byte> exponent)
    {
        if (modulus.Length is < 256 or > 1024 || (modulus.Length == 256 && modulus[0] < 0x80) || (modulus[^1] & 1) == 0 || exponent.Length > 4)
        {
            return false;
        }

        uint e = 0;

        foreach (var octet in exponent)
        {
            e = (e << 8) | octet;
        }

        return e >= 65537 && (e & 1) == 1;
    }
}
