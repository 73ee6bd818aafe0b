using System.Text.Json;

namespace Countersign.OAuth.Tests;

public sealed class KeyFileTests
{
    private static readonly KeyFile s_file = new()
    {
        KeyId = "123",
        Key = "-----BEGIN RSA PRIVATE KEY-----\nsecret+/=\n-----END RSA PRIVATE KEY-----\n",
        ExpirationDate = "2027-01-01T00:00:00Z",
        UserId = "456",
        ClientId = "reporting-job",
        Issuer = The.Issuer,
        TokenUrl = The.Issuer + "/oauth2/token?a=b&c='d'",
    };

    [Fact]
    public void What_is_written_is_read() => Assert.Equal(s_file, KeyFile.Read(s_file.ToJson()));

    [Fact]
    public void It_is_readable_JSON_with_the_members_that_clients_know()
    {
        var text = s_file.ToJson();

        Assert.Equal(
            ["type", "keyId", "key", "expirationDate", "userId", "clientId", "issuer", "tokenUrl"],
            JsonDocument.Parse(text).RootElement.EnumerateObject().Select(member => member.Name));
        Assert.StartsWith("{\n  \"type\": \"serviceaccount\",\n", text);
        Assert.EndsWith("}\n", text);
        Assert.DoesNotContain("\r", text);
        Assert.Contains("secret+/=\\n", text);
        Assert.Contains("?a=b&c='d'", text);
    }

    [Fact]
    public void What_is_absent_is_left_out() => Assert.Equal(
        ["type", "keyId", "key"],
        JsonDocument.Parse(new KeyFile { KeyId = "1", Key = "k" }.ToJson()).RootElement.EnumerateObject().Select(member => member.Name));

    [Fact]
    public void Files_of_other_servers_are_read()
    {
        var file = KeyFile.Read("""{"type":"serviceaccount","keyId":"1","key":"k","expirationDate":"9999-12-31T23:59:59Z","userId":"2","extra":{"a":1}}""")!;

        Assert.Equal(("1", "k", "2", "serviceaccount"), (file.KeyId, file.Key, file.UserId, file.Type));
    }

    [Theory]
    [InlineData("")]
    [InlineData("null")]
    [InlineData("[]")]
    [InlineData("{}")]
    [InlineData("{\"keyId\":\"1\"}")]
    [InlineData("{\"key\":\"k\"}")]
    [InlineData("{\"keyId\":null,\"key\":\"k\"}")]
    [InlineData("{\"keyId\":\"1\",\"key\":null}")]
    [InlineData("{\"keyId\":1,\"key\":\"k\"}")]
    [InlineData("{\"keyId\":\"1\",\"key\":\"\\ud800\"}")]
    [InlineData("{\"keyId\":\"1\",\"key\":\"k\"}x")]
    [InlineData("\ud800")]
    public void Something_else_is_none(string text) => Assert.Null(KeyFile.Read(text));

    [Fact]
    public void It_never_prints_its_key()
    {
        Assert.Equal("key file 123", s_file.ToString());
        Assert.DoesNotContain("secret", $"{s_file}");
    }
}
