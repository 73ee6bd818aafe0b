using System.CommandLine;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace Countersign.Cli.Commands;

/// <summary><c>account policy</c>: the expression that every token request of an account must satisfy.</summary>
internal static class AccountPolicy
{
    private const string None = "none";

    public static Verb Verb()
    {
        var account = Plain.Which(Kind.Account);
        var cel = new Option<string>("--cel")
        {
            Description = $"The expression in CEL, or the file that holds it; {None} takes the policy away.",
            HelpName = "file|text",
        };
        var tests = new Option<string>("--tests")
        {
            Description = "File with tests that the policy must pass to be saved: a JSON array of {name, claims, header, request, allows}.",
            HelpName = "file",
        };

        return new Verb(
            "policy",
            "Shows the policy of a service account, or sets it: an expression that must hold for every token that it asks for, whatever the credential.",
            "countersign account policy ci --cel policy.cel --tests policy-tests.json")
        {
            account, cel, tests,
        }.Does(async (call, ct) =>
        {
            if (call.Get(cel) is not { } expression)
            {
                Show(call, call.IsGiven(tests)
                    ? throw CommandFault.Usage("tests are of an expression: give --cel too")
                    : await call.FindAsync(Kind.Account, call.Get(account), ct));

                return;
            }

            var policy = expression == None ? null : new JsonObject
            {
                ["cel"] = await TextInput.TextOrFileAsync(call, expression, ct),
            }.With("tests", call.Get(tests) is { } file ? await TextInput.ArrayAsync(call, file, ct) : null);
            var path = await call.PathAsync(Kind.Account, call.Get(account), ct);
            var answer = await call.Admin.PatchAsync(path, new JsonObject { ["access_policy"] = policy }, ct);

            call.Output.Done(answer, $"The service account {call.Get(account)} has {(policy is null ? "no policy any more" : "the policy")}.");
            call.Output.Warnings(answer);
        });
    }

    private static void Show(Call call, JsonElement account)
    {
        var policy = Json.At(account, "access_policy");

        if (call.Output.IsJson)
        {
            call.Output.Answer(policy ?? JsonElement.Parse("{}"));
        }
        else
        {
            call.Output.Line(Json.Text(account, "access_policy.cel") ?? "It has no policy.");
        }
    }
}
