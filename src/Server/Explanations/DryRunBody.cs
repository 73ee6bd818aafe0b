using System.Text.Json;
using System.Text.Json.Serialization;
using Countersign.Server.Audit;
using Countersign.Server.TrustedIssuers;

namespace Countersign.Server.Explanations;

/// <summary>A token, or an account in its place, and the request that would be made with it. Nothing comes of it.</summary>
/// <param name="Jwt">The token, a JWT or an opaque one of this server.</param>
/// <param name="As">What it would be sent as: <c>client_assertion</c>, <c>jwt_bearer</c> or <c>subject_token</c>.</param>
/// <param name="Account">Id or client id: without a token who asks; with a subject token who exchanges; else whom a proposed rule is for.</param>
/// <param name="Scope">The scopes asked for, with spaces between.</param>
/// <param name="Resource">The resources asked for.</param>
/// <param name="Address">Where the request would come from; as of this one unless given.</param>
/// <param name="Time">When; now unless given.</param>
internal sealed record DryRunBody(
    string? Jwt = null, string? As = null, string? Account = null, string? Scope = null, string[]? Resource = null, string? Address = null, DateTimeOffset? Time = null);

internal sealed record ConditionView(string Claim, string Operator, JsonElement Expected, string? Got, bool Passed, string? Detail);

internal sealed record StepView(string Text, string Value);

/// <param name="Steps">What each part came to, in the order in which it did.</param>
internal sealed record ExpressionView(string Expression, string Value, bool Passed, StepView[] Steps);

internal sealed record RuleReportView(
    Guid Id, string Name, string Mode, string State, bool Matched, string? Account, ConditionView[] Conditions, ExpressionView? Cel);

/// <param name="Account">Null where the account would be made.</param>
/// <param name="Credential">What it would be got by; null where that was not part of the question.</param>
internal sealed record WouldBeToken(Guid? Account, string ClientId, Guid? Credential, string[] Audience, string Scope, string Format, string? Alg, int LifetimeSeconds);

/// <summary>An issuer to trust first.</summary>
internal sealed record ProposedIssuerView(
    string Name,
    string Kind,
    string Issuer,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] bool? Discovery,
    string[] Audiences);

/// <summary>What would become of it.</summary>
/// <param name="Outcome"><c>would-issue</c>, <c>active</c> for a token of this server that is good, or <c>refused</c>.</param>
/// <param name="Kind"><c>foreign</c>, <c>self-signed</c>, <c>access-token</c> or <c>none</c>.</param>
/// <param name="Verified">Whether the signature is good.</param>
internal sealed record DryRunView(
    string Outcome,
    string? Error,
    string? ErrorDescription,
    string Kind,
    IssuerReference? TrustedIssuer,
    JsonElement? Header,
    JsonElement? Claims,
    bool Verified,
    IReadOnlyList<CheckLine> Checks,
    IReadOnlyList<RuleReportView> Rules,
    WouldBeToken? Token,
    JsonElement? Proposal,
    ProposedIssuerView? ProposedIssuer,
    string? Hint);
