using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using Countersign.OAuth;
using Countersign.Server.Admin;
using Countersign.Server.Tenants;

namespace Countersign.Server.TrustedIssuers;

/// <summary>A grant that a template gives.</summary>
internal sealed record TemplateGrant(Guid Api, string[] Scopes, string[] DefaultScopes);

/// <summary>A template as it is stored.</summary>
internal sealed record TemplateText(string ClientId, string Name, Guid? GroupId, Guid? OrganizationId, TemplateGrant[] Grants, int MaxAccounts);

/// <summary>The account that a token names, by the values of its claims.</summary>
/// <param name="ClientId">The client id.</param>
/// <param name="Name">The account's name.</param>
/// <param name="Key">The hash of the claims and their values: two tokens that differ in them never share an account, whatever their client ids look like.</param>
internal sealed record NamedAccount(string ClientId, string Name, string Key);

/// <summary>
/// How accounts are made on first sight. A value goes into a name only if it is of letters, digits, dots, hyphens and underscores, so that none can
/// stand for two (R202).
/// </summary>
internal sealed class AccountTemplate
{
    private const int MaxValueLength = 100;

    private readonly Part[] _clientId;
    private readonly Part[] _name;

    private AccountTemplate(TemplateText text, Part[] clientId, Part[] name) => (Text, _clientId, _name) = (text, clientId, name);

    public TemplateText Text { get; }

    public static TemplateText ReadText(string json) => JsonSerializer.Deserialize<TemplateText>(json, AdminJson.Options)!;

    public static string WriteText(TemplateText text) => JsonSerializer.Serialize(text, AdminJson.Options);

    public static AccountTemplate? Read(string json, out string fault)
    {
        var text = ReadText(json);

        if (Parse(text.ClientId, out fault) is not { } clientId || Parse(text.Name, out fault) is not { } name)
        {
            fault = $"template: {fault}";

            return null;
        }

        if (Array.TrueForAll(clientId, p => p.Claim is null))
        {
            fault = "template: client_id must name a claim, as in gh-{repository_id}: else all tokens would share one account";

            return null;
        }

        return new AccountTemplate(text, clientId, name);
    }

    /// <summary>The account that the claims name, or why they name none.</summary>
    public NamedAccount? Of(Guid issuer, JsonElement claims, out FailedCheck? failed)
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);

        // Another issuer's values are others', whatever they look like.
        hash.AppendData(issuer.ToByteArray());

        if (Fill(_clientId, claims, hash, out failed) is not { } clientId || Fill(_name, claims, null, out failed) is not { } name)
        {
            return null;
        }

        if (!ClientIdText.IsValid(Encoding.UTF8.GetBytes(clientId)))
        {
            failed = new FailedCheck("template-account", "the client id of the template is longer than 255 characters with these claims");

            return null;
        }

        if (Names.Fault(name) is { } fault)
        {
            failed = new FailedCheck("template-account", $"the name that the template makes of these claims {fault}", name, Hint: "name the account by fewer or shorter claims");

            return null;
        }

        return new NamedAccount(clientId, name, Convert.ToHexStringLower(hash.GetHashAndReset()));
    }

    private static string? Fill(Part[] parts, JsonElement claims, IncrementalHash? hash, out FailedCheck? failed)
    {
        var text = new StringBuilder();
        failed = null;

        foreach (var part in parts)
        {
            if (part.Claim is null)
            {
                text.Append(part.Literal);
                continue;
            }

            if (ValueOf(part.Claim, claims) is not { } value)
            {
                failed = new FailedCheck(
                    "template-account", $"the claim {part.Claim.Text} cannot stand in the name of an account", Expected: $"1 to {MaxValueLength} letters, digits, dots, hyphens and underscores", Hint: "name the account by ids instead of paths, as repository_id");

                return null;
            }

            text.Append(value);
            hash?.AppendData(Encoding.UTF8.GetBytes($"{part.Claim.Text.Length}:{part.Claim.Text}={value.Length}:{value}"));
        }

        return text.ToString();
    }

    private static string? ValueOf(ClaimPath claim, JsonElement claims)
    {
        if (!claim.TryFind(claims, out var found, out _))
        {
            return null;
        }

        var value = found.ValueKind switch
        {
            JsonValueKind.String => found.GetString()!,
            JsonValueKind.Number when found.TryGetInt64(out var number) => number.ToString(CultureInfo.InvariantCulture),
            _ => "",
        };

        foreach (var c in value)
        {
            if (!char.IsAsciiLetterOrDigit(c) && c is not ('.' or '-' or '_'))
            {
                return null;
            }
        }

        return value.Length is > 0 and <= MaxValueLength ? value : null;
    }

    private static Part[]? Parse(string text, out string fault)
    {
        var parts = new List<Part>();
        var rest = text.AsSpan();
        fault = "";

        while (!rest.IsEmpty)
        {
            var open = rest.IndexOf('{');
            var literal = open < 0 ? rest : rest[..open];

            if (literal.Contains('}'))
            {
                fault = $"{text} has a }} without its {{";

                return null;
            }

            if (!literal.IsEmpty)
            {
                parts.Add(new Part(literal.ToString(), null));
            }

            if (open < 0)
            {
                break;
            }

            var close = rest.IndexOf('}');

            if (close < open)
            {
                fault = $"{text} has a {{ without its }}";

                return null;
            }

            if (ClaimPath.Parse(rest[(open + 1)..close].ToString(), out fault) is not { } claim)
            {
                return null;
            }

            parts.Add(new Part("", claim));
            rest = rest[(close + 1)..];
        }

        fault = parts.Count == 0 ? "a name is empty" : "";

        return parts.Count == 0 ? null : [.. parts];
    }

    private sealed record Part(string Literal, ClaimPath? Claim);
}
