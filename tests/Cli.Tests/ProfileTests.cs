using System.Text.Json;

namespace Countersign.Cli.Tests;

public sealed class ProfileTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task A_profile_is_written_for_its_owner_alone_and_shown_without_its_secret()
    {
        var path = _folder.Path("new/folder/profile.json");

        var set = await Ran.WithAsync(
            [], "s3cret\n", "profile", "set", "--server", "https://auth.example.com/", "--client-id", "ops", "--profile", path);
        var show = await Ran.WithAsync([], "", "profile", "show", "--json", "--profile", path);

        Assert.Equal(0, set.Code);
        Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(path));
        Assert.Equal("s3cret", JsonElement.Parse(await File.ReadAllTextAsync(path, Ct)).GetProperty("client_secret").GetString());
        Assert.Equal("https://auth.example.com", show.Json.GetProperty("server").GetString());
        Assert.DoesNotContain("s3cret", set.Out + set.Error + show.Out + show.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task The_default_place_follows_COUNTERSIGN_PROFILE_then_XDG_CONFIG_HOME_then_HOME()
    {
        var own = await Ran.WithAsync(
            new() { ["COUNTERSIGN_PROFILE"] = "/nowhere/p.json", ["XDG_CONFIG_HOME"] = "/nowhere/c" }, "", "profile", "show");
        var xdg = await Ran.WithAsync(new() { ["XDG_CONFIG_HOME"] = "/nowhere/c", ["HOME"] = "/nowhere/h" }, "", "profile", "show");
        var home = await Ran.WithAsync(new() { ["HOME"] = "/nowhere/h" }, "", "profile", "show");

        Assert.Contains("/nowhere/c/countersign/profile.json", xdg.Error, StringComparison.Ordinal);
        Assert.Contains("/nowhere/h/.config/countersign/profile.json", home.Error, StringComparison.Ordinal);
        Assert.Contains("/nowhere/p.json", own.Error, StringComparison.Ordinal);
        Assert.Equal((2, 2, 2), (own.Code, xdg.Code, home.Code));
    }

    [Theory]
    [InlineData(UnixFileMode.GroupRead)]
    [InlineData(UnixFileMode.OtherRead)]
    [InlineData(UnixFileMode.GroupWrite)]
    public async Task A_profile_that_others_can_reach_is_refused(UnixFileMode added)
    {
        var path = _folder.Write(
            "p.json",
            """{"server":"https://a.example","client_id":"x","client_secret":"y"}""",
            UnixFileMode.UserRead | UnixFileMode.UserWrite | added);

        var ran = await Ran.WithAsync([], "", "whoami", "--profile", path);

        Assert.Equal(2, ran.Code);
        Assert.Contains($"chmod 600 {path}", ran.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task The_file_that_dev_writes_is_a_profile()
    {
        await using var server = new StubServer();
        server.On("GET /admin/v1/whoami", """{"client_id":"dev-admin"}""");
        var path = _folder.Write(
            "dev.json",
            $$$"""{"issuer":"{{{server.Issuer}}}","admin":{"client_id":"dev-admin","client_secret":"s"}}""");

        var ran = await Ran.WithAsync([], "", "whoami", "--json", "--profile", path);

        Assert.Equal((0, "dev-admin"), (ran.Code, ran.Json.GetProperty("client_id").GetString()));
    }

    [Fact]
    public async Task The_environment_wins_over_the_file()
    {
        var path = _folder.Write("p.json", """{"server":"https://a.example","client_id":"x","client_secret":"y"}""");

        var ran = await Ran.WithAsync(
            new() { ["COUNTERSIGN_SERVER"] = "https://b.example" }, "", "profile", "show", "--json", "--profile", path);

        Assert.Equal("https://b.example", ran.Json.GetProperty("server").GetString());
        Assert.Equal("x", ran.Json.GetProperty("client_id").GetString());
    }

    [Theory]
    [InlineData("""{"server":"http://auth.example.com","client_id":"x","client_secret":"y"}""", "https")]
    [InlineData("""{"server":"ftp://localhost","client_id":"x","client_secret":"y"}""", "https")]
    [InlineData("""{"server":"https://a.example","client_id":"x"}""", "client_secret")]
    [InlineData("""[]""", "client_secret")]
    [InlineData("""{"client_secret":"canary""", "not JSON")]
    public async Task A_profile_that_cannot_be_used_is_explained(string json, string word)
    {
        var ran = await Ran.WithAsync([], "", "whoami", "--profile", _folder.Write("p.json", json));

        Assert.Equal(2, ran.Code);
        Assert.Contains(word, ran.Error, StringComparison.Ordinal);
        Assert.DoesNotContain("canary", ran.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Setup_spends_the_token_and_writes_the_profile()
    {
        await using var server = new StubServer();
        server.On("POST /admin/v1/setup", """{"client_id":"first","client_secret":"the-secret"}""", 201);
        var path = _folder.Path("profile.json");

        var ran = await Ran.WithAsync([], "setup-token\n", "setup", "--server", server.Issuer, "--profile", path);
        var again = await Ran.WithAsync([], "setup-token\n", "setup", "--server", server.Issuer, "--profile", path);

        var call = Assert.Single(server.Calls);
        Assert.Equal(("setup-token", null), ((string?)call.Json["setup_token"], call.Authorization));
        Assert.Equal((0, 2), (ran.Code, again.Code));
        Assert.Contains("--force", again.Error, StringComparison.Ordinal);
        Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(path));
        Assert.Contains("the-secret", await File.ReadAllTextAsync(path, Ct), StringComparison.Ordinal);
        Assert.DoesNotContain("the-secret", ran.Out + ran.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_setup_that_is_refused_leaves_nothing_behind()
    {
        await using var server = new StubServer();
        server.On("POST /admin/v1/setup", """{"title":"Forbidden","detail":"the setup token is not valid","status":403}""", 403);

        var ran = await Ran.WithAsync([], "setup-token\n", "setup", "--server", server.Issuer, "--profile", _folder.Path("profile.json"));

        Assert.Equal(4, ran.Code);
        Assert.Empty(Directory.GetFiles(_folder.Path(".")));
    }

    private static CancellationToken Ct => TestContext.Current.CancellationToken;
}
