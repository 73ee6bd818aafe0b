using System.Text.Json;
using Countersign.OAuth;
using Countersign.Server.Audit;
using Countersign.Server.Clients;
using Countersign.Server.Token;
using Countersign.Server.TrustedIssuers;

namespace Countersign.Server.Explanations;

/// <summary>What a dry run has found so far.</summary>
internal sealed class DryRunSheet(DryRunRequest request)
{
    private readonly List<FailedCheck> _failed = [];
    private OAuthError? _refusal;
    private bool _active;

    public string Kind { get; set; } = "none";

    public TrustedIssuer? Issuer { get; set; }

    public JsonElement? Header { get; set; }

    public JsonElement? Claims { get; set; }

    public IReadOnlyList<RuleReportView> Rules { get; set; } = [];

    public string? Proposal { get; set; }

    public ProposedIssuerView? ProposedIssuer { get; set; }

    public WouldBeToken? Token { get; private set; }

    public bool IsRefused => _failed.Count > 0 || _refusal is not null;

    /// <summary>A token that is good, and is for nothing else here.</summary>
    public void IsActive() => _active = true;

    /// <summary>A check of the token that failed; the first of several decides how the refusal reads.</summary>
    public void Failed(FailedCheck failed)
    {
        if (!_failed.Exists(f => f.Check == failed.Check))
        {
            _failed.Add(failed);
        }
    }

    /// <summary>What was decided of the request.</summary>
    public void Decided(ProvenClient client, Result<TokenGrant> decision, bool isMade)
    {
        if (decision.Is(out var grant, out var error))
        {
            Granted(client, grant, isMade);
        }
        else
        {
            Failed(error.Failed);
            _refusal ??= error;
        }
    }

    public DryRunView View()
    {
        // A check that failed says so once, even where another way of asking let it pass.
        var checks = new List<CheckLine>();

        foreach (var (check, got) in request.Exchange.Checks)
        {
            if (!_failed.Exists(f => f.Check == check) && !checks.Exists(c => c.Check == check))
            {
                checks.Add(new CheckLine(check, Passed: true, Got: got));
            }
        }

        checks.AddRange(_failed.Select(f => new CheckLine(f.Check, Passed: false, f.Detail, f.Got, f.Expected, f.Hint)));
        var error = _refusal ?? (_failed.Count > 0 ? request.Refuse(_failed[0]) : null);

        return new DryRunView(
            error is not null ? "refused" : _active ? "active" : "would-issue",
            error?.Code,
            error?.Description,
            Kind,
            Issuer is null ? null : new IssuerReference(Issuer.Id, Issuer.Name, Issuer.Issuer),
            Header,
            Claims,
            checks.Exists(c => c is { Check: "signature" or "token-active", Passed: true }),
            checks,
            Rules,
            error is null ? Token : null,
            Proposal is null ? null : JsonElement.Parse(Proposal),
            ProposedIssuer,
            _failed.Select(f => f.Hint).FirstOrDefault(h => h is not null));
    }

    private void Granted(ProvenClient client, TokenGrant grant, bool isMade)
    {
        var (account, exchanged) = (grant.Exchanged?.Subject ?? client.Account, grant.Exchanged);
        var left = exchanged is null ? int.MaxValue : exchanged.NotAfter - request.Exchange.Now.ToUnixTimeSeconds();
        var credential = exchanged?.CredentialId ?? client.CredentialId;

        Token = new WouldBeToken(
            isMade ? null : account.Id,
            account.ClientId,
            credential == Guid.Empty ? null : credential,
            grant.Audience,
            grant.Scope,
            grant.Opaque ? "opaque" : "jwt",
            grant.Opaque ? null : grant.Alg,
            (int)Math.Clamp(left, 0, grant.LifetimeSeconds));
    }
}
