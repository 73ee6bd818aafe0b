using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using Countersign.OAuth;
using Countersign.Server.Hosting;
using Countersign.Server.Keys;
using Microsoft.AspNetCore.Http;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;

namespace Countersign.Server.Admin;

internal sealed record Page<T>(IReadOnlyList<T> Items, string? NextCursor);

/// <summary>The query does not fit; its text is for the caller.</summary>
internal sealed class InvalidQueryException(string detail) : BadHttpRequestException(detail, StatusCodes.Status400BadRequest);

/// <summary>
/// Where a list goes on. The cursor names the last item seen and is authenticated under a key of this list alone: of its tenant, path and
/// filter. It opens nothing and fits no other list (R221).
/// </summary>
internal sealed class PageRequest
{
    private const int Most = 200;
    private const int MacLength = 16;

    private readonly byte[] _key;

    private PageRequest(int limit, string? after, byte[] key) => (Limit, After, _key) = (limit, after, key);

    public int Limit { get; }

    /// <summary>The position behind which the page begins; null at the start.</summary>
    public string? After { get; }

    public Guid AfterId => After is null ? Guid.Empty : Guid.Parse(After, CultureInfo.InvariantCulture);

    public static ValueTask<PageRequest> BindAsync(HttpContext http)
    {
        var query = http.Request.Query;
        var limit = 50;

        if (query["limit"] is [var text] && (!int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out limit) || limit is < 1 or > Most))
        {
            throw new InvalidQueryException($"limit must be a number from 1 to {Most}");
        }

        var key = KeyOf(http);

        return new(new PageRequest(limit, Open(query["cursor"].ToString(), key), key));
    }

    /// <summary>Takes one row more than the page holds, to know whether there is another.</summary>
    public async Task<Page<TItem>> ReadAsync<TRow, TItem>(
        IQueryable<TRow> ordered, Func<TRow, TItem> show, Func<TRow, string> position, CancellationToken ct)
    {
        var rows = await ordered.Take(Limit + 1).ToListAsync(ct);
        var more = rows.Count > Limit;

        return new Page<TItem>([.. rows.Take(Limit).Select(show)], more ? Seal(position(rows[Limit - 1])) : null);
    }

    private string Seal(string position)
    {
        var bytes = Encoding.UTF8.GetBytes(position);

        return StrictBase64Url.Encode([.. Mac(bytes, _key), .. bytes]);
    }

    private static string? Open(string cursor, byte[] key)
    {
        if (cursor.Length == 0)
        {
            return null;
        }

        var bytes = new byte[cursor.Length];

        return cursor.Length <= 512
            && StrictBase64Url.TryDecode(Encoding.UTF8.GetBytes(cursor), bytes, out var length)
            && length > MacLength
            && CryptographicOperations.FixedTimeEquals(bytes.AsSpan(0, MacLength), Mac(bytes.AsSpan(MacLength, length - MacLength), key))
            ? Encoding.UTF8.GetString(bytes, MacLength, length - MacLength)
            : throw new InvalidQueryException("the cursor is not one of this list: begin without it");
    }

    // As JSON, so that no value of a filter can pass for the end of it and the beginning of another.
    private static byte[] KeyOf(HttpContext http)
    {
        var filter = http.Request.Query.Where(q => q.Key is not ("limit" or "cursor")).OrderBy(q => q.Key, StringComparer.Ordinal).SelectMany(q => new[] { q.Key, q.Value.ToString() });
        string[] list = [http.GetTenant().Id.ToString(), http.Request.Path, .. filter];

        return HMACSHA256.HashData(http.RequestServices.GetRequiredService<CursorKey>().Bytes, JsonSerializer.SerializeToUtf8Bytes(list));
    }

    private static byte[] Mac(ReadOnlySpan<byte> position, byte[] key) => HMACSHA256.HashData(key, position)[..MacLength];
}

/// <summary>Authenticates cursors; the same on all nodes.</summary>
internal sealed class CursorKey(MasterKey master)
{
    public byte[] Bytes { get; } = master.Derive("admin cursor");
}
