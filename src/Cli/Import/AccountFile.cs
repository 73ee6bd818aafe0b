using System.Runtime.CompilerServices;
using System.Text.Json.Nodes;

namespace Countersign.Cli.Import;

/// <summary>A file of accounts, read through once to check it and once more to send it, so that it need not fit in memory.</summary>
internal sealed class AccountFile(string path, Call call)
{
    private const int ReportedFaults = 20;

    private readonly Dictionary<string, string> _owners = [];

    /// <summary>Counts the accounts; one bad line refuses the whole file, before anything is sent.</summary>
    public async Task<int> CheckAsync(CancellationToken ct)
    {
        var count = 0;
        List<string> faults = [];
        Dictionary<string, int> lines = [];

        await foreach (var line in AccountLine.ReadAsync(path, ct))
        {
            count++;

            if (line.Fault is { } fault)
            {
                faults.Add($"line {line.Number} {fault}");
            }
            else if (!lines.TryAdd(line.ClientId, line.Number))
            {
                faults.Add($"line {line.Number} has the client_id of line {lines[line.ClientId]}");
            }
            else
            {
                await ResolveOwnerAsync(line, ct);
            }

            if (faults.Count >= ReportedFaults)
            {
                break;
            }
        }

        return faults is [] ? count : throw CommandFault.Usage($"{path}: nothing was imported\n" + string.Join('\n', faults));
    }

    public async IAsyncEnumerable<AccountLine> LinesAsync(
        [EnumeratorCancellation] CancellationToken ct)
    {
        await foreach (var line in AccountLine.ReadAsync(path, ct))
        {
            if (line.Fault is not null)
            {
                throw CommandFault.Usage($"{path} has changed while it was imported: line {line.Number} {line.Fault}");
            }

            await ResolveOwnerAsync(line, ct);

            yield return line;
        }
    }

    /// <summary>The file may say names; the server takes ids.</summary>
    private async Task ResolveOwnerAsync(AccountLine line, CancellationToken ct)
    {
        if (line.Account!["owner"] is not JsonObject owner)
        {
            return;
        }

        var (kind, name) = owner.Select(member => (member.Key, AccountRules.Text(member.Value)!)).Single();

        if (!_owners.TryGetValue($"{kind} {name}", out var id))
        {
            try
            {
                id = await call.IdAsync(kind == "group" ? Kind.Group : Kind.Organization, name, ct);
            }
            catch (CommandFault fault) when (fault.Problem is null && fault.Code != ExitCode.Unreachable)
            {
                throw CommandFault.Usage($"{path}: nothing was imported\nline {line.Number}: {fault.Message}");
            }

            _owners[$"{kind} {name}"] = id;
        }

        owner[kind] = id;
    }
}
