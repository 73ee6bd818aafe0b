using System.Text.Json;
using System.Text.Json.Nodes;

namespace Countersign.OAuth.Tests.Vectors;

/// <summary>What the product does with a signed message up to the signature: whose claims these are, and that they are claims, is not asked.</summary>
internal static class ByteVerifier
{
    private static readonly string[] s_private = ["d", "p", "q", "dp", "dq", "qi", "k"];

    /// <summary>Null when the message verifies, else the check that failed.</summary>
    public static string? Failed(JsonElement jwkOrSet, byte[] message)
    {
        if (Keys(jwkOrSet, out _) is not { } keys)
        {
            return "key";
        }

        if (CompactJws.Parse(message, out var failed) is not { } jws || VerificationKeySet.Select(jws, keys, out failed) is not { } key)
        {
            return failed!.Check;
        }

        return key.Verify(jws.SigningInput.Span, jws.Signature.Span) ? null : "signature";
    }

    /// <summary>The keys of a JWK or a JWK set.</summary>
    public static IReadOnlyList<VerificationKey>? Keys(JsonElement jwkOrSet, out string fault)
    {
        var json = Some.Utf8(jwkOrSet.GetRawText());

        return jwkOrSet.TryGetProperty("keys", out _) ? VerificationKeySet.Read(json, out fault)?.Keys
            : VerificationKey.FromJwk(json, out fault) is { } key ? [key]
            : null;
    }

    /// <summary>The public key of a group; where none is given, what is left of the private one without its private members.</summary>
    public static JsonElement PublicOf(JsonElement group)
    {
        if (group.TryGetProperty("public", out var given))
        {
            return given;
        }

        var rest = JsonNode.Parse(group.GetProperty("private").GetRawText())!.AsObject();

        foreach (var key in rest["keys"]?.AsArray().Select(key => key!.AsObject()) ?? [rest])
        {
            Array.ForEach(s_private, member => key.Remove(member));
        }

        return JsonSerializer.SerializeToElement(rest);
    }
}
