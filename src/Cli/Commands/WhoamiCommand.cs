namespace Countersign.Cli.Commands;

internal static class WhoamiCommand
{
    public static Verb Verb() =>
        new Verb("whoami", "Shows as whom this program speaks to the server, and what it may do.", "countersign whoami")
            .Does(async (call, ct) => call.Output.Answer((await call.Admin.GetAsync("whoami", ct)).Body));
}
