using System.CommandLine;
using System.Text.Json.Nodes;
using Countersign.OAuth;

namespace Countersign.Cli.Commands;

/// <summary>How an account's assertions are judged.</summary>
internal sealed class AssertionOptions
{
    private const string Any = "any";

    private readonly Option<string> _audience = new Option<string>("--assertion-audience")
    {
        Description = "What its assertions name in aud: the issuer, or the token endpoint's address too.",
        HelpName = "which",
    }.AcceptOnlyFromAmong("issuer", "issuer-or-token-endpoint");

    private readonly Option<string> _alg = new Option<string>("--assertion-alg")
    {
        Description = "The one algorithm that its assertions are signed with, or any: that of each key.",
        HelpName = "alg",
    }.AcceptOnlyFromAmong([.. SigningAlgorithm.All.Select(alg => alg.Name), Any]);

    private readonly Option<bool?> _requireJti = new("--require-jti")
    {
        Description = "Whether each of its assertions needs a jti.",
        HelpName = "true|false",
    };

    public IEnumerable<Option> Options => [_audience, _alg, _requireJti];

    /// <summary>The member <c>assertions</c> of a body, or nothing when no option was given.</summary>
    public JsonObject? Read(Call call)
    {
        var settings = new JsonObject().With("audience", call.Get(_audience)).With("require_jti", call.Get(_requireJti));

        if (call.Get(_alg) is { } alg)
        {
            settings["signing_alg"] = alg == Any ? null : alg;
        }

        return settings.Count > 0 ? settings : null;
    }
}
