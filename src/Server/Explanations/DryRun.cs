using System.Text.Json;
using Countersign.OAuth;
using Countersign.Server.Clients;
using Countersign.Server.Conditions;
using Countersign.Server.Introspection;
using Countersign.Server.Jwks;
using Countersign.Server.Token.Grants;
using Countersign.Server.TrustedIssuers;

namespace Countersign.Server.Explanations;

/// <summary>
/// Says what would become of a token or a request, by the same code that decides it, and shows every fault at once. Nothing is issued, used up,
/// made or recorded (R209); keys that are to be fetched are fetched.
/// </summary>
internal sealed class DryRun(ForeignProof foreign, AssertionProof assertions, UsedAssertions used, OutboundRules outbound, TimeProvider time)
{
    private static readonly string[] s_ofClaims = ["assertion-type", "assertion-issuer", "assertion-subject", "assertion-audience", "assertion-time", "assertion-id"];

    public async Task<DryRunView> RunAsync(DryRunRequest request, CancellationToken ct)
    {
        var sheet = new DryRunSheet(request);

        if (request.Token is not { } text)
        {
            Ask(request, sheet);
        }
        else if (SealingKey.TryReadKeyId(text, out _))
        {
            await OwnAsync(request, sheet, text, ct);
        }
        else if (CompactJws.Parse(text, out var failed) is not { } jws || JwtClaims.Read(jws, out failed) is not { } claims)
        {
            sheet.Failed(failed!);
        }
        else
        {
            (sheet.Header, sheet.Claims) = (Json(jws.Header), Json(claims.Json));
            await (claims.Issuer == request.Exchange.Snapshot.Issuer ? OwnAsync(request, sheet, text, ct) : AssertionAsync(request, sheet, text, ct));
        }

        return sheet.View();
    }

    private static JsonElement Json(ReadOnlyMemory<byte> utf8)
    {
        using var document = JsonDocument.Parse(utf8);

        return document.RootElement.Clone();
    }

    /// <summary>An account without a token: what it would get once it had proven itself.</summary>
    private void Ask(DryRunRequest request, DryRunSheet sheet)
    {
        var (account, exchange) = (request.Account!, request.Exchange);
        exchange.Passed("client-known", account.ClientId);

        if (account.Disabled)
        {
            sheet.Failed(AccountState.AccountDisabled);
        }

        if (exchange.Snapshot.Disabled)
        {
            sheet.Failed(AccountState.TenantDisabled);
        }

        if (AccessPolicy.Fault(account, null, exchange, time) is { } policy)
        {
            sheet.Failed(policy);
        }

        Decide(request, sheet, new ProvenClient(account, Guid.Empty), isMade: false);
    }

    /// <summary>A token of this server: whether it is good, and what could be exchanged for it.</summary>
    private static async Task OwnAsync(DryRunRequest request, DryRunSheet sheet, byte[] text, CancellationToken ct)
    {
        sheet.Kind = "access-token";
        var exchange = request.Exchange;
        var (live, reason) = await TokenInspection.InspectAsync(exchange.Tenant, exchange.Snapshot, text, exchange.Now, ct);

        if (live is null)
        {
            sheet.Failed(new FailedCheck("token-active", reason!, Hint: "have the client ask for a new token"));

            return;
        }

        exchange.Passed("token-active", live.Account.ClientId);

        if (!request.IsExchange)
        {
            sheet.IsActive();

            return;
        }

        if (TokenExchangeGrant.OwnFault("subject", live) is { } unfit)
        {
            sheet.Failed(unfit);

            return;
        }

        var client = new ProvenClient(request.Account ?? live.Account, Guid.Empty);

        var parties = new ExchangeParties(client, ExchangeSubject.Of(live), HasActorToken: false);
        sheet.Decided(client, TokenExchangeGrant.Decide(parties, request.AsTokenRequest(), exchange), isMade: false);
    }

    private async Task AssertionAsync(DryRunRequest request, DryRunSheet sheet, byte[] text, CancellationToken ct)
    {
        var exchange = request.Exchange;

        if (SignedAssertion.Read(text, null, exchange, out var failed) is not { } assertion)
        {
            sheet.Failed(failed!);
        }
        else if (assertion.Issuer is not null)
        {
            await ForeignAsync(request, sheet, assertion, ct);
        }
        else if (await exchange.Tenant.Accounts.FindAsync(assertion.ClientId, ct) is { } account)
        {
            await SelfSignedAsync(request, sheet, assertion, account, ct);
        }
        else
        {
            Unknown(request, sheet, assertion);
        }
    }

    private void Unknown(DryRunRequest request, DryRunSheet sheet, SignedAssertion assertion)
    {
        var (claims, json, tenant) = (assertion.Claims, sheet.Claims!.Value, request.Exchange.Snapshot);
        sheet.Kind = "foreign";
        sheet.ProposedIssuer = UnknownIssuer.Of(claims, json, tenant, outbound);
        sheet.Failed(new FailedCheck(
            "issuer-known",
            "the token's issuer is not trusted, and no account signs in its name",
            claims.Issuer,
            "a trusted issuer",
            $"trust the issuer if the token is meant to work here: {(sheet.ProposedIssuer is null ? "countersign issuer create" : "it is proposed below")}"));

        if (sheet.ProposedIssuer is { } proposed)
        {
            sheet.Proposal = RuleDraft.Of(proposed.Kind, proposed.Name, json, request.Account?.ClientId);

            if (Array.IndexOf(claims.Audience, tenant.Issuer) < 0)
            {
                sheet.Failed(new FailedCheck(
                    "assertion-audience", "aud is not this server", string.Join(", ", claims.Audience), tenant.Issuer, "have the workload ask its platform for a token with this audience"));
            }
        }
    }

    private async Task SelfSignedAsync(DryRunRequest request, DryRunSheet sheet, SignedAssertion assertion, Tenants.Account account, CancellationToken ct)
    {
        sheet.Kind = "self-signed";

        if (request.IsExchange)
        {
            sheet.Failed(new FailedCheck("issuer-known", "only tokens of trusted issuers and of this server are exchanged", assertion.Claims.Issuer, Hint: "send it as a client assertion"));

            return;
        }

        var exchange = request.Exchange;
        var types = request.Use == ForeignUse.Grant ? AssertionRules.AuthorizationGrant : AssertionRules.ClientAuthentication;
        var (client, failed, _) = await assertions.ExamineAsync(assertion, types, exchange, ct);
        Note(sheet, failed, AssertionProof.Rules(account, types, exchange.Snapshot).Faults(assertion.Jws, assertion.Claims, exchange.Now));

        if (client is not null && await used.WasUsedAsync(exchange.Tenant.Id, assertion, exchange.Now, TimeSpan.Zero, ct))
        {
            sheet.Failed(AssertionProof.Used);
        }

        Decide(request, sheet, client, isMade: false);
    }

    private async Task ForeignAsync(DryRunRequest request, DryRunSheet sheet, SignedAssertion token, CancellationToken ct)
    {
        var (exchange, issuer) = (request.Exchange, token.Issuer!);
        var use = issuer.IsSpiffe && request.Use == ForeignUse.ClientAssertion ? ForeignUse.SpiffeAssertion : request.Use;
        var facts = new LoginFacts(sheet.Claims, sheet.Header, issuer.Issuer, exchange.Asked);
        (sheet.Kind, sheet.Issuer) = ("foreign", issuer);

        var (client, failed, _) = await foreign.ExamineAsync(token, use, exchange, isDryRun: true, ct);
        Note(sheet, failed, ForeignClaims.Rules(issuer, token.Claims, use, exchange.Snapshot).Faults(token.Jws, token.Claims, exchange.Now));
        sheet.Rules = await RuleReport.OfAsync(issuer, facts, exchange, time, ct);

        // Whatever else is wrong with the token, the rules are judged.
        if (client is null && (await RuleMatch.OfAsync(issuer, facts, exchange, time, ct)) is { Failed: { } unmatched } match)
        {
            sheet.Failed(unmatched);
            sheet.Proposal = match.IsUnmatched ? RuleDraft.Of(issuer.Kind, issuer.Name, sheet.Claims!.Value, request.Account?.ClientId) : null;
        }

        if (client is not null && issuer.Replay != Replays.UntilExpiry
            && await used.WasUsedAsync(exchange.Tenant.Id, token, exchange.Now, issuer.ReplayWindow, ct))
        {
            sheet.Failed(ForeignProof.Used(issuer));
        }

        var isMade = client is { Rules: [{ Template: not null }] } && await exchange.Tenant.Accounts.FindAsync(client.Account.ClientId, ct) is null;

        if (client is not null && request.IsExchange)
        {
            Exchange(request, sheet, client, token, isMade);
        }
        else
        {
            Decide(request, sheet, client, isMade);
        }
    }

    private static void Exchange(DryRunRequest request, DryRunSheet sheet, ProvenClient proven, SignedAssertion token, bool isMade)
    {
        if (ExchangeSubject.Of(proven, token, out var failed) is not { } subject)
        {
            sheet.Failed(failed!);

            return;
        }

        var client = request.Account is { } account && account.Id != proven.Account.Id ? new ProvenClient(account, Guid.Empty) : proven;

        var parties = new ExchangeParties(client, subject, HasActorToken: false);
        sheet.Decided(client, TokenExchangeGrant.Decide(parties, request.AsTokenRequest(), request.Exchange), isMade);
    }

    // The first that decides, and the others that would decide when it is mended.
    private static void Note(DryRunSheet sheet, FailedCheck? failed, IEnumerable<FailedCheck> faults)
    {
        if (failed is not null && Array.IndexOf(s_ofClaims, failed.Check) < 0)
        {
            sheet.Failed(failed);
        }

        foreach (var fault in faults)
        {
            sheet.Failed(fault);
        }
    }

    private static void Decide(DryRunRequest request, DryRunSheet sheet, ProvenClient? client, bool isMade)
    {
        if (client is null)
        {
            return;
        }

        var (asked, exchange) = (request.AsTokenRequest(), request.Exchange);
        sheet.Decided(
            client, request.Use == ForeignUse.Grant ? JwtBearerGrant.Decide(client, asked, exchange) : ClientCredentialsGrant.Decide(client, asked, exchange), isMade);
    }
}
