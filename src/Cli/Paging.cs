using System.CommandLine;
using System.Text.Json;

namespace Countersign.Cli;

/// <summary>The options of every list, and how a list is shown.</summary>
internal sealed class Paging
{
    private readonly Option<int?> _limit = new("--limit") { Description = "How many to show at most (50 unless said).", HelpName = "n" };
    private readonly Option<bool> _all = new("--all") { Description = "Show all, page after page." };
    private readonly Option<string> _cursor = new("--cursor") { Description = "Go on where the page before ended.", HelpName = "cursor" };

    public IEnumerable<Option> Options
    {
        get
        {
            _limit.Validators.Add(result =>
            {
                if (result.Tokens is [{ Value: var text }] && (!int.TryParse(text, out var limit) || limit < 1))
                {
                    result.AddError("--limit is a number above 0");
                }
            });

            return [_limit, _all, _cursor];
        }
    }

    public Task ShowAsync(Call call, Kind kind, CancellationToken ct) => ShowAsync(call, kind.Path, [], kind.Columns, ct);

    public async Task ShowAsync(Call call, string path, Query filters, Column[] columns, CancellationToken ct)
    {
        var limit = call.Get(_limit);
        var pages = call.Admin.PagesAsync(path, filters, Math.Min(limit ?? Size(call), AdminClient.LargestPage), call.Get(_cursor), ct);

        if (call.Get(_all) || limit > AdminClient.LargestPage)
        {
            await call.Output.ListAsync(ItemsAsync(pages, limit ?? int.MaxValue), columns);

            return;
        }

        await foreach (var page in pages)
        {
            call.Output.Page(page, columns);

            break;
        }
    }

    private int Size(Call call) => call.Get(_all) ? AdminClient.LargestPage : 50;

    private static async IAsyncEnumerable<JsonElement> ItemsAsync(IAsyncEnumerable<JsonElement> pages, int limit)
    {
        await foreach (var page in pages)
        {
            foreach (var item in Json.Items(page, "items"))
            {
                yield return item;

                if (--limit == 0)
                {
                    yield break;
                }
            }
        }
    }
}
