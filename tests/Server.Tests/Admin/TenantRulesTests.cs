namespace Countersign.Server.Tests.Admin;

public sealed class TenantRulesTests(SharedEstate shared) : IClassFixture<SharedEstate>
{
    [Theory]
    [InlineData("http://acme.example")]
    [InlineData("https://acme.example/")]
    [InlineData("https://acme.example/path")]
    [InlineData("https://acme.example?x")]
    [InlineData("https://ACME.example")]
    [InlineData("https://user@acme.example")]
    [InlineData("https://acme.example:443")]
    [InlineData("acme.example")]
    [InlineData("https://")]
    [InlineData("")]
    public async Task An_issuer_is_an_https_origin_in_its_normal_form(string issuer)
    {
        Assert.Equal(400, (await shared.Root.PostAsync("/tenants", new { name = "acme", issuer })).Status);
        Assert.Single(await shared.Root.ListAsync("/tenants"));
    }

    [Theory]
    [InlineData("")]
    [InlineData("a b")]
    [InlineData("acme.example:443")]
    [InlineData("acme.example/path")]
    [InlineData("*.acme.example")]
    [InlineData("acme.example.")]
    [InlineData("acme\u3002example")]
    [InlineData("ａcme.example")]
    public async Task A_host_is_a_plain_name(string host)
    {
        Assert.Equal(400, (await shared.Root.PostAsync("/tenants", new { name = "acme", issuer = "https://acme.example", hosts = new[] { host } })).Status);
    }
}
