using System.CommandLine;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace Countersign.Cli.Commands;

/// <summary><c>explain</c>: why a request was refused, or what would become of a JWT.</summary>
internal sealed class ExplainCommand
{
    private readonly Argument<string?> _trace = new("trace-id")
    {
        Description = "The trace id that stands in the refusal; or give --jwt.",
        DefaultValueFactory = _ => null,
    };

    private readonly Option<string> _jwt = new("--jwt")
    {
        Description = "File that holds a JWT (- for standard input): nothing is issued, used up or recorded of it.",
        HelpName = "file",
    };

    private readonly Option<string> _as = new Option<string>("--as")
    {
        Description = "With --jwt, what it would be sent as (client-assertion unless given).",
        HelpName = "use",
    }.AcceptOnlyFromAmong("client-assertion", "jwt-bearer", "subject-token");

    private readonly Option<string[]> _scope = new("--scope") { Description = "With --jwt: scope that would be asked for; may be repeated." };
    private readonly Option<string[]> _resource = new("--resource") { Description = "With --jwt: API that would be asked for; may be repeated.", HelpName = "uri" };
    private readonly Option<string> _address = new("--address") { Description = "With --jwt: address that the request would come from.", HelpName = "ip" };
    private readonly Option<string> _time = new("--time") { Description = $"With --jwt: when it would be sent: {Times.Forms}.", HelpName = "time" };
    private readonly Option<string> _account = new("--account") { Description = "Service account that the proposed rule gives: id or client_id." };
    private readonly Option<bool> _propose = new("--propose") { Description = "Print the narrowest rule that would have matched, as JSON for `rule create --file`, and nothing else." };
    private readonly Option<bool> _save = new("--save") { Description = "Create that rule." };
    private readonly Option<bool> _createIssuer = new("--create-issuer") { Description = "With --save and --jwt: trust the token's issuer first, where it is not yet." };
    private readonly Option<string> _name = new("--name") { Description = "Name of the proposed rule." };

    public static Verb Verb() => new ExplainCommand().Made();

    private Verb Made() => new Verb(
        "explain",
        "Explains a refusal by its trace id, or says what would become of a JWT: each check in order, the values compared, the rules, and what would make it work."
        + " With --jwt, ends with 1 when it would be refused.",
        "countersign explain --jwt - --account deployer --save < token.txt")
    {
        _trace, _jwt, _as, _scope, _resource, _address, _time, _account, _propose, _save, _createIssuer, _name,
    }.Does(async (call, ct) =>
    {
        Check(call);
        var request = call.Get(_jwt) is { } file ? await RequestAsync(call, file, ct) : null;
        var explanation = await AskAsync(call, request, ct);
        var proposal = new ProposedRule(explanation, call.Get(_account), call.Get(_name));

        if (call.Get(_propose))
        {
            if (proposal.Issuer is { } unknown)
            {
                call.Output.Remark($"warning: the rule needs its issuer, which is not trusted. First: {ProposedRule.Command(unknown)}");
            }

            await call.Shell.Out.WriteLineAsync(JsonSerializer.Serialize(proposal.Body(), Output.Indented));

            return (int)ExitCode.Done;
        }

        if (call.Get(_save))
        {
            await SaveAsync(call, request, explanation, proposal, ct);

            return (int)ExitCode.Done;
        }

        Print(call, request is not null, explanation, proposal);

        return (int)(request is null || WouldIssue(explanation) ? ExitCode.Done : ExitCode.Refused);
    });

    private void Check(Call call)
    {
        var isJwt = call.Get(_jwt) is not null;
        var isRule = call.Get(_propose) || call.Get(_save);

        if (isJwt == call.Get(_trace) is not null)
        {
            throw CommandFault.Usage("give the trace id of a refusal, or --jwt FILE (- for standard input)");
        }

        if (call.Get(_propose) && call.Get(_save))
        {
            throw CommandFault.Usage("give --propose or --save, not both");
        }

        if (call.Get(_createIssuer) && !call.Get(_save))
        {
            throw CommandFault.Usage("--create-issuer belongs to --save");
        }

        Option[] ofJwt = [_as, _scope, _resource, _address, _time, _createIssuer];

        if (!isJwt && ofJwt.FirstOrDefault(call.IsGiven) is { } alone)
        {
            throw CommandFault.Usage($"{alone.Name} belongs to --jwt");
        }

        if (!isRule && (call.IsGiven(_name) || (!isJwt && call.IsGiven(_account))))
        {
            throw CommandFault.Usage($"{(call.IsGiven(_name) ? _name.Name : _account.Name)} belongs to --propose or --save");
        }
    }

    private async Task<JsonObject> RequestAsync(Call call, string file, CancellationToken ct)
    {
        var request = new JsonObject { ["jwt"] = await SecretInput.ReadAsync(call, file, "JWT", ct) }
            .With("as", call.Get(_as)?.Replace('-', '_'))
            .With("account", call.Get(_account))
            .With("address", call.Get(_address))
            .With("time", Times.Future(call.Get(_time), call.Now));

        return request
            .With("scope", call.IsGiven(_scope) ? string.Join(' ', call.Get(_scope)!) : null)
            .With("resource", call.IsGiven(_resource) ? Json.Array(call.Get(_resource)!) : null);
    }

    private async Task<JsonElement> AskAsync(Call call, JsonObject? request, CancellationToken ct) => request is null
        ? (await call.Admin.GetAsync($"explanations/{Lookup.Id(call.Get(_trace)!, "trace")}", ct)).Body
        : await call.Admin.PostAsync("explanations", request, ct);

    private async Task SaveAsync(Call call, JsonObject? request, JsonElement explanation, ProposedRule proposal, CancellationToken ct)
    {
        if (request is not null && WouldIssue(explanation))
        {
            call.Output.Done(explanation, $"Nothing was saved: it works already. {JwtExplanation.Verdict(explanation)}");

            return;
        }

        // Whose the tokens are is asked before anything is changed.
        proposal.CheckAccount();

        if (proposal.Issuer is { } issuer)
        {
            proposal = await TrustAsync(call, request, issuer, ct);
        }

        if (proposal.IsUnverified)
        {
            call.Output.Remark("warning: the token's signature was not verified: be sure where it comes from");
        }

        var rule = await call.Admin.PostAsync(Kind.Rule.Path, proposal.Body(), ct);
        call.Output.Done(rule, $"Saved the rule {Json.Text(rule, "name")}. To see it: countersign rule show {Words.Quoted(Json.Text(rule, "name"))}");
        call.Output.Warnings(rule);

        if (request is not null && !call.Output.IsJson)
        {
            call.Output.Line($"Now: {JwtExplanation.Verdict(await AskAsync(call, request, ct))}");
        }
    }

    private async Task<ProposedRule> TrustAsync(Call call, JsonObject? request, JsonObject issuer, CancellationToken ct)
    {
        if (!call.Get(_createIssuer))
        {
            throw CommandFault.Refused(
                $"the token's issuer {issuer["issuer"]} is not trusted here: add --create-issuer, or first: {ProposedRule.Command(issuer)}");
        }

        var created = await call.Admin.PostAsync(Kind.Issuer.Path, issuer, ct);
        call.Output.Remark($"Trusted the issuer {Json.Text(created, "name")}.");
        call.Output.Warnings(created);

        // Now its keys are known, and what is proposed rests on a signature.
        return new ProposedRule(await AskAsync(call, request, ct), call.Get(_account), call.Get(_name)) { CreatedIssuer = Json.Text(created, "id") };
    }

    private static bool WouldIssue(JsonElement explanation) => Json.Text(explanation, "outcome") == "would-issue";

    private static void Print(Call call, bool isDryRun, JsonElement explanation, ProposedRule proposal)
    {
        if (call.Output.IsJson)
        {
            call.Output.Answer(explanation);
        }
        else if (isDryRun)
        {
            JwtExplanation.Print(call.Output, explanation, proposal);
        }
        else
        {
            JwtExplanation.PrintRefusal(call.Output, explanation, proposal);
        }
    }
}
