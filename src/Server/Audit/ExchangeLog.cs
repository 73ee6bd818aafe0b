using System.Net;
using Countersign.OAuth;
using Countersign.Server.Clients;
using Countersign.Server.Hosting;
using Countersign.Server.Token;
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

    public void Issued(Exchange exchange, ProvenClient client, TokenGrant grant) => usage.Count(exchange, client, grant);

    public async ValueTask IssuedInFullAsync(Exchange exchange, ProvenClient client, TokenGrant grant, CancellationToken ct)
    {
        usage.Count(exchange, client, grant);
        await writer.AddDurableAsync(AuditEvents.Success(exchange, $"{grant.AudienceText} {grant.Scope}"), ct);
    }
}
