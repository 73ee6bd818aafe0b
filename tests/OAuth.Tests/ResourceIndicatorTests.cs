namespace Countersign.OAuth.Tests;

public sealed class ResourceIndicatorTests
{
    [Theory]
    [Trait("R", "115")]
    [InlineData("https://api.example.com")]
    [InlineData("https://api.example.com/")]
    [InlineData("https://api.example.com:8443/a/b?c=d/e?f")]
    [InlineData("HTTPS://api.example.com")]
    [InlineData("https://api.example.com/%C3%A4")]
    [InlineData("https://[2001:db8::1]:8443/a")]
    [InlineData("https://[::1]")]
    [InlineData("http://localhost:8080/api")]
    [InlineData("https://192.0.2.1/")]
    [InlineData("https://api.example.com:/")]
    [InlineData("https://api.example.com?x")]
    [InlineData("urn:countersign:demo")]
    [InlineData("URN:isbn:0451450523")]
    [InlineData("api://01935f2a-0000-7000-8000-000000000001")]
    [InlineData("spiffe://example.org/ns/default/sa/x")]
    [InlineData("com.example.app:resource")]
    [InlineData("tag:example.com,2026:x")]
    [InlineData("mailto:a@example.com")]
    public void An_absolute_URI_is_taken_as_it_is(string resource)
    {
        Assert.True(ResourceIndicator.IsValid(resource));
        Assert.Equal([resource], ResourceIndicator.Parse([resource]).Value());
    }

    [Theory]
    [Trait("R", "115")]
    [InlineData("")]
    [InlineData("api")]
    [InlineData("/api")]
    [InlineData("//api.example.com")]
    [InlineData("api.example.com/x")]
    [InlineData(":")]
    [InlineData("://api.example.com")]
    [InlineData("https:")]
    [InlineData("https:/")]
    [InlineData("https://")]
    [InlineData("https:///path")]
    [InlineData("https:api.example.com")]
    [InlineData("https:/api.example.com")]
    [InlineData("https://:8443")]
    [InlineData("https://?x")]
    [InlineData("https://api.example.com#")]
    [InlineData("https://api.example.com/#f")]
    [InlineData("https://api.example.com/?a#f")]
    [InlineData("urn:countersign:demo#f")]
    [InlineData("https://user@api.example.com")]
    [InlineData("https://user:password@api.example.com/")]
    [InlineData("https://api.example.com:port")]
    [InlineData("https://api.example.com:123456")]
    [InlineData("https://api example.com")]
    [InlineData("https://api.example.com/a b")]
    [InlineData(" https://api.example.com")]
    [InlineData("https://api.example.com ")]
    [InlineData("https://api.example.com/\n")]
    [InlineData("https://api.example.com/\\x")]
    [InlineData("https://api.example.com/%")]
    [InlineData("https://api.example.com/%4")]
    [InlineData("https://api.example.com/%4g")]
    [InlineData("https://api.example.com/?%zz")]
    [InlineData("https://api.example.com/ä")]
    [InlineData("https://аpi.example.com")]
    [InlineData("https://api.example.com/<x>")]
    [InlineData("https://api.example.com/\"")]
    [InlineData("https://api.example.com/[x]")]
    [InlineData("https://[::1")]
    [InlineData("https://[]")]
    [InlineData("https://[::1]x")]
    [InlineData("https://[::1%25eth0]")]
    [InlineData("https://::1]/")]
    [InlineData("1https://api.example.com")]
    [InlineData("ht_tps://api.example.com")]
    [InlineData("c:/windows")]
    [InlineData("urn:")]
    [InlineData("urn:x")]
    [InlineData("urn:x:y")]
    [InlineData("urn:ab:")]
    [InlineData("urn:-ab:x")]
    [InlineData("urn:ab-:x")]
    [InlineData("urn:a_b:x")]
    [InlineData("urn::x")]
    [InlineData("urn:countersign:demo\0")]
    public void Anything_else_is_refused(string resource)
    {
        Assert.False(ResourceIndicator.IsValid(resource));
        ResourceIndicator.Parse(["https://api.example.com", resource]).Refused("invalid_target", "resource-syntax");
    }

    [Fact]
    [Trait("R", "115")]
    public void A_resource_has_at_most_1_KiB()
    {
        const string Start = "https://api.example.com/";

        Assert.True(ResourceIndicator.IsValid(Start + new string('a', 1024 - Start.Length)));
        Assert.False(ResourceIndicator.IsValid(Start + new string('a', 1025 - Start.Length)));
    }

    [Fact]
    [Trait("R", "115")]
    public void There_are_at_most_ten()
    {
        Assert.Equal(10, ResourceIndicator.Parse(Many(10)).Value().Length);
        ResourceIndicator.Parse(Many(11)).Refused("invalid_target", "resource-count");
    }

    [Fact]
    [Trait("R", "115")]
    [Trait("R", "91")]
    public void Each_is_kept_once_and_compared_byte_for_byte() => Assert.Equal(
        ["https://b.example", "https://a.example", "https://a.example/", "https://A.example"],
        ResourceIndicator.Parse(
            ["https://b.example", "https://a.example", "https://b.example", "https://a.example/", "https://A.example"]).Value());

    [Fact]
    public void None_is_none() => Assert.Empty(ResourceIndicator.Parse([]).Value());

    [Fact]
    public void A_refusal_shows_no_password() =>
        Assert.DoesNotContain(
            "hunter2", ResourceIndicator.Parse(["https://u:hunter2@x"]).Refused("invalid_target", "resource-syntax").ToString());

    private static string[] Many(int count) => [.. Enumerable.Range(0, count).Select(i => $"https://api{i}.example.com")];
}
