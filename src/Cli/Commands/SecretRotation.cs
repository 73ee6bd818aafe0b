using System.CommandLine;
using System.Text.Json.Nodes;

namespace Countersign.Cli.Commands;

/// <summary>Out with the old secret: with a new one beside it, or alone.</summary>
internal static class SecretRotation
{
    private const string Quiet = "quiet:";

    public static Verb Rotate()
    {
        var account = Plain.Which(Kind.Account);
        var expires = SecretCommands.Expiry();
        var retire = new Option<string>("--retire-old")
        {
            Description = $"When the old secrets stop: quiet:24h once unused for that long, or {Times.Forms}.",
            HelpName = "when",
            Required = true,
        };

        return new Verb(
            "rotate",
            "Creates a new client secret, prints it once, and retires the old ones.",
            "countersign secret rotate ci --retire-old quiet:24h")
        {
            account, retire, expires,
        }.Does(async (call, ct) =>
        {
            var body = new JsonObject { ["retire_old"] = RetireOld(call.Get(retire)!, call.Now) }
                .With("expires_at", Times.Future(call.Get(expires), call.Now));
            var path = await call.PathAsync(Kind.Account, call.Get(account), ct);

            call.Output.Secret(await call.Admin.PostOnceAsync($"{path}/secrets/rotate", body, ct), Plain.ShownOnce);
        });
    }

    public static Verb Retire()
    {
        var account = Plain.Which(Kind.Account);
        var secret = SecretCommands.Which();
        var when = new Option<string>("--when")
        {
            Description = $"When it stops: quiet:24h once unused for that long, or {Times.Forms} (now unless given).",
            HelpName = "when",
        };

        return new Verb(
            "retire",
            "Retires a secret: it gets no more tokens, those it got stay good.",
            "countersign secret retire ci 019c4f6e-0000-7000-8000-000000000001 --when 7d")
        {
            account, secret, when,
        }.Does(async (call, ct) =>
        {
            var body = call.Get(when) is { } text and not "now" ? RetireOld(text, call.Now) : [];
            var path = await SecretCommands.PathAsync(call, account, secret, ct);

            call.Output.Answer(await call.Admin.PostAsync($"{path}/retire", body, ct));
        });
    }

    private static JsonObject RetireOld(string text, DateTimeOffset now)
    {
        if (text == "now")
        {
            return new JsonObject { ["now"] = true };
        }

        if (!text.StartsWith(Quiet, StringComparison.Ordinal))
        {
            return new JsonObject { ["at"] = Times.Future(text, now) };
        }

        var hours = Times.Length(text[Quiet.Length..]).TotalHours;

        return hours >= 1 && hours == Math.Floor(hours)
            ? new JsonObject { ["quiet_hours"] = (int)hours }
            : throw CommandFault.Usage("quiet time is counted in whole hours: quiet:24h");
    }
}
