using System.Text.Json;
using Countersign.OAuth;
using Countersign.Server.Conditions;
using Countersign.Server.Data;

namespace Countersign.Server.TrustedIssuers;

/// <summary>A rule as a decision needs it, compiled once.</summary>
internal sealed class TrustRule
{
    public const string Enforce = "enforce";
    public const string Report = "report";

    private TrustRule(TrustRuleRow row, ClaimCondition[] conditions) =>
        (Id, Version, IssuerId, Name, AccountId, Conditions) = (row.Id, row.Version, row.TrustedIssuerId, row.Name, row.AccountId, conditions);

    public Guid Id { get; }

    public int Version { get; }

    public Guid IssuerId { get; }

    public string Name { get; }

    /// <summary>The account that its tokens stand for; null where a template makes them.</summary>
    public Guid? AccountId { get; }

    public AccountTemplate? Template { get; private init; }

    public ClaimCondition[] Conditions { get; }

    /// <summary>A further condition, which only narrows.</summary>
    public LoginCondition? Cel { get; private init; }

    /// <summary>The scopes of its tokens at most; null: all that the account holds.</summary>
    public string[]? Scopes { get; private init; }

    public int? LifetimeSeconds { get; private init; }

    public DateTimeOffset? ExpiresAt { get; private init; }

    /// <summary>Whether it is only watched, and grants nothing.</summary>
    public bool IsReportOnly { get; private init; }

    public bool Disabled { get; private init; }

    /// <summary>The rule of a row; null, and what is wrong with it, when nothing could be decided by it.</summary>
    public static TrustRule? Compile(TrustRuleRow row, out string fault)
    {
        if (ReadConditions(row.Conditions, out fault) is not { } conditions)
        {
            return null;
        }

        AccountTemplate? template = null;
        LoginCondition? cel = null;

        if (row.Template is { } text && (template = AccountTemplate.Read(text, out fault)) is null)
        {
            return null;
        }

        if (row.Cel is { } expression && !LoginCondition.TryCompile(expression, out cel, out var wrong))
        {
            fault = $"cel: {wrong}";

            return null;
        }

        return new TrustRule(row, conditions)
        {
            Template = template,
            Cel = cel,
            Scopes = row.Scopes,
            LifetimeSeconds = row.LifetimeSeconds,
            ExpiresAt = row.ExpiresAt,
            IsReportOnly = row.Mode == Report,
            Disabled = row.Disabled,
        };
    }

    /// <summary>Why the rule says nothing at this time; null when it is in force.</summary>
    public string? Inactive(DateTimeOffset now) => Disabled ? "disabled" : ExpiresAt <= now ? "expired" : null;

    public bool Matches(LoginFacts facts, TimeProvider time)
    {
        foreach (var condition in Conditions)
        {
            if (!condition.Holds(facts.Claims))
            {
                return false;
            }
        }

        return Cel is null || Cel.Evaluate(facts, time).IsTrue;
    }

    /// <summary>Why it does not match, in a sentence; null when it does.</summary>
    public string? Mismatch(LoginFacts facts, TimeProvider time)
    {
        foreach (var condition in Conditions)
        {
            if (condition.Explain(facts.Claims) is { Passed: false } report)
            {
                return $"{report.Claim} {report.Detail ?? $"is {report.Got}"}, {report.Operator} wants {report.Expected}";
            }
        }

        return Cel is not null && Cel.Evaluate(facts, time) is { IsTrue: false } outcome ? $"cel came to {outcome}" : null;
    }

    private static ClaimCondition[]? ReadConditions(string json, out string fault)
    {
        using var document = JsonDocument.Parse(json);
        var conditions = new List<ClaimCondition>();
        fault = "";

        foreach (var item in document.RootElement.EnumerateArray())
        {
            if (ClaimCondition.Read(item, out fault) is not { } condition)
            {
                fault = $"conditions[{conditions.Count}]: {fault}";

                return null;
            }

            conditions.Add(condition);
        }

        return [.. conditions];
    }
}
