using System.Text;
using Countersign.Server.Tests.Framework;

namespace Countersign.Server.Tests;

public sealed class FormMediaTests(SharedServer shared) : IClassFixture<SharedServer>
{
    private readonly TestServer _server = shared.Server;

    [Theory]
    [InlineData("application/x-www-form-urlencoded")]
    [InlineData("Application/X-WWW-Form-URLEncoded")]
    [InlineData("APPLICATION/X-WWW-FORM-URLENCODED")]
    [InlineData("application/x-www-form-urlencoded; charset=utf-8")]
    [InlineData("application/x-www-form-urlencoded;charset=UTF-8")]
    [InlineData("application/x-www-form-urlencoded; Charset=\"Utf-8\"")]
    [InlineData("application/x-www-form-urlencoded; version=1; charset=utf-8")]
    [InlineData("application/x-www-form-urlencoded ; foo=bar")]
    [Trait("R", "10")]
    public async Task A_form_is_taken_in_any_letter_case_and_with_parameters(string type) =>
        Assert.Equal(200, (await PostAsync("/oauth2/token", type, "grant_type=client_credentials")).Status);

    [Theory]
    [InlineData(null)]
    [InlineData("")]
    [InlineData("application/json")]
    [InlineData("text/plain")]
    [InlineData("multipart/form-data; boundary=b")]
    [InlineData("application/xml")]
    [InlineData("application/*")]
    [InlineData("*/*")]
    [InlineData("application/x-www-form-urlencoded2")]
    [InlineData("application/x-www-form-urlencoded+json")]
    [InlineData("x-www-form-urlencoded")]
    [InlineData("application/x-www-form-urlencoded, application/json")]
    [InlineData("application/x-www-form-urlencoded application/json")]
    [InlineData("application/json; x=application/x-www-form-urlencoded")]
    [Trait("R", "10")]
    public async Task Nothing_but_a_form_is_taken(string? type)
    {
        foreach (var path in new[] { "/oauth2/token", "/oauth2/introspect", "/oauth2/revoke" })
        {
            var answer = await PostAsync(path, type, "grant_type=client_credentials&token=x");

            await _server.AssertRefusedAsync(answer, 400, "invalid_request", "content-type");
        }
    }

    [Theory]
    [InlineData("application/json", """{"grant_type":"client_credentials"}""")]
    [InlineData("multipart/form-data; boundary=b", "--b\r\nContent-Disposition: form-data; name=\"grant_type\"\r\n\r\nclient_credentials\r\n--b--\r\n")]
    [Trait("R", "10")]
    public async Task What_another_type_says_is_not_read_as_a_form(string type, string body) =>
        await _server.AssertRefusedAsync(await PostAsync("/oauth2/token", type, body), 400, "invalid_request", "content-type");

    [Theory]
    [InlineData("utf-16")]
    [InlineData("UTF-7")]
    [InlineData("utf8")]
    [InlineData("iso-8859-1")]
    [InlineData("us-ascii")]
    [InlineData("\"utf-16\"")]
    [InlineData("\"\"")]
    [InlineData("utf-8; charset=utf-16")]
    [InlineData("utf-16; charset=utf-8")]
    [InlineData("IBM037")]
    [Trait("R", "11")]
    public async Task A_form_is_in_UTF_8(string charset)
    {
        foreach (var path in new[] { "/oauth2/token", "/oauth2/introspect", "/oauth2/revoke" })
        {
            var answer = await PostAsync(path, $"application/x-www-form-urlencoded; charset={charset}", "grant_type=client_credentials&token=x");

            await _server.AssertRefusedAsync(answer, 400, "invalid_request", "charset");
        }
    }

    [Fact]
    [Trait("R", "11")]
    public async Task A_form_written_in_UTF_16_is_not_decoded()
    {
        var answer = await PostAsync("/oauth2/token", "application/x-www-form-urlencoded", Encoding.Unicode.GetBytes("grant_type=client_credentials"));

        await _server.AssertRefusedAsync(answer, 400, "invalid_request", "form-syntax");
    }

    [Theory]
    [InlineData("gzip")]
    [InlineData("deflate")]
    [InlineData("br")]
    [InlineData("identity")]
    [InlineData("x-unknown")]
    [Trait("R", "11")]
    [Trait("R", "119")]
    public async Task An_encoded_body_is_not_taken(string encoding)
    {
        foreach (var path in new[] { "/oauth2/token", "/oauth2/introspect", "/oauth2/revoke" })
        {
            var answer = await PostAsync(path, "application/x-www-form-urlencoded", "grant_type=client_credentials&token=x", encoding);

            await _server.AssertRefusedAsync(answer, 415, "invalid_request", "content-encoding");
        }
    }

    private Task<Answer> PostAsync(string path, string? type, string body, string? encoding = null) => PostAsync(path, type, Encoding.UTF8.GetBytes(body), encoding);

    private Task<Answer> PostAsync(string path, string? type, byte[] body, string? encoding = null)
    {
        var request = new HttpRequestMessage(HttpMethod.Post, path) { Content = new ByteArrayContent(body) };
        request.Headers.Authorization = TestServer.Basic(_server.Demo.ServiceAccount.ClientId, _server.Demo.ServiceAccount.ClientSecret);

        if (type is not null)
        {
            request.Content.Headers.TryAddWithoutValidation("Content-Type", type);
        }

        if (encoding is not null)
        {
            request.Content.Headers.ContentEncoding.Add(encoding);
        }

        return _server.SendAsync(request);
    }
}
