using System.Collections.Concurrent;
using System.Globalization;
using System.Net;
using Countersign.Server.Data;

namespace Countersign.Server.Audit;

/// <summary>
/// How many refusals of one address are kept one by one in a minute. What is beyond is kept as a number, so that a flood of bad requests
/// fills neither the disk nor the writer's time.
/// </summary>
internal sealed class RefusalBudget(TimeProvider time)
{
    /// <summary>Refusals of one address that are kept whole in one minute.</summary>
    public const int PerMinute = 300;

    private const int Addresses = 10_000;

    private ConcurrentDictionary<(Guid Tenant, IPAddress Source), Tally> _tallies = new();
    private long _minute = time.GetUtcNow().ToUnixTimeSeconds() / 60;

    public bool Take(Guid tenant, IPAddress source)
    {
        var tallies = _tallies;

        if (!tallies.TryGetValue((tenant, source), out var tally))
        {
            // With very many addresses the rest share one tally.
            var key = tallies.Count < Addresses ? (tenant, source) : (tenant, IPAddress.Any);
            tally = tallies.GetOrAdd(key, static _ => new Tally());
        }

        return Interlocked.Increment(ref tally.Count) <= PerMinute;
    }

    /// <summary>Begins a new minute when it is time; returns an event for each address that went over.</summary>
    public IEnumerable<AuditEventRow> TurnOver()
    {
        var now = time.GetUtcNow();
        var minute = now.ToUnixTimeSeconds() / 60;

        if (minute == _minute)
        {
            return [];
        }

        _minute = minute;
        var ended = Interlocked.Exchange(ref _tallies, new());

        return ended.Where(t => t.Value.Count > PerMinute).Select(t =>
        {
            var row = AuditEvents.Change(
                "refusals.suppressed",
                t.Key.Tenant,
                now,
                null,
                string.Create(CultureInfo.InvariantCulture, $"{t.Value.Count - PerMinute} refusals within a minute, beyond the {PerMinute} kept one by one"));
            row.Source = t.Key.Source.ToString();
            row.Outcome = "refused";

            return row;
        });
    }

    private sealed class Tally
    {
        public int Count;
    }
}
