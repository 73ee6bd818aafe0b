namespace Countersign.Cli.Tests;

public sealed class UsageTests
{
    [Theory]
    [InlineData("account", "list", "--nonsense")]
    [InlineData("account", "create")]
    [InlineData("account", "list", "--limit", "many")]
    [InlineData("account", "list", "--limit", "0")]
    [InlineData("nonsense")]
    [InlineData("account")]
    [InlineData("account", "update", "ci", "--token-format", "paper")]
    [InlineData("secret", "rotate", "ci", "--retire-old", "quiet:90m")]
    [InlineData("secret", "rotate", "ci", "--retire-old", "soon")]
    [InlineData("account", "update", "ci")]
    [InlineData("secret", "show", "ci", "../../tenants")]
    [InlineData("explain", "not-an-id")]
    [InlineData("revoke", "--account", "ci", "--all-tokens")]
    [InlineData("account", "create", "--name", "x", "--org", "a", "--owner-group", "b")]
    public async Task Misuse_ends_with_2_and_a_sentence(params string[] args)
    {
        await using var server = The.ServerWithAccount();

        var ran = await Ran.Async(server, args);

        Assert.Equal(2, ran.Code);
        Assert.DoesNotContain("   at ", ran.Error, StringComparison.Ordinal);
        Assert.NotEmpty(ran.Error + ran.Out);
        Assert.All(server.Calls, call => Assert.Equal("GET", call.Method));
    }

    [Theory]
    [InlineData("cs_at_AAAAAAAAAAAAAAAAAAAAAAAA")]
    [InlineData("eyJhbGciOiJFUzI1NiJ9.eyJzdWIiOiJ4In0.c2lnbmF0dXJl")]
    [InlineData("$2b$12$abcdefghijklmnopqrstuv")]
    public async Task A_secret_typed_as_an_argument_is_not_repeated(string secret)
    {
        var ran = await Ran.WithAsync([], "", "revoke", secret);

        Assert.Equal(2, ran.Code);
        Assert.DoesNotContain(secret, ran.Error, StringComparison.Ordinal);
        Assert.Contains("(secret)", ran.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_name_that_begins_with_an_at_sign_is_a_name()
    {
        await using var server = new StubServer();
        server.On("POST /admin/v1/groups", "{}", 201);

        var ran = await Ran.Async(server, "group", "create", "--name", "@ops");

        Assert.Equal(0, ran.Code);
        Assert.Equal("@ops", (string?)server.Calls.Single().Json["name"]);
    }

    [Theory]
    [InlineData("30d", "2026-10-25T12:00:00Z")]
    [InlineData("2w", "2026-11-10T12:00:00Z")]
    [InlineData("90m", "2026-11-24T10:30:00Z")]
    [InlineData("now", "2026-11-24T12:00:00Z")]
    [InlineData("2026-01-02", "2026-01-02T00:00:00Z")]
    [InlineData("2026-01-02T03:04:05+01:00", "2026-01-02T02:04:05Z")]
    public void Times_are_read_as_people_write_them(string text, string time) => Assert.Equal(time, Times.Past(text, Ran.Now));

    [Theory]
    [InlineData("yesterday")]
    [InlineData("")]
    [InlineData("-3d")]
    [InlineData("3 d")]
    [InlineData("999999w")]
    [InlineData("01/02/2026")]
    public void Other_times_are_refused(string text) =>
        Assert.Equal(ExitCode.Usage, Assert.Throws<CommandFault>(() => Times.Past(text, Ran.Now)).Code);
}
