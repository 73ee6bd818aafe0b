using System.Text.Json;
using Countersign.OAuth;
using Countersign.Server.Clients;
using Countersign.Server.Introspection;
using Countersign.Server.Tenants;

namespace Countersign.Server.Token.Grants;

/// <summary>Who exchanges, and whose token.</summary>
/// <param name="Client">Who asks.</param>
/// <param name="Subject">Whose token it is.</param>
/// <param name="HasActorToken">Whether the client named itself by an actor token too, and so wants to be seen.</param>
internal sealed record ExchangeParties(ProvenClient Client, ExchangeSubject Subject, bool HasActorToken);

/// <summary>The account that a subject token is about, and what the token brings with it.</summary>
internal sealed class ExchangeSubject
{
    private readonly AccessToken? _own;
    private readonly ProvenClient? _foreign;

    private ExchangeSubject(Account account, Guid credentialId, long expiresAt, AccessToken? own, ProvenClient? foreign) =>
        (Account, CredentialId, ExpiresAt, _own, _foreign) = (account, credentialId, expiresAt, own, foreign);

    public Account Account { get; }

    public Guid CredentialId { get; }

    /// <summary>In Unix seconds.</summary>
    public long ExpiresAt { get; }

    /// <summary>Who acted before.</summary>
    public Actor? Act { get; private init; }

    /// <summary>Who may act, as a foreign token says; null where it says nothing (RFC 8693 §4.4).</summary>
    public JsonElement? MayAct { get; private init; }

    /// <summary>Of a token of ours, itself; null for a foreign one, which has neither scopes nor audiences of ours.</summary>
    public AccessToken? Own => _own;

    public ProvenClient? Foreign => _foreign;

    public static ExchangeSubject Of(LiveToken live) =>
        new(live.Account, live.Token.CredentialId, live.Token.ExpiresAt, live.Token, null) { Act = live.Token.Act };

    /// <summary>A foreign token that was proven; null, and why, when what it says of actors is no such claim.</summary>
    public static ExchangeSubject? Of(ProvenClient proven, SignedAssertion token, out FailedCheck? failed)
    {
        using var claims = JsonDocument.Parse(token.Claims.Json);
        var mayAct = claims.RootElement.TryGetProperty("may_act", out var may) ? may.Clone() : (JsonElement?)null;
        Actor? act = null;
        failed = null;

        if (claims.RootElement.TryGetProperty("act", out var found) && (act = ActorOf(found, token.Issuer!.Issuer, Actor.MaxDepth)) is null)
        {
            failed = new FailedCheck("act-depth", $"act is not a chain of at most {Actor.MaxDepth} objects with sub");

            return null;
        }

        return new ExchangeSubject(proven.Account, proven.CredentialId, token.Claims.ExpiresAt!.Value, null, proven) { Act = act, MayAct = mayAct };
    }

    /// <summary>Whether the subject's token, and what the account holds now, has the scope for the API.</summary>
    public bool Holds(ApiFacts api, string scope, TenantSnapshot tenant) =>
        Account.EntitlementsIn(tenant).Holds(api.Id, scope)
        && (_own is { } token ? BearerToken.HasScope(token, scope) : _foreign!.Allows(scope, api.IsAdmin));

    // The actor's name means something only together with who gave it.
    private static Actor? ActorOf(JsonElement act, string issuer, int depth)
    {
        if (depth == 0 || act.ValueKind != JsonValueKind.Object
            || !act.TryGetProperty("sub", out var sub) || sub.ValueKind != JsonValueKind.String || sub.GetString() is not { Length: > 0 and <= 255 } subject)
        {
            return null;
        }

        var named = issuer;

        if (act.TryGetProperty("iss", out var iss))
        {
            if (iss.ValueKind != JsonValueKind.String || iss.GetString() is not { Length: > 0 and <= 255 } own)
            {
                return null;
            }

            named = own;
        }

        Actor? next = null;

        return act.TryGetProperty("act", out var inner) && (next = ActorOf(inner, named, depth - 1)) is null ? null : new Actor(subject, named, next);
    }
}
