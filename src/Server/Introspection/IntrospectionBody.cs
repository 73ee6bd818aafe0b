using System.Buffers;
using System.Text.Json;
using Countersign.OAuth;

namespace Countersign.Server.Introspection;

/// <summary>The members of RFC 7662 §2.2, as issued.</summary>
internal static class IntrospectionBody
{
    [ThreadStatic]
    private static ArrayBufferWriter<byte>? t_buffer;

    [ThreadStatic]
    private static Utf8JsonWriter? t_writer;

    public static ReadOnlySpan<byte> Inactive => """{"active":false}"""u8;

    public static void Write(string issuer, AccessToken token, Action<ReadOnlySpan<byte>> write)
    {
        var buffer = t_buffer ??= new ArrayBufferWriter<byte>(1024);
        buffer.ResetWrittenCount();
        var json = t_writer ??= new Utf8JsonWriter(buffer);
        json.Reset(buffer);
        json.WriteStartObject();
        WriteMembers(json, issuer, token);
        json.WriteEndObject();
        json.Flush();
        write(buffer.WrittenSpan);
    }

    public static void WriteMembers(Utf8JsonWriter json, string issuer, AccessToken token)
    {
        json.WriteBoolean("active"u8, true);
        json.WriteString("iss"u8, issuer);
        json.WriteString("sub"u8, token.AccountId);

        if (token.Audience.Length == 1)
        {
            json.WriteString("aud"u8, token.Audience[0]);
        }
        else
        {
            json.WriteStartArray("aud"u8);

            foreach (var audience in token.Audience)
            {
                json.WriteStringValue(audience);
            }

            json.WriteEndArray();
        }

        json.WriteString("client_id"u8, token.ClientId);
        json.WriteString("cred"u8, token.CredentialId);
        json.WriteString("token_type"u8, token.KeyThumbprint is null ? "Bearer"u8 : "DPoP"u8);
        json.WriteString("scope"u8, token.Scope);
        json.WriteNumber("iat"u8, token.IssuedAt);
        json.WriteNumber("exp"u8, token.ExpiresAt);
        json.WriteString("jti"u8, token.Id.ToString());

        if (token.KeyThumbprint is { } thumbprint)
        {
            json.WriteStartObject("cnf"u8);
            json.WriteString("jkt"u8, thumbprint);
            json.WriteEndObject();
        }

        if (token.Act is not null)
        {
            WriteActor(json, token.Act);
        }
    }

    private static void WriteActor(Utf8JsonWriter json, Actor actor)
    {
        json.WriteStartObject("act"u8);
        json.WriteString("sub"u8, actor.Subject);

        if (actor.Issuer is not null)
        {
            json.WriteString("iss"u8, actor.Issuer);
        }

        if (actor.Next is not null)
        {
            WriteActor(json, actor.Next);
        }

        json.WriteEndObject();
    }
}
