using System.Text.Json;

namespace Countersign.Server.Tests.Framework;

/// <summary>What came back, read whole.</summary>
internal sealed class Answer
{
    private readonly Lazy<JsonElement> _json;

    private Answer(int status, string body, IReadOnlyDictionary<string, string> headers)
    {
        (Status, Body, Headers) = (status, body, headers);
        _json = new Lazy<JsonElement>(() => JsonDocument.Parse(body).RootElement);
    }

    public int Status { get; }

    public string Body { get; }

    /// <summary>All headers, of the content too, by name in any case.</summary>
    public IReadOnlyDictionary<string, string> Headers { get; }

    public JsonElement Json => _json.Value;

    public string this[string member] => Json.GetProperty(member).ToString();

    /// <summary>The trace id at the end of an error description, or of a problem.</summary>
    public string Trace =>
        Json.TryGetProperty("trace_id", out var trace)
            ? trace.GetString()!
            : this["error_description"].Split("(trace ")[1].TrimEnd(')');

    /// <summary>The one answer that came over a socket.</summary>
    public static Answer Of(RawAnswer raw)
    {
        var headers = raw.Head.Split("\r\n").Skip(1).Select(line => line.Split(": ", 2)).ToLookup(h => h[0], h => h[1], StringComparer.OrdinalIgnoreCase);

        return new Answer(raw.Status, raw.Body, headers.ToDictionary(h => h.Key, h => string.Join(", ", h), StringComparer.OrdinalIgnoreCase));
    }

    public static async Task<Answer> ReadAsync(HttpResponseMessage response)
    {
        var headers = response.Headers.Concat(response.Content.Headers)
            .ToDictionary(h => h.Key, h => string.Join(", ", h.Value), StringComparer.OrdinalIgnoreCase);

        return new Answer((int)response.StatusCode, await response.Content.ReadAsStringAsync(), headers);
    }
}
