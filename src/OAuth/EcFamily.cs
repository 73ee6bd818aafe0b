using System.Security.Cryptography;

namespace Countersign.OAuth;

/// <summary>Keys on a named curve (RFC 7518 §6.2).</summary>
internal sealed class EcFamily : KeyFamily
{
    public override string KeyType => "EC";

    public override IDisposable Create(SigningAlgorithm algorithm, int bits) => ECDsa.Create(ECCurve.CreateFromValue(algorithm.CurveOid!));

    public override IDisposable? OpenPublic(SigningAlgorithm algorithm, JwkReader jwk, out string fault)
    {
        fault = "";
        var length = algorithm.SignatureLength / 2;

        // RFC 7518 §6.2.1.2: each coordinate has the full length of the field.
        if (jwk.Bytes("x") is not { } x || jwk.Bytes("y") is not { } y || x.Length != length || y.Length != length)
        {
            fault = $"x and y must each be {length} bytes in base64url without padding";

            return null;
        }

        try
        {
            return ECDsa.Create(new ECParameters { Curve = ECCurve.CreateFromValue(algorithm.CurveOid!), Q = new ECPoint { X = x, Y = y } });
        }
        catch (CryptographicException)
        {
            fault = $"the point is not on the curve {algorithm.Curve}";

            return null;
        }
    }

    public override IDisposable OpenPrivate(SigningAlgorithm algorithm, JwkReader jwk) => ECDsa.Create(new ECParameters
    {
        Curve = ECCurve.CreateFromValue(algorithm.CurveOid!),
        Q = new ECPoint { X = Member(jwk, "x"), Y = Member(jwk, "y") },
        D = Member(jwk, "d"),
    });

    public override int SignatureLength(IDisposable key, SigningAlgorithm algorithm) => algorithm.SignatureLength;

    public override int Sign(IDisposable key, SigningAlgorithm algorithm, ReadOnlySpan<byte> hash, Span<byte> destination) =>
        ((ECDsa)key).SignHash(hash, destination, DSASignatureFormat.IeeeP1363FixedFieldConcatenation);

    public override bool Verify(IDisposable key, SigningAlgorithm algorithm, ReadOnlySpan<byte> hash, ReadOnlySpan<byte> signature) =>
        ((ECDsa)key).VerifyHash(hash, signature, DSASignatureFormat.IeeeP1363FixedFieldConcatenation);

    public override JwkMember[] PublicMembers(IDisposable key, SigningAlgorithm algorithm)
    {
        var of = ((ECDsa)key).ExportParameters(false);

        return of.Curve.IsNamed && of.Curve.Oid.Value == algorithm.CurveOid
            ? [new("crv", algorithm.Curve!), new("kty", "EC"), new("x", StrictBase64Url.Encode(of.Q.X)), new("y", StrictBase64Url.Encode(of.Q.Y))]
            : throw new CryptographicException($"the key is not on the curve of {algorithm.Name}");
    }

    public override JwkMember[] PrivateMembers(IDisposable key)
    {
        var of = ((ECDsa)key).ExportParameters(true);

        try
        {
            return [new("d", StrictBase64Url.Encode(of.D))];
        }
        finally
        {
            CryptographicOperations.ZeroMemory(of.D);
        }
    }

    protected override AsymmetricAlgorithm New() => ECDsa.Create();

    protected override void ImportTraditional(AsymmetricAlgorithm key, ReadOnlySpan<byte> der, out int read) => ((ECDsa)key).ImportECPrivateKey(der, out read);
}
