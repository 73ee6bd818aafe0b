using System.Net;
using System.Net.Http.Headers;
using System.Runtime.CompilerServices;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace Countersign.Cli;

/// <summary>What the Admin API answered, and the version of it for <c>If-Match</c>.</summary>
internal sealed record Answer(JsonElement Body, EntityTagHeaderValue? Version);

/// <summary>The Admin API over HTTP.</summary>
internal sealed class AdminClient(HttpClient http, string server, AdminToken? token, TimeProvider time) : IDisposable
{
    public const int LargestPage = 200;
    private const int Tries = 4;

    private static readonly TimeSpan LongestWait = TimeSpan.FromSeconds(30);

    public static AdminClient For(Profile profile, TimeProvider time)
    {
        var http = Wire.NewClient();

        return new AdminClient(http, profile.Server, new AdminToken(http, profile, time), time);
    }

    /// <summary>For the one call that needs no token.</summary>
    public static AdminClient Anonymous(string server, TimeProvider time) => new(Wire.NewClient(), server, null, time);

    public Task<Answer> GetAsync(string path, CancellationToken ct) => SendAsync(new Ask(HttpMethod.Get, path, null), ct);

    public async Task<JsonElement> PostAsync(string path, JsonObject? body, CancellationToken ct) =>
        (await SendAsync(new Ask(HttpMethod.Post, path, body), ct)).Body;

    /// <summary>Creates something with a secret: should the answer be lost on its way, asking again brings the same answer.</summary>
    public async Task<JsonElement> PostOnceAsync(string path, JsonObject body, CancellationToken ct) =>
        (await SendAsync(new Ask(HttpMethod.Post, path, body) { Key = $"{Guid.CreateVersion7(time.GetUtcNow())}" }, ct)).Body;

    public async Task<JsonElement> PatchAsync(string path, JsonObject body, CancellationToken ct, EntityTagHeaderValue? version = null) =>
        (await SendAsync(new Ask(HttpMethod.Patch, path, body) { Version = version }, ct)).Body;

    public async Task<JsonElement> PutAsync(string path, JsonObject body, CancellationToken ct) =>
        (await SendAsync(new Ask(HttpMethod.Put, path, body), ct)).Body;

    public async Task<JsonElement> DeleteAsync(string path, CancellationToken ct) =>
        (await SendAsync(new Ask(HttpMethod.Delete, path, null), ct)).Body;

    /// <summary>The answer, or nothing where the server knows no such thing.</summary>
    public async Task<JsonElement?> TryGetAsync(string path, CancellationToken ct)
    {
        try
        {
            return (await GetAsync(path, ct)).Body;
        }
        catch (CommandFault fault) when (fault.Problem?.Status == HttpStatusCode.NotFound)
        {
            return null;
        }
    }

    /// <summary>The pages of a list, each as the server sent it.</summary>
    public async IAsyncEnumerable<JsonElement> PagesAsync(
        string path, Query query, int size, string? cursor, [EnumeratorCancellation] CancellationToken ct)
    {
        do
        {
            var page = (await GetAsync(path + new Query(query) { ["limit"] = $"{size}", ["cursor"] = cursor }, ct)).Body;
            yield return page;

            var next = Json.Text(page, "next_cursor");
            cursor = next is null || next != cursor
                ? next
                : throw CommandFault.Refused("the server's list does not end: its next cursor is the one just sent");
        }
        while (cursor is not null);
    }

    public async IAsyncEnumerable<JsonElement> ItemsAsync(string path, Query query, [EnumeratorCancellation] CancellationToken ct)
    {
        await foreach (var page in PagesAsync(path, query, LargestPage, null, ct))
        {
            foreach (var item in Json.Items(page, "items"))
            {
                yield return item;
            }
        }
    }

    public void Dispose()
    {
        token?.Dispose();
        http.Dispose();
    }

    private async Task<Answer> SendAsync(Ask ask, CancellationToken ct)
    {
        for (var attempt = 1; ; attempt++)
        {
            using var request = await RequestAsync(ask, ct);
            using var response = await ExchangeAsync(request, ask.Key is not null && attempt == 1, ct);

            if (response is null)
            {
                continue;
            }

            var answer = await Wire.ReadJsonAsync(response, ct);

            if (response.IsSuccessStatusCode)
            {
                // A deletion has nothing to say, which is still one document.
                return new Answer(answer ?? JsonElement.Parse("{}"), response.Headers.ETag);
            }

            // The tenant asks for a version with every change; the caller named the fields to change, so the latest will do.
            if (response.StatusCode == HttpStatusCode.PreconditionRequired && ask.Version is null && attempt < Tries)
            {
                ask = ask with { Version = (await GetAsync(ask.Path, ct)).Version };
            }
            else if (attempt >= Tries || !await WaitedAsync(response, ct))
            {
                throw Problem.Of(response.StatusCode, answer).Fault();
            }
        }
    }

    private async Task<HttpResponseMessage?> ExchangeAsync(HttpRequestMessage request, bool maySendAgain, CancellationToken ct)
    {
        try
        {
            return await Wire.SendAsync(http, request, ct);
        }
        catch (CommandFault fault) when (maySendAgain && fault.Code == ExitCode.Unreachable)
        {
            return null;
        }
    }

    private async Task<HttpRequestMessage> RequestAsync(Ask ask, CancellationToken ct)
    {
        var request = new HttpRequestMessage(ask.Method, $"{server}/admin/v1/{ask.Path}")
        {
            Content = ask.Body is null ? null : Wire.JsonBody(ask.Body),
        };

        if (token is not null)
        {
            request.Headers.Authorization = await token.HeaderAsync(ct);
        }

        if (ask.Version is not null)
        {
            request.Headers.IfMatch.Add(ask.Version);
        }

        if (ask.Key is not null)
        {
            request.Headers.Add("Idempotency-Key", ask.Key);
        }

        return request;
    }

    /// <summary>A busy server that says when to come back has done nothing yet, so any request may be sent again.</summary>
    private async Task<bool> WaitedAsync(HttpResponseMessage response, CancellationToken ct)
    {
        if (response.StatusCode is not (HttpStatusCode.TooManyRequests or HttpStatusCode.ServiceUnavailable)
            || response.Headers.RetryAfter?.Delta is not { } wait
            || wait > LongestWait)
        {
            return false;
        }

        await Task.Delay(wait, time, ct);

        return true;
    }

    private sealed record Ask(HttpMethod Method, string Path, JsonObject? Body)
    {
        public EntityTagHeaderValue? Version { get; init; }

        public string? Key { get; init; }
    }
}
