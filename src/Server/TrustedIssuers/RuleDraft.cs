using System.Text;
using System.Text.Json;

namespace Countersign.Server.TrustedIssuers;

/// <summary>The narrowest rule that would let a token pass, in the form in which the admin API takes it; the account is left to whoever saves it.</summary>
internal static class RuleDraft
{
    /// <param name="kind">What the issuer is.</param>
    /// <param name="issuer">Its name.</param>
    /// <param name="claims">The claims of the token.</param>
    /// <param name="account">Whom the token is to stand for, where that is known: a client id.</param>
    public static string Of(string kind, string issuer, JsonElement claims, string? account = null)
    {
        using var buffer = new MemoryStream();

        using (var json = new Utf8JsonWriter(buffer))
        {
            json.WriteStartObject();
            json.WriteString("name", NameOf(issuer, claims));
            json.WriteString("trusted_issuer", issuer);

            if (account is not null)
            {
                json.WriteString("account", account);
            }

            json.WriteStartArray("conditions");

            foreach (var condition in RuleProposal.Of(kind, claims))
            {
                condition.Write(json);
            }

            json.WriteEndArray();
            json.WriteEndObject();
        }

        return Encoding.UTF8.GetString(buffer.ToArray());
    }

    // Of the subject, as far as the name of a rule may hold it.
    private static string NameOf(string issuer, JsonElement claims)
    {
        const int Longest = 100;
        var subject = claims.TryGetProperty("sub", out var sub) && sub.ValueKind == JsonValueKind.String ? sub.GetString()! : "rule";
        var name = $"{issuer} {string.Concat(subject.Select(c => char.IsAsciiLetterOrDigit(c) || c is '.' or '-' or '_' or '/' or ':' ? c : '-'))}";

        return name.Length <= Longest ? name : name[..Longest];
    }
}
