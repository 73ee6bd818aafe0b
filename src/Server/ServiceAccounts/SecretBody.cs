using System.Text.Json.Serialization;
using Countersign.Server.Admin;
using Countersign.Server.Data;

namespace Countersign.Server.ServiceAccounts;

internal sealed record SecretCreate(DateTimeOffset? ExpiresAt = null, string? Hash = null);

internal sealed record SecretPatch
{
    public Patch<DateTimeOffset?> ExpiresAt { get; init; }
}

/// <summary>When the secrets of before stop: at a time, at once, or when they have not been used for some hours.</summary>
internal sealed record RetireOld(DateTimeOffset? At = null, bool? Now = null, int? QuietHours = null);

internal sealed record SecretRotate(RetireOld RetireOld, DateTimeOffset? ExpiresAt = null);

internal sealed record SecretRetire(DateTimeOffset? At = null, int? QuietHours = null);

internal sealed record SecretView(
    Guid Id,
    string? Hint,
    string State,
    string Kind,
    DateTimeOffset CreatedAt,
    DateTimeOffset? ExpiresAt,
    DateTimeOffset? RetiresAt,
    int? RetiresWhenQuietHours,
    DateTimeOffset? LastUsedAt,
    string? LastUsedFrom)
{
    public static SecretView Of(ClientSecretRow row, DateTimeOffset now) => new(
        row.Id,
        row.Hint,
        StateOf(row, now),
        row.Origin,
        row.CreatedAt,
        row.ExpiresAt,
        row.RetiresAt,
        row.RetiresWhenQuietHours,
        row.LastUsedAt,
        row.LastUsedFrom);

    private static string StateOf(ClientSecretRow row, DateTimeOffset now) =>
        row.RetiresAt <= now ? "retired"
        : row.ExpiresAt <= now ? "expired"
        : row.RetiresAt is not null || row.RetiresWhenQuietHours is not null ? "retiring"
        : "active";
}

/// <summary>A secret just made. Its text is in this answer and nowhere else; of an imported one there is none. Previous comes with a rotation.</summary>
internal sealed record NewSecretView(
    Guid Id,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] string? ClientSecret,
    string? Hint,
    string State,
    string Kind,
    DateTimeOffset CreatedAt,
    DateTimeOffset? ExpiresAt,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] SecretView[]? Previous);
