using System.CommandLine;
using System.Globalization;

namespace Countersign.Cli.Commands;

internal static class ReportCommands
{
    private static readonly Column[] Columns =
    [
        new("EXPIRES", "expires_at"), new("CLIENT ID", "client_id", "account"), new("HINT", "hint"), new("SECRET", "secret"),
    ];

    public static Noun Noun() => new("report", "Reports what needs attention.", "countersign report expiring-secrets")
    {
        ExpiringSecrets(),
    };

    private static Verb ExpiringSecrets()
    {
        var within = new Option<string>("--within") { Description = "How far to look ahead, in whole days: 30d.", HelpName = "length" };
        var paging = new Paging();

        return new Verb("expiring-secrets", "Lists the secrets that expire soon.", "countersign report expiring-secrets --within 14d")
        {
            within, paging.Options,
        }.Does((call, ct) =>
        {
            var days = call.Get(within) is { } text
                ? Math.Ceiling(Times.Length(text).TotalDays).ToString(CultureInfo.InvariantCulture)
                : null;

            return paging.ShowAsync(call, "reports/expiring-secrets", new Query { ["within_days"] = days }, Columns, ct);
        });
    }
}
