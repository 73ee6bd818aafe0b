using System.Text;
using Countersign.OAuth;

namespace Countersign.Cli.Keys;

/// <summary>The forms that keys are written in.</summary>
internal static class KeyForm
{
    public static readonly string[] OfPrivate = ["pem", "traditional-pem", "jwk", "key-file"];
    public static readonly string[] OfPublic = ["public-jwk", "public-pem", "jwks"];

    public static bool IsPrivate(string form) => Array.IndexOf(OfPrivate, form) >= 0;

    /// <param name="key">The pair.</param>
    /// <param name="form">One of <see cref="OfPrivate"/>.</param>
    /// <param name="around">What a key file says beside its key.</param>
    public static string Private(SigningKey key, string form, KeyFile around) => form switch
    {
        "pem" => PrivateKeyText.Pem(key),
        "traditional-pem" => PrivateKeyText.TraditionalPem(key),
        "jwk" => PrivateKeyText.Jwk(key) + "\n",
        // The traditional form is what existing readers of such files know.
        _ => (around with { KeyId = key.Kid, Key = PrivateKeyText.TraditionalPem(key) }).ToJson(),
    };

    public static string Public(IReadOnlyList<VerificationKey> keys, string form) => form switch
    {
        "jwks" => Set(keys),
        _ when keys is not [_] => throw CommandFault.Usage($"{form} holds one key, and {keys.Count} were given: convert them to jwks"),
        "public-pem" => keys[0].ToPem(),
        _ => Encoding.UTF8.GetString(keys[0].PublicJwk) + "\n",
    };

    /// <summary>A JWK set (RFC 7517 §5).</summary>
    public static string Set(IEnumerable<VerificationKey> keys) =>
        $$"""{"keys":[{{string.Join(",\n", keys.Select(key => Encoding.UTF8.GetString(key.PublicJwk)))}}]}""" + "\n";
}
