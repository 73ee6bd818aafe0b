using Countersign.OAuth;
using Countersign.Server.Admin;
using Countersign.Server.Data;
using Microsoft.AspNetCore.Http;
using Microsoft.EntityFrameworkCore;

namespace Countersign.Server.ServiceAccounts;

/// <summary>The rules of client secrets: how many, how long, how they go.</summary>
internal sealed class ClientSecrets(Db db, Safeguards safeguards, MethodSwitch method)
{
    /// <summary>Secrets that one account may have in use at a time.</summary>
    public const int MostInUse = 10;

    public sealed record Made(ClientSecretRow Row, Secret? Secret);

    public sealed record Found(ServiceAccountRow Account, ClientSecretRow Secret);

    public sealed record ExpiresAt(DateTimeOffset At);

    public async Task<Outcome<ServiceAccountRow>> AccountAsync(AdminCaller caller, Guid id, CancellationToken ct)
    {
        if (await ServiceAccountRoutes.Visible(db, caller, "credentials.write").AsNoTracking().SingleOrDefaultAsync(a => a.Id == id, ct) is not { } account)
        {
            return Refusal.NotFound("service account");
        }

        return await safeguards.AgainstCredentialAsync(caller, id, ct) is { } refusal ? refusal : account;
    }

    public async Task<Outcome<Found>> FindAsync(AdminCaller caller, HttpContext http, Guid id, Guid secretId, CancellationToken ct)
    {
        if (!(await AccountAsync(caller, id, ct)).Is(out var account, out var refusal))
        {
            return refusal;
        }

        if (await db.ClientSecrets.SingleOrDefaultAsync(s => s.Id == secretId && s.AccountId == id, ct) is not { } secret)
        {
            return Refusal.NotFound("secret");
        }

        return Precondition.Check(http, caller, secret) is { } stale ? stale : new Found(account, secret);
    }

    public async Task<Outcome<Made>> NewAsync(AdminCaller caller, ServiceAccountRow account, SecretCreate body, CancellationToken ct)
    {
        if (!Expiry(caller, body.ExpiresAt, caller.Now).Is(out var expiry, out var refusal))
        {
            return refusal;
        }

        if (await method.ToSecretAsync(caller, account, ct) is { } otherMethod)
        {
            return otherMethod;
        }

        var inUse = await db.ClientSecrets.CountAsync(
            s => s.AccountId == account.Id && (s.RetiresAt == null || s.RetiresAt > caller.Now) && (s.ExpiresAt == null || s.ExpiresAt > caller.Now), ct);

        if (inUse >= MostInUse)
        {
            return Refusal.Conflict($"the account has {inUse} secrets in use, the most that it may: retire or delete one first");
        }

        var row = new ClientSecretRow
        {
            Id = Guid.CreateVersion7(caller.Now),
            TenantId = caller.TenantId,
            AccountId = account.Id,
            Hash = "",
            Origin = body.Hash is null ? "generated" : "imported",
            CreatedAt = caller.Now,
            ExpiresAt = expiry.At,
        };
        db.ClientSecrets.Add(row);

        if (body.Hash is { } imported)
        {
            if (ImportedHashFault(imported) is { } fault)
            {
                return Refusal.Invalid("hash", fault);
            }

            row.Hash = imported;

            return new Made(row, null);
        }

        var secret = GeneratedSecret.Create(GeneratedSecret.ClientSecret);
        row.Hash = SecretHash.Create(secret).Stored;
        row.Hint = GeneratedSecret.Hint(secret);

        return new Made(row, secret);
    }

    /// <summary>Sets the end of all other secrets in use; one that was to end sooner stays with that.</summary>
    public async Task<Outcome<List<ClientSecretRow>>> RetireOthersAsync(
        AdminCaller caller, ServiceAccountRow account, ClientSecretRow kept, RetireOld when, CancellationToken ct)
    {
        var others = await db.ClientSecrets
            .Where(s => s.AccountId == account.Id && s.Id != kept.Id && (s.RetiresAt == null || s.RetiresAt > caller.Now))
            .OrderBy(s => s.Id)
            .ToListAsync(ct);

        if (Check(when, caller) is { } fault)
        {
            return fault;
        }

        foreach (var other in others.Where(o => o.RetiresAt is null || when.Now == true || when.At < o.RetiresAt))
        {
            Retire(caller, other, when);
        }

        return others;
    }

    /// <summary>What has ended stays ended: whoever kept it could use it again.</summary>
    public static Outcome<ClientSecretRow> InUse(AdminCaller caller, ClientSecretRow secret) =>
        secret.RetiresAt <= caller.Now ? Refusal.Conflict("the secret is retired: make a new one")
        : secret.ExpiresAt <= caller.Now ? Refusal.Conflict("the secret has expired: make a new one")
        : secret;

    public static Refusal? Retire(AdminCaller caller, ClientSecretRow secret, RetireOld when)
    {
        if (Check(when, caller) is { } fault)
        {
            return fault;
        }

        secret.RetiresAt = when.Now == true ? caller.Now : when.At;
        secret.RetiresWhenQuietHours = when.QuietHours;
        secret.QuietSince = when.QuietHours is null ? null : caller.Now;

        return null;
    }

    /// <summary>When a secret ends: as asked, within the tenant's longest life; where nothing is asked, that.</summary>
    public static Outcome<ExpiresAt> Expiry(AdminCaller caller, DateTimeOffset? asked, DateTimeOffset madeAt)
    {
        var latest = madeAt.AddDays(caller.Snapshot.MaxSecretLifetimeDays);

        return asked is null && latest > caller.Now ? new ExpiresAt(latest)
            : asked is null || asked <= caller.Now ? Refusal.Invalid("expires_at", "must be ahead")
            : asked > latest.AddMinutes(5) ? Refusal.Invalid("expires_at", $"must be within {caller.Snapshot.MaxSecretLifetimeDays} days, the tenant's longest life of a secret")
            : new ExpiresAt(asked.Value.ToUniversalTime());
    }

    /// <summary>What is wrong with a hash made elsewhere, or null.</summary>
    public static string? ImportedHashFault(string hash) =>
        SecretHash.TryParse(hash, out var parsed) && parsed.IsSlow
            ? null
            : "must be a hash of PBKDF2 ($pbkdf2-sha256$… or $pbkdf2-sha512$…), bcrypt ($2a$…, $2b$…, $2y$…) or Argon2id ($argon2id$…)";

    private static Refusal? Check(RetireOld when, AdminCaller caller)
    {
        if ((when.At is null ? 0 : 1) + (when.Now == true ? 1 : 0) + (when.QuietHours is null ? 0 : 1) != 1)
        {
            return Refusal.Invalid("retire_old", "is one of at, now: true, quiet_hours");
        }

        return when.QuietHours is < 1 or > 24 * 365 ? Refusal.Invalid("quiet_hours", "must be from 1 to 8760")
            : when.At <= caller.Now ? Refusal.Invalid("at", "must be ahead; for at once use now: true")
            : null;
    }
}
