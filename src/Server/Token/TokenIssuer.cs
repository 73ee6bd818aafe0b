using System.Buffers;
using System.Buffers.Text;
using Countersign.OAuth;
using Countersign.Server.Audit;
using Countersign.Server.Clients;
using Countersign.Server.Keys;

namespace Countersign.Server.Token;

/// <summary>
/// Makes the token and the answer that carries it, in one buffer. It leaves no row: a JWT is checked by its signature, an opaque token is opened.
/// </summary>
internal static class TokenIssuer
{
    // Everything of the answer but the token and the scope.
    private const int Frame = 224;

    /// <summary>A longer token does not pass every header (R131). Grants are bounded each; this bounds what several make together.</summary>
    private const int MostCharacters = 4096;

    /// <param name="write">Receives the JSON of RFC 6749 §5.1; the memory is wiped and used again afterwards.</param>
    public static OAuthError? Issue(ProvenClient client, TokenGrant grant, Exchange exchange, Action<ReadOnlySpan<byte>> write)
    {
        var tenant = exchange.Snapshot;
        var alg = grant.Opaque ? KeyRing.Sealing : grant.Alg;
        var key = tenant.Keys.Active(alg, exchange.Now);

        if (key is null)
        {
            return OAuthError.TemporarilyUnavailable(new FailedCheck(
                "signing-key", "the tenant has no active key for the algorithm", alg, string.Join(' ', tenant.Keys.SigningAlgorithms(exchange.Now)), "create a signing key for it"));
        }

        var issuedAt = exchange.Now.ToUnixTimeSeconds();
        var exchanged = grant.Exchanged;
        var lifetime = (int)Math.Min(grant.LifetimeSeconds, exchanged is null ? int.MaxValue : exchanged.NotAfter - issuedAt);

        // The clock skew may let a token in that has just expired; what comes of it would be born dead (R109).
        if (lifetime <= 0)
        {
            return OAuthError.InvalidRequest("the subject token is not valid", new FailedCheck("subject-token", "the token expires now", Expected: "some time left", Hint: "have the client exchange it sooner"));
        }

        var token = new AccessToken
        {
            Id = TokenId.Create(exchange.Now),
            TenantId = tenant.Id,
            AccountId = exchanged?.Subject.Id ?? client.Account.Id,
            ClientId = client.Account.ClientId,
            CredentialId = exchanged?.CredentialId ?? client.CredentialId,
            Audience = grant.Audience,
            Scope = grant.Scope,
            IssuedAt = issuedAt,
            ExpiresAt = issuedAt + lifetime,
            Act = exchanged?.Act,
            Via = exchanged?.Via ?? [],
            KeyThumbprint = grant.KeyThumbprint,
        };
        exchange.TokenId = token.Id;

        var most = (key.Sealing is not null ? SealingKey.MaxLength(token) : JwtAccessToken.MaxLength(key.Signing!, tenant.Issuer, token))
            + Frame + grant.Scope.Length;
        var buffer = ArrayPool<byte>.Shared.Rent(most);

        try
        {
            var at = Append(buffer, 0, """{"access_token":"""u8);
            buffer[at++] = (byte)'"';
            var length = key.Sealing is { } sealing
                ? sealing.Seal(token, buffer.AsSpan(at))
                : JwtAccessToken.Write(key.Signing!, tenant.Issuer, token, buffer.AsSpan(at));

            if (length > MostCharacters)
            {
                return OAuthError.InvalidScope(
                    "the scopes and resources make too long a token: ask for fewer at a time",
                    new FailedCheck("token-size", "the token would not fit", $"{length} characters", $"at most {MostCharacters} characters", "have the client ask for one token per API"));
            }

            at += length;
            at = Append(buffer, at, grant.KeyThumbprint is null ? "\",\"token_type\":\"Bearer\",\"expires_in\":"u8 : "\",\"token_type\":\"DPoP\",\"expires_in\":"u8);
            Utf8Formatter.TryFormat(lifetime, buffer.AsSpan(at), out var digits);
            at = Append(buffer, at + digits, ",\"scope\":\""u8);

            // NQCHAR needs no escape in JSON.
            at += System.Text.Encoding.ASCII.GetBytes(grant.Scope, buffer.AsSpan(at));
            at = Append(buffer, at, exchanged switch
            {
                null => "\"}"u8,
                { IsNamedJwt: true } => "\",\"issued_token_type\":\"urn:ietf:params:oauth:token-type:jwt\"}"u8,
                _ => "\",\"issued_token_type\":\"urn:ietf:params:oauth:token-type:access_token\"}"u8,
            });
            write(buffer.AsSpan(0, at));

            return null;
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(buffer, clearArray: true);
        }
    }

    private static int Append(byte[] buffer, int at, ReadOnlySpan<byte> text)
    {
        text.CopyTo(buffer.AsSpan(at));

        return at + text.Length;
    }
}
