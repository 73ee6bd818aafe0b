using System.Buffers;
using System.Text.Json;
using Countersign.OAuth;
using Countersign.Server.Audit;
using Countersign.Server.Tenants;
using Microsoft.AspNetCore.Http;

namespace Countersign.Server.Introspection;

/// <summary>The signed form of the answer (RFC 9701), for a caller that asks for it by <c>Accept</c>.</summary>
internal static class IntrospectionJwt
{
    private const string MediaType = "application/token-introspection+jwt";

    public static bool IsWanted(HttpRequest request) =>
        request.Headers.Accept.Count > 0 && request.Headers.Accept.ToString().Contains(MediaType, StringComparison.OrdinalIgnoreCase);

    public static OAuthError? Write(HttpContext http, Exchange exchange, Account caller, LiveToken? live)
    {
        var tenant = exchange.Snapshot;

        if (tenant.Keys.Active(tenant.Token.Alg!, exchange.Now)?.Signing is not { } key)
        {
            return OAuthError.TemporarilyUnavailable(new FailedCheck("signing-key", "the tenant has no active key for the algorithm", tenant.Token.Alg));
        }

        var header = Json(json =>
        {
            json.WriteString("typ"u8, "token-introspection+jwt"u8);
            json.WriteString("alg"u8, key.Algorithm.Name);
            json.WriteString("kid"u8, key.Kid);
        });

        // No top-level sub or exp: it must not pass for an access token (RFC 9701 §8.1).
        var payload = Json(json =>
        {
            json.WriteString("iss"u8, tenant.Issuer);
            json.WriteString("aud"u8, caller.ClientId);
            json.WriteNumber("iat"u8, exchange.Now.ToUnixTimeSeconds());
            json.WriteStartObject("token_introspection"u8);

            if (live is null)
            {
                json.WriteBoolean("active"u8, false);
            }
            else
            {
                IntrospectionBody.WriteMembers(json, tenant.Issuer, live.Token);
            }

            json.WriteEndObject();
        });

        var signed = $"{StrictBase64Url.Encode(header)}.{StrictBase64Url.Encode(payload)}";
        var signature = new byte[1024];
        var length = key.Sign(System.Text.Encoding.ASCII.GetBytes(signed), signature);
        OAuthAnswer.Write(
            http, StatusCodes.Status200OK, System.Text.Encoding.ASCII.GetBytes($"{signed}.{StrictBase64Url.Encode(signature.AsSpan(0, length))}"), MediaType);

        return null;
    }

    private static byte[] Json(Action<Utf8JsonWriter> members)
    {
        var buffer = new ArrayBufferWriter<byte>();
        using var json = new Utf8JsonWriter(buffer);
        json.WriteStartObject();
        members(json);
        json.WriteEndObject();
        json.Flush();

        return buffer.WrittenSpan.ToArray();
    }
}
