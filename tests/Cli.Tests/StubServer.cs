using System.Net;
using System.Text;
using System.Text.Json.Nodes;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Hosting;

namespace Countersign.Cli.Tests;

/// <summary>A request as it arrived.</summary>
internal sealed record Seen(string Method, string Target, string Body, string? Authorization, string? IfMatch, string? Key)
{
    public JsonNode Json => JsonNode.Parse(Body)!;
}

/// <summary>An HTTP server that gives prepared answers, and tokens to whoever asks.</summary>
internal sealed class StubServer : IAsyncDisposable
{
    private readonly WebApplication _app;
    private readonly Dictionary<string, Func<Seen, (int Status, string Body)>> _answers = [];
    private readonly Dictionary<string, string> _headers = [];

    public StubServer()
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.WebHost.ConfigureKestrel(kestrel => kestrel.Listen(IPAddress.Loopback, 0));
        _app = builder.Build();
        _app.Run(AnswerAsync);
        _app.Start();
        Issuer = _app.Urls.Single();

        On("GET /.well-known/oauth-authorization-server", $$"""{"issuer":"{{Issuer}}","token_endpoint":"{{Issuer}}/oauth2/token"}""");
        On("POST /oauth2/token", """{"access_token":"the-token","token_type":"Bearer","expires_in":3600}""");
    }

    /// <summary>In place of a status: the connection breaks before the answer.</summary>
    public const int Lost = 0;

    public string Issuer { get; }

    public List<Seen> Requests { get; } = [];

    /// <summary>Those for the Admin API: what a test is about.</summary>
    public IEnumerable<Seen> Calls => Requests.Where(seen => seen.Target.StartsWith("/admin/", StringComparison.Ordinal));

    public void On(string request, string body, int status = 200) => _answers[request] = _ => (status, body);

    public void On(string request, Func<Seen, (int Status, string Body)> answer) => _answers[request] = answer;

    public void Header(string name, string value) => _headers[name] = value;

    public ValueTask DisposeAsync() => _app.DisposeAsync();

    private async Task AnswerAsync(HttpContext http)
    {
        using var reader = new StreamReader(http.Request.Body, Encoding.UTF8);
        var seen = new Seen(
            http.Request.Method,
            http.Request.Path + http.Request.QueryString.Value,
            await reader.ReadToEndAsync(),
            http.Request.Headers.Authorization,
            http.Request.Headers.IfMatch,
            http.Request.Headers["Idempotency-Key"]);
        Requests.Add(seen);

        var answer = _answers.GetValueOrDefault($"{seen.Method} {http.Request.Path}");
        var (status, body) = answer?.Invoke(seen) ?? (404, """{"title":"Not Found","status":404}""");

        if (status == Lost)
        {
            http.Abort();

            return;
        }

        foreach (var (name, value) in _headers)
        {
            http.Response.Headers[name] = value;
        }

        http.Response.StatusCode = status;

        if (status != 204)
        {
            await http.Response.WriteAsync(body);
        }
    }
}
