using System.CommandLine;
using System.Text.Json.Nodes;

namespace Countersign.Cli.Commands;

/// <summary>The verbs that read the same for every noun.</summary>
internal static class Plain
{
    public const string ShownOnce = "Keep the secret now: it is not shown again.";

    /// <summary>The argument that names one thing.</summary>
    public static Argument<string> Which(Kind kind) => new(kind.Name.Replace(' ', '-').ToLowerInvariant())
    {
        Description = $"The {kind.Name}: its id or {string.Join(" or ", kind.Keys)}.",
    };

    public static Verb List(Kind kind, string description, string example)
    {
        var paging = new Paging();

        return new Verb("list", description, example) { paging.Options }.Does((call, ct) => paging.ShowAsync(call, kind, ct));
    }

    public static Verb Show(Kind kind, string description, string example)
    {
        var which = Which(kind);

        return new Verb("show", description, example) { which }
            .Does(async (call, ct) => call.Output.Answer(await call.FindAsync(kind, call.Get(which), ct)));
    }

    public static Verb Delete(Kind kind, string description, string example)
    {
        var which = Which(kind);

        return new Verb("delete", description, example) { which }.Does(async (call, ct) =>
        {
            var text = call.Get(which);
            var answer = await call.Admin.DeleteAsync(await call.PathAsync(kind, text, ct), ct);

            call.Output.Done(answer, $"Deleted the {kind.Name} {text}.");
        });
    }

    public static async Task PatchAsync(Call call, string path, JsonObject body, CancellationToken ct)
    {
        if (body.Count == 0)
        {
            throw CommandFault.Usage("nothing to change: give at least one option");
        }

        call.Output.Answer(await call.Admin.PatchAsync(path, body, ct));
    }
}
