using System.Security.Cryptography;

namespace Countersign.Ceiling;

/// <summary>What a ceiling does between reading a request and answering it: the least that a server of the same kind must.</summary>
internal static class Work
{
    // About what a JWT of ours signs: header and claims, base64url.
    private static readonly byte[] Signed = new byte[480];

    public static Action? Named(string mode) => mode switch
    {
        "fixed" => Nothing,
        "es256" => Es256(),
        "rs256" => Rs256(),
        "verify-sign" => VerifyAndSign(),
        "verify-rsa-sign" => VerifyRsaAndSign(),
        _ => null,
    };

    private static void Nothing()
    {
    }

    private static Action Es256()
    {
        var keys = new ThreadLocal<ECDsa>(() => ECDsa.Create(ECCurve.NamedCurves.nistP256));
        return () => keys.Value!.TrySignData(Signed, stackalloc byte[64], HashAlgorithmName.SHA256, out _);
    }

    private static Action Rs256()
    {
        var keys = new ThreadLocal<RSA>(() => RSA.Create(2048));
        return () => keys.Value!.TrySignData(Signed, stackalloc byte[256], HashAlgorithmName.SHA256, RSASignaturePadding.Pkcs1, out _);
    }

    private static Action VerifyAndSign()
    {
        var keys = new ThreadLocal<(ECDsa Key, byte[] Signature)>(() =>
        {
            var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
            return (key, key.SignData(Signed, HashAlgorithmName.SHA256));
        });
        return () =>
        {
            var (key, signature) = keys.Value;
            key.VerifyData(Signed, signature, HashAlgorithmName.SHA256);
            key.TrySignData(Signed, stackalloc byte[64], HashAlgorithmName.SHA256, out _);
        };
    }

    private static Action VerifyRsaAndSign()
    {
        var keys = new ThreadLocal<(RSA Rsa, byte[] Signature, ECDsa Ec)>(() =>
        {
            var rsa = RSA.Create(2048);
            return (rsa, rsa.SignData(Signed, HashAlgorithmName.SHA256, RSASignaturePadding.Pkcs1), ECDsa.Create(ECCurve.NamedCurves.nistP256));
        });
        return () =>
        {
            var (rsa, signature, ec) = keys.Value;
            rsa.VerifyData(Signed, signature, HashAlgorithmName.SHA256, RSASignaturePadding.Pkcs1);
            ec.TrySignData(Signed, stackalloc byte[64], HashAlgorithmName.SHA256, out _);
        };
    }
}
