using System.Text.Json;
using Countersign.Cel;

namespace Countersign.Server.Conditions;

/// <summary>What a request asks for and where it comes from, as conditions see it.</summary>
/// <param name="Scopes">The scopes asked for; empty when none was.</param>
/// <param name="Resources">The resources asked for (RFC 8707).</param>
/// <param name="Address">The sender's address; null when it is not known.</param>
/// <param name="Time">Now.</param>
internal sealed record AskedFor(string[] Scopes, string[] Resources, string? Address, DateTimeOffset Time);

/// <summary>
/// What conditions in CEL may look at: <c>claims</c> and <c>header</c> of the token that was sent (empty for a secret), <c>issuer</c>, and
/// <c>request</c> with <c>scopes</c>, <c>resource</c>, <c>address</c> and <c>time</c>. The values are made when a condition first needs them.
/// </summary>
internal sealed class LoginFacts(JsonElement? claims, JsonElement? header, string issuer, AskedFor request)
{
    public static readonly CelEnvironment Environment = new(
        new("claims", CelType.Map(CelType.String, CelType.Dyn)),
        new("header", CelType.Map(CelType.String, CelType.Dyn)),
        new("issuer", CelType.String),
        new("request", CelType.Map(CelType.String, CelType.Dyn)))
    {
        Result = CelType.Bool,
    };

    private static readonly JsonElement s_nothing = JsonElement.Parse("{}");

    private CelActivation? _activation;

    public JsonElement Claims { get; } = claims ?? s_nothing;

    public CelActivation Activation => _activation ??= new CelActivation(Environment)
        .With("claims", CelValue.FromJson(Claims))
        .With("header", CelValue.FromJson(header ?? s_nothing))
        .With("issuer", CelValue.Of(issuer))
        .With("request", CelValue.Of(new Dictionary<string, CelValue>
        {
            ["scopes"] = List(request.Scopes),
            ["resource"] = List(request.Resources),
            ["address"] = CelValue.Of(request.Address ?? ""),
            ["time"] = CelValue.Of(request.Time),
        }));

    private static CelValue List(string[] texts) => CelValue.Of(Array.ConvertAll(texts, CelValue.Of));
}
