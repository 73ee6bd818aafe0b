using System.Buffers;
using System.Security.Cryptography;
using System.Text.Json;

namespace Countersign.OAuth;

/// <summary>Writes JWKs (RFC 7517).</summary>
internal static class PublicJwkText
{
    /// <summary>RFC 7638, SHA-256, in base64url. The members are those of <see cref="KeyFamily.PublicMembers"/>.</summary>
    public static string Thumbprint(ReadOnlySpan<JwkMember> members) => StrictBase64Url.Encode(SHA256.HashData(Written(members, [])));

    /// <summary>The JWK in UTF-8.</summary>
    public static byte[] ForSigning(ReadOnlySpan<JwkMember> members, SigningAlgorithm algorithm, string? kid) => kid is null
        ? Written(members, [new("use", "sig"), new("alg", algorithm.Name)])
        : Written(members, [new("use", "sig"), new("alg", algorithm.Name), new("kid", kid)]);

    public static byte[] Written(ReadOnlySpan<JwkMember> members, ReadOnlySpan<JwkMember> more)
    {
        var buffer = new ArrayBufferWriter<byte>();
        using var json = new Utf8JsonWriter(buffer);
        json.WriteStartObject();

        foreach (var (name, value) in (ReadOnlySpan<JwkMember>)[.. members, .. more])
        {
            json.WriteString(name, value);
        }

        json.WriteEndObject();
        json.Flush();

        return buffer.WrittenSpan.ToArray();
    }
}
