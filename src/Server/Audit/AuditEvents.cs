using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using Countersign.OAuth;
using Countersign.Server.Data;
using Countersign.Server.TrustedIssuers;

namespace Countersign.Server.Audit;

/// <summary>One check of an explanation, as kept and as shown.</summary>
internal sealed record CheckLine(string Check, bool Passed, string? Detail = null, string? Got = null, string? Expected = null, string? Hint = null);

/// <summary>Makes the rows of audit events.</summary>
internal static class AuditEvents
{
    public static AuditEventRow Change(
        string kind,
        Guid tenantId,
        DateTimeOffset now,
        Guid? actorId,
        string? target,
        Guid? accountId = null,
        Guid? groupId = null,
        Guid? organizationId = null) => new()
        {
            Id = Guid.CreateVersion7(now),
            TenantId = tenantId,
            At = now,
            Kind = kind,
            Outcome = "success",
            ActorId = actorId,
            AccountId = accountId,
            GroupId = groupId,
            OrganizationId = organizationId,
            Target = target,
        };

    public static AuditEventRow Refusal(Exchange exchange, OAuthError error, Guid id)
    {
        var row = Of(exchange, id, "refused");
        row.Error = error.Code;
        row.ErrorDescription = OAuthAnswer.Describe(error, id);
        row.Detail = error.Failed.Detail;
        row.Checks = Serialise(exchange, error.Failed);
        row.Proposal = exchange.Proposal;

        return row;
    }

    public static AuditEventRow Success(Exchange exchange, string? target)
    {
        var row = Of(exchange, Guid.CreateVersion7(exchange.Now), "success");
        row.Target = target;
        row.Checks = Serialise(exchange, null);

        return row;
    }

    public static AuditEventRow Reported(Exchange exchange, TrustRule rule)
    {
        var row = Of(exchange, Guid.CreateVersion7(exchange.Now), "reported");
        (row.Kind, row.Target, row.CredentialId, row.AccountId) = ("trust-rule.matched", rule.Id.ToString(), rule.Id, rule.AccountId);
        row.Detail = $"the rule {rule.Name} is in report mode: it would let this token pass";
        row.Checks = Serialise(exchange, null);

        return row;
    }

    private static AuditEventRow Of(Exchange exchange, Guid id, string outcome) => new()
    {
        Id = id,
        TenantId = exchange.Tenant.Id,
        At = exchange.Now,
        Kind = exchange.Kind,
        Outcome = outcome,
        ClientId = exchange.ClientId,
        AccountId = exchange.Account?.Id,
        ActorId = exchange.Account?.Id,
        CredentialId = exchange.CredentialId,
        GroupId = exchange.Account?.GroupId,
        OrganizationId = exchange.Account?.OrganizationId,
        Source = exchange.Source?.ToString(),
        Method = exchange.Method,
        Target = exchange.Target,
        TokenHash = exchange.TokenId is { } token ? Base64Hash(token.ToString()) : null,
    };

    private static string Base64Hash(string text) => StrictBase64Url.Encode(SHA256.HashData(Encoding.ASCII.GetBytes(text)));

    private static string Serialise(Exchange exchange, FailedCheck? failed)
    {
        var lines = new List<CheckLine>();

        foreach (var (check, got) in exchange.Checks)
        {
            lines.Add(new CheckLine(check, true, Got: got));
        }

        if (failed is not null)
        {
            lines.Add(new CheckLine(failed.Check, false, failed.Detail, failed.Got, failed.Expected, failed.Hint));
        }

        return JsonSerializer.Serialize(lines, AuditJson.Default.ListCheckLine);
    }
}

[System.Text.Json.Serialization.JsonSourceGenerationOptions(
    PropertyNamingPolicy = System.Text.Json.Serialization.JsonKnownNamingPolicy.SnakeCaseLower,
    DefaultIgnoreCondition = System.Text.Json.Serialization.JsonIgnoreCondition.WhenWritingNull)]
[System.Text.Json.Serialization.JsonSerializable(typeof(List<CheckLine>))]
internal sealed partial class AuditJson : System.Text.Json.Serialization.JsonSerializerContext;
