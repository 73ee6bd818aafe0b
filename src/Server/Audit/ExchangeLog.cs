using System.Net;
using Countersign.OAuth;
using Countersign.Server.Clients;
using Countersign.Server.Hosting;
using Countersign.Server.Token;
using Countersign.Server.TrustedIssuers;
using Microsoft.AspNetCore.Http;

namespace Countersign.Server.Audit;

/// <summary>Keeps what became of each exchange: a refusal as an event, an issued token as a count, or as an event where that is asked for.</summary>
internal sealed class ExchangeLog(AuditWriter writer, RefusalBudget budget, TokenUsage usage, TimeProvider time)
{
    public Exchange Begin(string kind, HttpContext http)
    {
        var source = http.Connection.RemoteIpAddress;

        return new Exchange(
            kind,
            http.GetTenant(),
            source is { IsIPv4MappedToIPv6: true } ? source.MapToIPv4() : source,
            time.GetUtcNow());
    }

    /// <summary>Returns the trace id that leads to the reason.</summary>
    public Guid Refused(Exchange exchange, OAuthError error)
    {
        var id = Guid.CreateVersion7(exchange.Now);

        if (budget.Take(exchange.Tenant.Id, exchange.Source ?? IPAddress.None))
        {
            writer.Add(AuditEvents.Refusal(exchange, error, id));
        }

        return id;
    }

    /// <summary>Keeps which rules that are only watched would have let the token pass, and whom they name.</summary>
    public void Reported(Exchange exchange, RuleMatch match)
    {
        foreach (var rule in match.Reported)
        {
            if (budget.Take(exchange.Tenant.Id, exchange.Source ?? IPAddress.None))
            {
                writer.Add(AuditEvents.Reported(exchange, rule));
            }
        }
    }

    public void Issued(Exchange exchange, ProvenClient client, TokenGrant grant) => usage.Count(exchange, client, grant);

    public async ValueTask IssuedInFullAsync(Exchange exchange, ProvenClient client, TokenGrant grant, CancellationToken ct)
    {
        usage.Count(exchange, client, grant);
        var row = AuditEvents.Success(exchange, $"{grant.AudienceText} {grant.Scope}");

        if (grant.Exchanged is { IsImpersonation: true } hidden)
        {
            (row.Kind, row.AccountId) = ("token.impersonated", hidden.Subject.Id);
        }

        await writer.AddDurableAsync(row, ct);
    }
}
