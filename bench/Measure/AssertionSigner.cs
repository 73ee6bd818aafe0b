using System.Buffers.Text;
using System.Security.Cryptography;
using System.Text;

namespace Countersign.Measure;

/// <summary>A client that signs an assertion for each of its requests (RFC 7523 §2.2).</summary>
internal sealed class AssertionSigner
{
    public const string Kid = "bench";

    private readonly string _clientId;
    private readonly string _issuer;
    private readonly string _header;
    private readonly AsymmetricAlgorithm _key;

    public AssertionSigner(string clientId, string issuer, string alg)
    {
        (_clientId, _issuer) = (clientId, issuer);
        _key = alg == "ES256" ? ECDsa.Create(ECCurve.NamedCurves.nistP256) : RSA.Create(2048);
        _header = Encoded($$"""{"alg":"{{alg}}","typ":"JWT","kid":"{{Kid}}"}""");
    }

    public string PublicPem => _key.ExportSubjectPublicKeyInfoPem();

    /// <summary>A token request with an assertion that nobody has used yet.</summary>
    public string Form()
    {
        var time = TimeProvider.System.GetUtcNow();
        var now = time.ToUnixTimeSeconds();
        var claims = $$"""{"iss":"{{_clientId}}","sub":"{{_clientId}}","aud":"{{_issuer}}","iat":{{now}},"exp":{{now + 500}},"jti":"{{Guid.CreateVersion7(time)}}"}""";
        var input = $"{_header}.{Encoded(claims)}";
        var signed = Encoding.ASCII.GetBytes(input);
        var signature = _key is ECDsa ec
            ? ec.SignData(signed, HashAlgorithmName.SHA256)
            : ((RSA)_key).SignData(signed, HashAlgorithmName.SHA256, RSASignaturePadding.Pkcs1);

        return "grant_type=client_credentials&client_assertion_type=urn%3Aietf%3Aparams%3Aoauth%3Aclient-assertion-type%3Ajwt-bearer"
            + $"&client_assertion={input}.{Base64Url.EncodeToString(signature)}";
    }

    private static string Encoded(string json) => Base64Url.EncodeToString(Encoding.UTF8.GetBytes(json));
}
