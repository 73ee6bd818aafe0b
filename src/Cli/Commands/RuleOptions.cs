using System.CommandLine;
using System.Text.Json.Nodes;

namespace Countersign.Cli.Commands;

/// <summary>What a trust rule asks of a token, and what it gives.</summary>
internal sealed class RuleOptions
{
    private const string None = "none";
    private const string Never = "never";

    private readonly Option<string> _account = new("--account") { Description = "The service account that a matching token is: id or client_id." };

    private readonly Option<string> _template = new("--template")
    {
        Description = "In place of --account: file with the template of accounts that are made on first sight, as JSON"
            + " (client_id, name, owner, grants, max_accounts).",
        HelpName = "file",
    };

    private readonly Option<string[]> _conditions = new("--condition")
    {
        Description = $"What must hold of the token, all of them: {ConditionText.Forms}. A claim may be a dotted path or a JSON pointer. May be repeated.",
        HelpName = "condition",
    };

    private readonly Option<string> _cel = new("--cel")
    {
        Description = "An expression in CEL that must hold too, or the file that holds it: claims, header, issuer and request are known to it."
            + $" {None} takes it away.",
        HelpName = "file|text",
    };

    private readonly Option<string> _tests = new("--tests")
    {
        Description = "File with tests that the rule must pass to be saved: a JSON array of {name, claims, header, request, matches}.",
        HelpName = "file",
    };

    private readonly Option<string[]> _scopes = new("--scope")
    {
        Description = "Scope that its tokens get at most; may be repeated (all that the account is granted unless given).",
        HelpName = "scope",
    };

    private readonly Option<bool> _allScopes = new("--all-scopes") { Description = "All that the account is granted, again." };

    private readonly Option<string> _lifetime = new("--lifetime")
    {
        Description = $"How long its tokens hold at most: 15m, or {None} for no limit of its own.",
        HelpName = "length",
    };

    private readonly Option<string> _expires = new("--expires") { Description = $"When it stops working: {Never}, {Times.Forms}.", HelpName = "time" };

    private readonly Option<string> _mode = new Option<string>("--mode")
    {
        Description = "enforce, or report: it gives nothing, and only records what it would have matched.",
        HelpName = "mode",
    }.AcceptOnlyFromAmong("enforce", "report");

    private readonly Option<string[]> _allow = new("--allow")
    {
        Description = "Code of a finding that is meant so, such as pull-request; may be repeated.",
        HelpName = "code",
    };

    private readonly Option<string> _file = new("--file")
    {
        Description = "File with the body of the API as JSON, as `explain --propose` prints it (- for standard input). The other options win over it.",
        HelpName = "file",
    };

    public IEnumerable<Option> Options =>
        [_account, _template, _conditions, _cel, _tests, _scopes, _allScopes, _lifetime, _expires, _mode, _allow, _file];

    public async Task<JsonObject> ReadAsync(Call call, bool isChange, CancellationToken ct)
    {
        var body = call.Get(_file) is { } file ? await TextInput.ObjectAsync(call, file, ct) : [];
        await AccountAsync(call, body, isChange, ct);

        if (call.IsGiven(_conditions))
        {
            body["conditions"] = new JsonArray([.. call.Get(_conditions)!.Select(ConditionText.Read)]);
        }

        if (call.Get(_cel) is { } cel)
        {
            body["cel"] = cel == None ? null : await TextInput.TextOrFileAsync(call, cel, ct);
        }

        if (call.Get(_tests) is { } tests)
        {
            body["tests"] = await TextInput.ArrayAsync(call, tests, ct);
        }

        Limits(call, body);

        return body.With("mode", call.Get(_mode)).With("allow", call.IsGiven(_allow) ? Json.Array(call.Get(_allow)!) : null);
    }

    private async Task AccountAsync(Call call, JsonObject body, bool isChange, CancellationToken ct)
    {
        if (call.IsGiven(_account) && call.IsGiven(_template))
        {
            throw CommandFault.Usage("give --account or --template, not both");
        }

        if (call.Get(_account) is { } account)
        {
            Replace(body, "account", account, "template", isChange);
        }

        if (call.Get(_template) is { } template)
        {
            Replace(body, "template", await TextInput.ObjectAsync(call, template, ct), "account", isChange);
        }
    }

    private void Limits(Call call, JsonObject body)
    {
        if (call.IsGiven(_scopes) && call.Get(_allScopes))
        {
            throw CommandFault.Usage("give --scope or --all-scopes, not both");
        }

        if (call.IsGiven(_scopes) || call.Get(_allScopes))
        {
            body["scopes"] = call.Get(_allScopes) ? null : Json.Array(call.Get(_scopes)!);
        }

        if (call.Get(_lifetime) is { } lifetime)
        {
            body["lifetime_seconds"] = lifetime == None ? null : (long)Times.Length(lifetime).TotalSeconds;
        }

        if (call.Get(_expires) is { } expires)
        {
            body["expires_at"] = expires == Never ? null : Times.Future(expires, call.Now);
        }
    }

    // A rule has one of the two: where it is changed, the other is taken away, as a merge-patch says it.
    private static void Replace(JsonObject body, string name, JsonNode value, string other, bool isChange)
    {
        body[name] = value;
        body.Remove(other);

        if (isChange)
        {
            body[other] = null;
        }
    }
}
