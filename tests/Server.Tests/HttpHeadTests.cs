using System.Text;
using Countersign.Server.Tests.Framework;

namespace Countersign.Server.Tests;

/// <summary>What stands in a request head, byte for byte: where two readers of one head could differ, nothing is read at all.</summary>
public sealed class HttpHeadTests(SharedServer shared) : IClassFixture<SharedServer>
{
    private const string Body = "grant_type=client_credentials";
    private const string Chunked = "1d\r\n" + Body + "\r\n0\r\n\r\n";
    private const string Host = "Host: 127.0.0.1\r\n";
    private const string Length = "Content-Length: 29\r\n";

    private TestServer Server => shared.Server;

    private string Credentials =>
        Convert.ToBase64String(Encoding.ASCII.GetBytes($"{Server.Demo.ServiceAccount.ClientId}:{Server.Demo.ServiceAccount.ClientSecret}"));

    [Theory]
    [InlineData(Host + Length, Body)]
    [InlineData(Host + "Transfer-Encoding: chunked\r\n", Chunked)]
    [InlineData(Host + "transfer-encoding: Chunked\r\n", "1d;name=value\r\n" + Body + "\r\n0\r\n\r\n")]
    [Trait("R", "5")]
    [Trait("R", "6")]
    public async Task A_plain_head_is_read(string headers, string body)
    {
        var answer = await SendAsync(headers + "Connection: close\r\n", body);

        Assert.Equal((200, 1, true), (answer.Status, answer.Count, answer.Closed));
    }

    [Theory]
    [InlineData(Host + "Content-Length: 29\r\nContent-Length: 29\r\n", Body)]
    [InlineData(Host + "Content-Length: 29\r\nContent-Length: 30\r\n", Body)]
    [InlineData(Host + "Content-Length: 29, 29\r\n", Body)]
    [InlineData(Host + "Content-Length: +29\r\n", Body)]
    [InlineData(Host + "Content-Length: -29\r\n", Body)]
    [InlineData(Host + "Content-Length: 0x1d\r\n", Body)]
    [InlineData(Host + "Content-Length: 99999999999999999999\r\n", Body)]
    [InlineData(Host + "Content-Length: 000000000000000000000000000000000029\r\n", Body)]
    [InlineData(Host + "Content-Length: 29x\r\n", Body)]
    [InlineData(Host + "Content-Length: \r\n", Body)]
    [InlineData(Host + "Content-Length : 29\r\n", Body)]
    [InlineData(Host + "Transfer-Encoding: gzip\r\n", Chunked)]
    [InlineData(Host + "Transfer-Encoding: gzip, chunked\r\n", Chunked)]
    [InlineData(Host + "Transfer-Encoding: chunked, chunked\r\n", Chunked)]
    [InlineData(Host + "Transfer-Encoding: chunked, identity\r\n", Chunked)]
    [InlineData(Host + "Transfer-Encoding: identity, chunked\r\n", Chunked)]
    [InlineData(Host + "Transfer-Encoding: ,chunked\r\n", Chunked)]
    [InlineData(Host + "Transfer-Encoding: chunked;a=b\r\n", Chunked)]
    [InlineData(Host + "Transfer-Encoding: \"chunked\"\r\n", Chunked)]
    [InlineData(Host + "Transfer-Encoding: xchunked\r\n", Chunked)]
    [InlineData(Host + "Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n", Chunked)]
    [InlineData(Host + "Transfer-Encoding: identity\r\nTransfer-Encoding: chunked\r\n", Chunked)]
    [InlineData(Host + "Transfer-Encoding : chunked\r\n", Chunked)]
    [InlineData(Host + Length + "X-Fold: a\r\n b\r\n", Body)]
    [InlineData(Host + Length + "X-Fold: a\r\n\tb\r\n", Body)]
    [InlineData(Host + Length + "X-Nul: a\0b\r\n", Body)]
    [InlineData(Host + Length + "X-N\0ul: a\r\n", Body)]
    [InlineData(Host + Length + "X-Cr: a\rb\r\n", Body)]
    [InlineData(Host + Length + "No colon\r\n", Body)]
    [InlineData(Host + Length + ": no name\r\n", Body)]
    [InlineData(Length, Body)]
    [InlineData(Host + Host + Length, Body)]
    [InlineData("Host: 127.0.0.1, as.example\r\n" + Length, Body)]
    [InlineData("Host: 127.0.0.1@as.example\r\n" + Length, Body)]
    [Trait("R", "5")]
    public async Task A_head_that_two_readers_could_read_differently_is_refused_and_ends_the_connection(string headers, string body)
    {
        var answer = await SendAsync(headers, body);

        Assert.Equal((400, 1, true), (answer.Status, answer.Count, answer.Closed));
        Assert.DoesNotContain("access_token", answer.Text, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("Content-Length: 4\r\nTransfer-Encoding: chunked\r\n")]
    [InlineData("Transfer-Encoding: chunked\r\nContent-Length: 4\r\n")]
    [InlineData("Transfer-Encoding: chunked\r\nContent-Length: 29\r\n")]
    [Trait("R", "5")]
    public async Task A_request_with_both_lengths_is_answered_once_and_ends_the_connection(string lengths)
    {
        var answer = await SendAsync(Host + lengths, Chunked + "GET /health/live HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n");

        Assert.Equal((1, true), (answer.Count, answer.Closed));
    }

    [Fact]
    [Trait("R", "5")]
    public async Task A_transfer_coding_in_HTTP_1_0_ends_the_connection()
    {
        var request = $"POST /oauth2/token HTTP/1.0\r\n{Host}Connection: keep-alive\r\nAuthorization: Basic {Credentials}\r\n"
            + $"Content-Type: application/x-www-form-urlencoded\r\nTransfer-Encoding: chunked\r\n\r\n{Chunked}";

        var answer = await RawHttp.SendAsync(Server, request + "GET /health/live HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n");

        Assert.Equal((1, true), (answer.Count, answer.Closed));
    }

    [Theory]
    [InlineData("POST /oauth2/token HTTP/1.1\n", Host + Length, "\r\n" + Body)]
    [InlineData("POST /oauth2/token HTTP/1.1\r\n", "Host: 127.0.0.1\n" + Length, "\r\n" + Body)]
    [InlineData("POST /oauth2/token HTTP/1.1\r\n", Host + "Content-Length: 29\n", "\r\n" + Body)]
    [InlineData("POST /oauth2/token HTTP/1.1\r\n", Host + Length, "\n" + Body)]
    [InlineData("POST /oauth2/token HTTP/1.1\r\n", Host + "Transfer-Encoding: chunked\r\n", "\r\n1d\n" + Body + "\r\n0\r\n\r\n")]
    [InlineData("POST /oauth2/token HTTP/1.1\r\n", Host + "Transfer-Encoding: chunked\r\n", "\r\n1d;a=b\n" + Body + "\r\n0\r\n\r\n")]
    [InlineData("POST /oauth2/token HTTP/1.1\r\n", Host + "Transfer-Encoding: chunked\r\n", "\r\n1d\r\n" + Body + "\n0\r\n\r\n")]
    [InlineData("POST /oauth2/token HTTP/1.1\r\n", Host + "Transfer-Encoding: chunked\r\n", "\r\n1d\r\n" + Body + "\r\n0\n\r\n")]
    [InlineData("POST /oauth2/token HTTP/1.1\r\n", Host + "Transfer-Encoding: chunked\r\n", "\r\n1d;\rx\r\n" + Body + "\r\n0\r\n\r\n")]
    [InlineData("POST /oauth2/token HTTP/1.1\r\n", Host + "Transfer-Encoding: chunked\r\n", "\r\n0x1d\r\n" + Body + "\r\n0\r\n\r\n")]
    [InlineData("POST /oauth2/token HTTP/1.1\r\n", Host + "Transfer-Encoding: chunked\r\n", "\r\n 1d\r\n" + Body + "\r\n0\r\n\r\n")]
    [InlineData("POST /oauth2/token HTTP/1.1\r\n", Host + "Transfer-Encoding: chunked\r\n", "\r\nFFFFFFFFFFFFFFFF1d\r\n" + Body + "\r\n0\r\n\r\n")]
    [Trait("R", "6")]
    public async Task A_bare_line_feed_ends_no_line(string requestLine, string headers, string rest)
    {
        // The headers of every request stand before those of the case, so that the last line end is the case's own.
        var answer = await RawHttp.SendAsync(
            Server, $"{requestLine}Authorization: Basic {Credentials}\r\nContent-Type: application/x-www-form-urlencoded\r\n{headers}{rest}");

        Assert.Equal((400, 1, true), (answer.Status, answer.Count, answer.Closed));
    }

    [Theory]
    [InlineData(15, 20, 200)]
    [InlineData(17, 20, 431)]
    [InlineData(1, 95, 200)]
    [InlineData(1, 101, 431)]
    [Trait("R", "8")]
    public async Task A_head_is_at_most_16_KiB_and_100_headers(int kibibytes, int headers, int status)
    {
        var value = new string('x', (kibibytes * 1024 / headers) - 10);
        var more = string.Concat(Enumerable.Range(0, headers).Select(i => $"X-{i:000}: {value}\r\n"));

        var answer = await SendAsync(Host + Length + "Connection: close\r\n" + more, Body);

        Assert.Equal((status, true), (answer.Status, answer.Closed));
    }

    [Fact]
    [Trait("R", "8")]
    public async Task A_request_line_is_bounded_too()
    {
        var answer = await RawHttp.SendAsync(Server, $"GET /{new string('x', 9000)} HTTP/1.1\r\n{Host}\r\n");

        Assert.Equal((414, true), (answer.Status, answer.Closed));
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    [Trait("R", "8")]
    [Trait("R", "119")]
    public async Task A_body_of_64_KiB_is_read_and_one_byte_more_is_refused(bool chunked)
    {
        const int Most = 64 * 1024;
        var fits = Body + "&padding=".PadRight(Most - Body.Length, 'x');

        var read = await SendAsync(Host + "Connection: close\r\n" + Framing(fits), Framed(fits));
        var refused = await SendAsync(Host + "Connection: close\r\n" + Framing(fits + "x"), Framed(fits + "x"));

        Assert.Equal(200, read.Status);
        await Server.AssertRefusedAsync(Answer.Of(refused), 413, "invalid_request", "body-size");

        string Framing(string body) => chunked ? "Transfer-Encoding: chunked\r\n" : $"Content-Length: {body.Length}\r\n";
        string Framed(string body) => chunked ? $"{body.Length:x}\r\n{body}\r\n0\r\n\r\n" : body;
    }

    [Theory]
    [InlineData("Authorization: Basic {0}\r\n")]
    [InlineData("authorization: Bearer abc\r\n")]
    [InlineData("DPoP: a.b.c\r\nDPoP: a.b.c\r\n")]
    [InlineData("DPoP: a.b.c, a.b.c\r\n")]
    [InlineData("OAuth-Client-Attestation: a.b.c\r\nOAuth-Client-Attestation: d.e.f\r\n")]
    [InlineData("OAuth-Client-Attestation: a.b.c,d.e.f\r\n")]
    [InlineData("OAuth-Client-Attestation-PoP: a.b.c\r\noauth-client-attestation-pop: a.b.c\r\n")]
    [Trait("R", "15")]
    public async Task A_header_that_proves_something_occurs_once(string more)
    {
        var answer = Answer.Of(await SendAsync(Host + Length + "Connection: close\r\n" + more.Replace("{0}", Credentials, StringComparison.Ordinal), Body));

        await Server.AssertRefusedAsync(answer, 400, "invalid_request", "credential-headers");
    }

    [Theory]
    [InlineData("Basic {0}, Basic {0}", 400, "credential-headers")]
    [InlineData("Basic {0},Bearer abc", 400, "credential-headers")]
    [InlineData("Bearer abc, Basic {0}", 400, "credential-headers")]
    [InlineData("Basic\t{0}", 400, "basic-syntax")]
    [InlineData("Basic \t{0}", 400, "basic-syntax")]
    [InlineData("Basic {0} {0}", 400, "basic-syntax")]
    [InlineData("Basic {0} realm=x", 400, "basic-syntax")]
    [InlineData("Basic", 400, "basic-syntax")]
    [InlineData("Basic={0}", 400, "basic-syntax")]
    [InlineData("Basic{0}", 401, "authorization-scheme")]
    [InlineData("Basic-{0}", 401, "authorization-scheme")]
    [InlineData("{0}", 401, "authorization-scheme")]
    [InlineData("Bearer {0}", 401, "authorization-scheme")]
    [InlineData("Digest {0}", 401, "authorization-scheme")]
    [Trait("R", "15")]
    [Trait("R", "16")]
    public async Task The_scheme_is_followed_by_spaces_and_one_token(string authorization, int status, string check)
    {
        var answer = Answer.Of(await SendAsAsync(authorization));

        await Server.AssertRefusedAsync(answer, status, status == 401 ? "invalid_client" : "invalid_request", check);
    }

    [Theory]
    [InlineData("basic {0}")]
    [InlineData("BASIC {0}")]
    [InlineData("bAsIc    {0}")]
    [Trait("R", "16")]
    public async Task The_scheme_is_read_in_any_letter_case(string authorization) => Assert.Equal(200, (await SendAsAsync(authorization)).Status);

    private Task<RawAnswer> SendAsync(string headers, string body) => RawHttp.SendAsync(
        Server,
        $"POST /oauth2/token HTTP/1.1\r\nAuthorization: Basic {Credentials}\r\nContent-Type: application/x-www-form-urlencoded\r\n{headers}\r\n{body}");

    private Task<RawAnswer> SendAsAsync(string authorization) => RawHttp.SendAsync(
        Server,
        $"POST /oauth2/token HTTP/1.1\r\n{Host}{Length}Connection: close\r\nContent-Type: application/x-www-form-urlencoded\r\n"
        + $"Authorization: {authorization.Replace("{0}", Credentials, StringComparison.Ordinal)}\r\n\r\n{Body}");
}
