using System.Text.Json.Nodes;

namespace Countersign.Cli.Import;

/// <summary>What can be seen to be wrong with an account before anything is sent.</summary>
internal static class AccountRules
{
    private static readonly string[] Members = ["client_id", "name", "description", "owner", "secret_hash", "grants"];

    public static string? Fault(JsonObject account)
    {
        if (account.FirstOrDefault(member => !Members.Contains(member.Key)).Key is { } unknown)
        {
            return $"has a member '{unknown}', which is not one of {string.Join(", ", Members)}";
        }

        // R26: a client_id is 1 to 255 printable characters of ASCII.
        if (Text(account["client_id"]) is not { Length: >= 1 and <= 255 } clientId || clientId.Any(c => c is < ' ' or > '~'))
        {
            return "needs a client_id of 1 to 255 printable ASCII characters";
        }

        if (string.IsNullOrWhiteSpace(Text(account["name"])))
        {
            return "needs a name";
        }

        if (account["description"] is { } description && Text(description) is null)
        {
            return "has a description that is not a text";
        }

        if (account["owner"] is { } owner && !IsOwner(owner))
        {
            return "has an owner that is neither one organization nor one group";
        }

        if (account["secret_hash"] is { } hash && Text(hash)?.StartsWith('$') != true)
        {
            return "has a secret_hash that does not say its kind: $pbkdf2-sha256$, $2b$, $argon2id$, ...";
        }

        return account["grants"] is { } grants && (grants is not JsonArray list || !list.All(IsGrant))
            ? "has grants that are not a list of api and scopes"
            : null;
    }

    public static string? Text(JsonNode? node) => node is JsonValue value && value.TryGetValue(out string? text) ? text : null;

    private static bool IsOwner(JsonNode owner) =>
        owner is JsonObject { Count: 1 } one && one.Single() is { Key: "organization" or "group" } member && Text(member.Value) is not null;

    private static bool IsGrant(JsonNode? node) =>
        node is JsonObject grant
        && grant.All(member => member.Key is "api" or "scopes" or "default_scopes")
        && Text(grant["api"]) is not null
        && grant["scopes"] is JsonArray { Count: > 0 } scopes && scopes.All(scope => Text(scope) is not null)
        && (grant["default_scopes"] is not { } defaults || (defaults is JsonArray list && list.All(scope => Text(scope) is not null)));
}
