using System.Net;
using System.Net.Http.Headers;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using System.Text.Json;
using Countersign.Cli.Keys;
using Countersign.OAuth;
using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.Time.Testing;

namespace Countersign.Cli.Tests;

public sealed class JwksServeTests : IAsyncDisposable
{
    private readonly TemporaryFolder _folder = new();
    private readonly FakeTimeProvider _time = new(Ran.Now);
    private readonly List<string> _remarks = [];
    private readonly HttpClient _http = new();
    private WebApplication? _app;

    public async ValueTask DisposeAsync()
    {
        await (_app?.DisposeAsync() ?? default);
        _http.Dispose();
        _folder.Dispose();
    }

    [Theory]
    [InlineData("/jwks.json")]
    [InlineData("/.well-known/jwks.json")]
    public async Task Public_halves_are_served_of_whatever_form_the_keys_have(string path)
    {
        using var key = Pair();
        _folder.Write("a.pem", PrivateKeyText.Pem(key));
        _folder.Write("a.jwk", PrivateKeyText.Jwk(key));
        _folder.Write("a-public.pem", PrivateKeyText.PublicPem(key));
        _folder.Write("notes.txt", "not a key");
        await StartAsync();

        using var answer = await _http.GetAsync(Address(path));
        var text = await answer.Content.ReadAsStringAsync();

        Assert.Equal(Encoding.UTF8.GetString(key.PublicJwk), Assert.Single(Keys(text)).GetRawText());
        Assert.Equal(("application/json", "public, max-age=300"), (answer.Content.Headers.ContentType!.MediaType, answer.Headers.CacheControl!.ToString()));
        Assert.Equal(key.Kid, VerificationKeySet.Read(Encoding.UTF8.GetBytes(text), out _)!.Keys.Single().Kid);
    }

    [Fact]
    public async Task A_key_that_is_added_is_published_and_one_that_is_gone_no_longer()
    {
        using var old = Pair();
        using var fresh = Pair();
        var path = _folder.Write("old.pem", PrivateKeyText.Pem(old));
        await StartAsync();
        Assert.Equal([old.Kid], await KidsAsync());

        _folder.Write("new.pem", PrivateKeyText.Pem(fresh));
        _time.Advance(TimeSpan.FromSeconds(1));
        Assert.Equal(new[] { old.Kid, fresh.Kid }.Order(), (await KidsAsync()).Order());

        File.Delete(path);
        _time.Advance(TimeSpan.FromSeconds(1));
        Assert.Equal([fresh.Kid], await KidsAsync());
    }

    [Fact]
    public async Task A_file_that_is_half_written_changes_nothing_until_it_is_whole()
    {
        using var old = Pair();
        using var fresh = Pair();
        _folder.Write("old.pem", PrivateKeyText.Pem(old));
        await StartAsync();
        var text = PrivateKeyText.Pem(fresh);

        _folder.Write("new.pem", text[..60]);
        _time.Advance(TimeSpan.FromSeconds(1));
        Assert.Equal([old.Kid], await KidsAsync());
        Assert.Contains("new.pem", _remarks[^1], StringComparison.Ordinal);
        Assert.DoesNotContain(text[40..60], _remarks[^1], StringComparison.Ordinal);

        _folder.Write("new.pem", text);
        _time.Advance(TimeSpan.FromSeconds(1));
        Assert.Equal(2, (await KidsAsync()).Length);
    }

    [Fact]
    public async Task What_has_not_changed_is_not_sent_again()
    {
        using var key = Pair();
        using var other = Pair();
        _folder.Write("a.pem", PrivateKeyText.Pem(key));
        await StartAsync();
        using var first = await _http.GetAsync(Address());

        Assert.Equal(HttpStatusCode.NotModified, await AskAsync(first.Headers.ETag!));

        _folder.Write("a.pem", PrivateKeyText.Pem(other));
        _time.Advance(TimeSpan.FromSeconds(1));
        Assert.Equal(HttpStatusCode.OK, await AskAsync(first.Headers.ETag!));
    }

    [Fact]
    public async Task Nothing_else_is_there()
    {
        using var key = Pair();
        _folder.Write("a.pem", PrivateKeyText.Pem(key));
        await StartAsync();

        using var file = await _http.GetAsync(Address("/a.pem"));
        using var post = await _http.PostAsync(Address(), null);
        using var head = await _http.SendAsync(new HttpRequestMessage(HttpMethod.Head, Address()));

        Assert.Equal((HttpStatusCode.NotFound, HttpStatusCode.MethodNotAllowed, HttpStatusCode.OK), (file.StatusCode, post.StatusCode, head.StatusCode));
        Assert.Empty(await head.Content.ReadAsByteArrayAsync());
    }

    [Fact]
    public async Task It_speaks_TLS_with_the_certificate_that_is_given()
    {
        using var key = Pair();
        using var pair = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        using var certificate = new CertificateRequest("CN=localhost", pair, HashAlgorithmName.SHA256).CreateSelfSigned(Ran.Now.AddYears(-10), Ran.Now.AddYears(10));
        _folder.Write("a.pem", PrivateKeyText.Pem(key));
        Directory.CreateDirectory(_folder.Path("tls"));
        var files = (_folder.Write("tls/crt", certificate.ExportCertificatePem()), _folder.Write("tls/key", pair.ExportPkcs8PrivateKeyPem()));
        await StartAsync(new Uri("https://127.0.0.1:0"), files);
        using var http = new HttpClient(new SocketsHttpHandler
        {
            SslOptions = { RemoteCertificateValidationCallback = (_, shown, _, _) => shown!.GetCertHashString() == certificate.GetCertHashString() },
        });

        Assert.Equal(key.Kid, Assert.Single(Keys(await http.GetStringAsync(Address()))).GetProperty("kid").GetString());
    }

    [Theory]
    [InlineData("--watch", "FOLDER")]
    [InlineData("--keys", "FOLDER/absent.pem")]
    [InlineData("--keys", "FOLDER/other.jwk", "FOLDER/same-kid.jwk")]
    [InlineData("--keys", "FOLDER/other.jwk", "--listen", "https://127.0.0.1:0")]
    [InlineData("--keys", "FOLDER/other.jwk", "--listen", "http://keys.example.com:80")]
    [InlineData("--keys", "FOLDER/other.jwk", "--tls-key", "x")]
    public async Task What_cannot_be_served_is_refused_at_the_start(params string[] args)
    {
        using var one = SigningKey.Create(SigningAlgorithm.ByName("ES256")!, kid: "k");
        using var two = SigningKey.Create(SigningAlgorithm.ByName("ES256")!, kid: "k");
        var folder = new DirectoryInfo(_folder.Path("."));
        Directory.CreateDirectory(_folder.Path("empty"));
        _folder.Write("other.jwk", Encoding.UTF8.GetString(one.PublicJwk));
        _folder.Write("same-kid.jwk", Encoding.UTF8.GetString(two.PublicJwk));
        var place = args[0] == "--watch" ? _folder.Path("empty") : folder.FullName;

        var ran = await Ran.WithAsync([], "", ["jwks", "serve", .. args.Select(arg => arg.Replace("FOLDER", place, StringComparison.Ordinal))]);

        Assert.Equal(2, ran.Code);
        Assert.DoesNotContain("ready", ran.Out, StringComparison.Ordinal);
    }

    private static SigningKey Pair() => SigningKey.Create(SigningAlgorithm.ByName("ES256")!);

    private static JsonElement.ArrayEnumerator Keys(string text) => JsonElement.Parse(text).GetProperty("keys").EnumerateArray();

    private async Task StartAsync(Uri? listen = null, (string, string)? tls = null)
    {
        var keys = new PublishedKeys([], _folder.Path("."), _time, _remarks.Add);
        keys.Current();
        _app = new JwksHost(keys, TimeSpan.FromMinutes(5)).Build(listen ?? new Uri("http://127.0.0.1:0"), tls, _time);
        await _app.StartAsync();
    }

    private string Address(string path = "/jwks.json") => _app!.Urls.Single() + path;

    private async Task<string[]> KidsAsync() =>
        [.. Keys(await _http.GetStringAsync(Address())).Select(key => key.GetProperty("kid").GetString()!)];

    private async Task<HttpStatusCode> AskAsync(EntityTagHeaderValue known)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, Address());
        request.Headers.IfNoneMatch.Add(known);
        using var answer = await _http.SendAsync(request);

        return answer.StatusCode;
    }
}
