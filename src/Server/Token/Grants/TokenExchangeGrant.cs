using System.Text.Json;
using Countersign.OAuth;
using Countersign.Server.Audit;
using Countersign.Server.Clients;
using Countersign.Server.Introspection;
using Countersign.Server.TrustedIssuers;

namespace Countersign.Server.Token.Grants;

/// <summary>
/// RFC 8693: a token for a token. What comes out is never wider than the subject's token, nor than what the client may exchange for, and ends
/// with both.
/// </summary>
internal sealed class TokenExchangeGrant(ClientAuthentication clients, ForeignProof foreign)
{
    public const string Name = "urn:ietf:params:oauth:grant-type:token-exchange";

    public async ValueTask<Result<ExchangeParties>> ProveAsync(TokenRequest request, Exchange exchange, CancellationToken ct)
    {
        var (subjectText, actorText) = (request.Exchange!.Subject, request.Exchange.Actor);
        ProvenClient? client = null;

        if (request.Credential is { } credential && !(await clients.AuthenticateAsync(credential, exchange, ct)).Is(out client, out var error))
        {
            return error;
        }

        // A foreign token that a rule maps names its client itself; whoever holds one of ours must say who it is.
        if (client is null && (subjectText.Foreign is null || actorText is not null))
        {
            return OAuthError.InvalidClient(new FailedCheck(
                "credential-present", "the request holds no credential", Hint: "without client authentication only the token of a trusted issuer is exchanged, for the account of its rule"));
        }

        if (!(await ProveAsync("subject", subjectText, exchange, ct)).Is(out var subject, out error))
        {
            return error;
        }

        client ??= subject.Foreign!;

        if (actorText is not null)
        {
            if (!(await ProveAsync("actor", actorText, exchange, ct)).Is(out var actor, out error))
            {
                return error;
            }

            if (actor.Account.Id != client.Account.Id)
            {
                return ExchangeRequest.Refuse("actor", new FailedCheck(
                    "actor-token", "the actor token is another's than the client's", actor.Account.ClientId, client.Account.ClientId, "have the client send a token of its own as actor_token, or none"));
            }
        }

        (exchange.Account, exchange.ClientId, exchange.CredentialId) = (client.Account, client.Account.ClientId, client.CredentialId);
        exchange.Target = subject.Account.ClientId;
        exchange.Passed("subject-token", subject.Account.ClientId);

        return new ExchangeParties(client, subject, actorText is not null);
    }

    public static Result<TokenGrant> Decide(ExchangeParties parties, TokenRequest request, Exchange exchange)
    {
        if (!Give(parties, request, exchange).Is(out var grant, out var error))
        {
            return error;
        }

        if (request.Exchange is not { WantsJwt: true })
        {
            return grant;
        }

        return grant.Opaque
            ? OAuthError.InvalidRequest("the tokens for this resource are no JWTs", new FailedCheck(
                "requested-token-type", "a JWT is asked for, and the tokens for this API are opaque", grant.AudienceText, Hint: "have the client leave requested_token_type away, or give the API the format jwt"))
            : grant with { Exchanged = grant.Exchanged! with { IsNamedJwt = true } };
    }

    private static Result<TokenGrant> Give(ExchangeParties parties, TokenRequest request, Exchange exchange)
    {
        var (client, subject) = (parties.Client, parties.Subject);

        if (client.Account.Id != subject.Account.Id)
        {
            return MayAct(subject, client, exchange) is { } forbidden ? ExchangeRequest.Refuse("subject", forbidden) : ExchangeByRule.Decide(parties, request, exchange);
        }

        // A workload's own token is exchanged for one of the account that it stands for: nobody acts for another.
        if (subject.Own is null)
        {
            return ClientCredentialsGrant.Decide(subject.Foreign!, request, exchange).Is(out var grant, out var error)
                ? grant with { Exchanged = new ExchangedToken(subject.Account, subject.CredentialId, subject.Act, [], subject.ExpiresAt, BoundTo: null, IsImpersonation: false) }
                : error;
        }

        return ExchangeOfOwn.Decide(parties, request, exchange);
    }

    /// <summary>A token for the admin API is for nothing else (R227).</summary>
    public static FailedCheck? OwnFault(string role, LiveToken live) => live.Token.Audience.AsSpan().Contains(Tenants.AdminApi.Identifier)
        ? new FailedCheck($"{role}-token", "a token for the admin API is not exchanged")
        : null;

    private async ValueTask<Result<ExchangeSubject>> ProveAsync(string role, ExchangedText text, Exchange exchange, CancellationToken ct)
    {
        FailedCheck? failed;

        if (text.Foreign is { } token)
        {
            if (!(await foreign.ProveAsync(token, ForeignUse.SubjectToken, f => ExchangeRequest.Refuse(role, f), exchange, ct)).Is(out var proven, out var error))
            {
                return error;
            }

            return ExchangeSubject.Of(proven, token, out failed) is { } subject ? subject : ExchangeRequest.Refuse(role, failed!);
        }

        var (live, reason) = await TokenInspection.InspectAsync(exchange.Tenant, exchange.Snapshot, text.Own!, exchange.Now, ct);

        failed = live is null ? new FailedCheck($"{role}-token", reason!) : OwnFault(role, live);

        return failed is null ? ExchangeSubject.Of(live!) : ExchangeRequest.Refuse(role, failed);
    }

    /// <summary>RFC 8693 §4.4: where the token says who may act, nobody else does.</summary>
    private static FailedCheck? MayAct(ExchangeSubject subject, ProvenClient client, Exchange exchange)
    {
        if (subject.MayAct is not { } claim)
        {
            return null;
        }

        // A name of another issuer's is another's name, and a member that we do not know may narrow it further.
        var names = claim.ValueKind == JsonValueKind.Object
            && claim.TryGetProperty("sub", out _)
            && claim.EnumerateObject().All(m => m.Value.ValueKind == JsonValueKind.String && m.Name switch
            {
                "sub" => m.Value.ValueEquals(client.Account.ClientId) || m.Value.ValueEquals(client.Account.Id.ToString()),
                "iss" => m.Value.ValueEquals(exchange.Snapshot.Issuer),
                _ => false,
            });

        return names ? null : new FailedCheck("may-act", "the subject token says that another may act", Expected: client.Account.ClientId, Hint: "have the issuer name this client in may_act, or leave may_act away");
    }
}
