using System.CommandLine;
using System.Text.Json.Nodes;

namespace Countersign.Cli;

/// <summary>How access tokens are made: a setting of tenant, API and account alike.</summary>
internal sealed class TokenOptions
{
    private const string Inherit = "inherit";

    private readonly Option<string> _format = new Option<string>("--token-format")
    {
        Description = "jwt, opaque, or inherit to follow what stands above.",
        HelpName = "format",
    }.AcceptOnlyFromAmong("jwt", "opaque", Inherit);

    private readonly Option<string> _lifetime = new("--token-lifetime")
    {
        Description = "How long access tokens hold: 1h, 900s, or inherit.",
        HelpName = "length",
    };

    private readonly Option<string> _alg = new("--token-alg")
    {
        Description = "Signature algorithm of JWTs: ES256, RS256, ..., or inherit.",
        HelpName = "alg",
    };

    public IEnumerable<Option> Options => [_format, _lifetime, _alg];

    /// <summary>The member <c>access_token</c> of a body, or nothing when no option was given.</summary>
    public JsonObject? Read(Call call)
    {
        var settings = new JsonObject();
        Set(settings, "format", call.Get(_format), text => text);
        Set(settings, "lifetime_seconds", call.Get(_lifetime), text => (long)Times.Length(text).TotalSeconds);
        Set(settings, "alg", call.Get(_alg), text => text);

        return settings.Count > 0 ? settings : null;
    }

    // Null in a merge-patch takes the account's own value away, and what is inherited holds again.
    private static void Set(JsonObject settings, string name, string? text, Func<string, JsonNode> read)
    {
        if (text is not null)
        {
            settings[name] = text == Inherit ? null : read(text);
        }
    }
}
