using System.CommandLine;
using System.Text.Json;
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

    /// <summary><c>enable</c> or <c>disable</c>.</summary>
    public static Verb Switch(Kind kind, string noun, bool disabled, string description)
    {
        var which = Which(kind);
        var verb = disabled ? "disable" : "enable";

        return new Verb(verb, description, $"countersign {noun} {verb} ci") { which }.Does(async (call, ct) =>
        {
            var path = await call.PathAsync(kind, call.Get(which), ct);
            var answer = await call.Admin.PatchAsync(path, new JsonObject { ["disabled"] = disabled }, ct);

            call.Output.Done(answer, $"The {kind.Name} {call.Get(which)} is {verb}d.");
        });
    }

    public static async Task PatchAsync(Call call, string path, JsonObject body, CancellationToken ct)
    {
        Something(body);
        call.Output.Answer(await call.Admin.PatchAsync(path, body, ct));
    }

    public static async Task<JsonElement> PatchedAsync(Call call, Kind kind, string which, JsonObject body, CancellationToken ct)
    {
        Something(body);

        return await call.Admin.PatchAsync(await call.PathAsync(kind, which, ct), body, ct);
    }

    /// <summary>All of it as JSON; for people without what is too long to read or is said elsewhere.</summary>
    public static void Print(Call call, JsonElement answer, params string[] without)
    {
        if (call.Output.IsJson || answer.ValueKind != JsonValueKind.Object)
        {
            call.Output.Answer(answer);

            return;
        }

        var kept = JsonObject.Create(answer)!;

        foreach (var name in without)
        {
            kept.Remove(name);
        }

        call.Output.Answer(JsonSerializer.SerializeToElement(kept));
    }

    private static void Something(JsonObject body)
    {
        if (body.Count == 0)
        {
            throw CommandFault.Usage("nothing to change: give at least one option");
        }
    }
}
