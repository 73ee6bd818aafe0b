using System.CommandLine;
using System.Globalization;

namespace Countersign.Cli.Commands;

internal static class ReportCommands
{
    private static readonly Column[] Secrets =
    [
        new("EXPIRES", "expires_at"), new("CLIENT ID", "client_id", "account"), new("HINT", "hint"), new("SECRET", "secret"),
    ];

    private static readonly Column[] Keys =
    [
        new("EXPIRES", "expires_at"), new("CLIENT ID", "client_id", "account"), new("KID", "kid"), new("KEY", "key"),
    ];

    private static readonly Column[] Relaxed =
    [
        new("CLIENT ID", "client_id", "account"), new("AUDIENCE", "audience"), new("JTI REQUIRED", "require_jti"),
    ];

    public static Noun Noun() => new("report", "Reports what needs attention.", "countersign report expiring-secrets")
    {
        Expiring("expiring-secrets", "Lists the secrets that expire soon.", Secrets),
        Expiring("expiring-keys", "Lists the public keys of accounts that expire soon.", Keys),
        RelaxedAssertions(),
    };

    private static Verb Expiring(string report, string description, Column[] columns)
    {
        var within = new Option<string>("--within") { Description = "How far to look ahead, in whole days: 30d.", HelpName = "length" };
        var paging = new Paging();

        return new Verb(report, description, $"countersign report {report} --within 14d")
        {
            within, paging.Options,
        }.Does((call, ct) =>
        {
            var days = call.Get(within) is { } text
                ? Math.Ceiling(Times.Length(text).TotalDays).ToString(CultureInfo.InvariantCulture)
                : null;

            return paging.ShowAsync(call, $"reports/{report}", new Query { ["within_days"] = days }, columns, ct);
        });
    }

    private static Verb RelaxedAssertions()
    {
        var paging = new Paging();

        return new Verb(
            "relaxed-assertions",
            "Lists the accounts whose assertions may name the token endpoint as audience, or come without jti.",
            "countersign report relaxed-assertions")
        {
            paging.Options,
        }.Does((call, ct) => paging.ShowAsync(call, "reports/relaxed-assertions", [], Relaxed, ct));
    }
}
