using Microsoft.EntityFrameworkCore;

namespace Countersign.Server.Data;

/// <summary>
/// The one way in which a change is saved: the rows, the audit event and the entries of the change feed in one transaction; then
/// the caches of this node are told, before the caller hears of success.
/// </summary>
internal sealed class Store(IDbContextFactory<Db> contexts, DatabaseEngine engine, ChangeFeed feed, TimeProvider time)
{
    public Db Open() => contexts.CreateDbContext();

    public DatabaseEngine Engine => engine;

    /// <exception cref="DbUpdateConcurrencyException">Another change of the same row came first.</exception>
    /// <exception cref="DbUpdateException">A constraint of the database refused it.</exception>
    public Task CommitAsync(Db db, AuditEventRow auditEvent, CancellationToken ct) => CommitAsync(db, auditEvent, _ => Task.CompletedTask, ct);

    /// <param name="first">Runs inside the transaction before the rows are written; what it throws leaves everything as it was.</param>
    /// <inheritdoc cref="CommitAsync(Db, AuditEventRow, CancellationToken)"/>
    public async Task CommitAsync(Db db, AuditEventRow auditEvent, Func<Db, Task> first, CancellationToken ct)
    {
        var now = time.GetUtcNow();
        var changes = new HashSet<(Guid Tenant, ChangeKind Kind, Guid Id)>();

        foreach (var entry in db.ChangeTracker.Entries().ToList())
        {
            if (entry.State is not (EntityState.Added or EntityState.Modified or EntityState.Deleted))
            {
                continue;
            }

            if (entry is { State: EntityState.Modified, Entity: IVersioned versioned })
            {
                versioned.Version++;
            }

            if (entry.Entity is IFed fed)
            {
                changes.Add((fed.TenantId, fed.Kind, fed.FedId));
            }
        }

        db.AuditEvents.Add(auditEvent);
        var rows = changes.Select(c => new ChangeRow { TenantId = c.Tenant, Kind = c.Kind, EntityId = c.Id, At = now }).ToList();

        using (await engine.WriteTurnAsync(ct))
        {
            await using var transaction = await db.Database.BeginTransactionAsync(ct);
            db.Committing = true;

            try
            {
                await first(db);
                await db.SaveChangesAsync(ct);

                if (rows.Count > 0)
                {
                    await AppendAsync(db, rows, ct);
                }

                await transaction.CommitAsync(ct);
            }
            finally
            {
                db.Committing = false;
            }
        }

        // It is committed: that the caller has gone meanwhile changes nothing for this node's memory.
        await feed.ApplyOwnAsync(rows, CancellationToken.None);
    }

    /// <summary>For bookkeeping that no cache holds and no audit names: roll-ups, audit events themselves, clean-up.</summary>
    public async Task RecordAsync(Func<Db, Task> write, CancellationToken ct)
    {
        await using var db = Open();

        using (await engine.WriteTurnAsync(ct))
        {
            await using var transaction = await db.Database.BeginTransactionAsync(ct);
            db.Committing = true;

            try
            {
                await write(db);
                await transaction.CommitAsync(ct);
            }
            finally
            {
                db.Committing = false;
            }
        }
    }

    private async Task AppendAsync(Db db, List<ChangeRow> rows, CancellationToken ct)
    {
        // The head row is locked last in the transaction and until it ends, so numbers follow the order of commit and have no gaps:
        // a reader that has seen n has seen all before n.
        var head = await db.Database
            .SqlQuery<long>($"""UPDATE change_head SET seq = seq + {rows.Count} WHERE id = 1 RETURNING seq AS "Value" """)
            .ToListAsync(ct);
        var seq = head[0] - rows.Count;

        foreach (var row in rows)
        {
            row.Seq = ++seq;
            db.Changes.Add(row);
        }

        await db.SaveChangesAsync(ct);
        await engine.AnnounceAsync(db, ct);
    }
}
