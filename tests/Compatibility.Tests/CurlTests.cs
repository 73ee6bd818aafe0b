using System.Text.Json;

namespace Countersign.Compatibility.Tests;

/// <summary>curl as people paste it: what the README, the guide and `countersign dev` print.</summary>
public sealed class CurlTests(CountersignDev countersign)
{
    private readonly DevFile _dev = countersign.Dev;

    [Fact]
    public async Task The_commands_that_dev_prints_work_as_printed()
    {
        var printed = await countersign.WaitForLineAsync("These secrets are for this machine");
        var commands = printed.Select(line => line.Trim()).Where(line => line.StartsWith("curl ", StringComparison.Ordinal)).ToList();

        Assert.Equal(3, commands.Count);
        Assert.NotEmpty((await JsonAsync(commands[0])).Text("access_token"));
        Assert.True((await JsonAsync(commands[1])).GetProperty("active").GetBoolean());
        Assert.NotEmpty((await JsonAsync(commands[2])).GetProperty("items").EnumerateArray());
    }

    [Fact]
    [Trait("R", "42")]
    [Trait("R", "96")]
    public async Task A_token_is_obtained_with_u_although_curl_encodes_nothing()
    {
        var token = await JsonAsync(
            """curl -sS --fail-with-body -u "$CLIENT_ID:$CLIENT_SECRET" -d grant_type=client_credentials "$ISSUER/oauth2/token" """);

        Assert.Equal(
            ["access_token", "expires_in", "scope", "token_type"],
            token.EnumerateObject().Select(member => member.Name).Order());
        Assert.Equal("read", token.Text("scope"));
    }

    [Fact]
    public async Task A_token_is_obtained_with_the_secret_in_the_form()
    {
        var token = await JsonAsync(
            """
            curl -sS --fail-with-body "$ISSUER/oauth2/token" \
              -d grant_type=client_credentials -d scope=write --data-urlencode "resource=$RESOURCE" \
              --data-urlencode "client_id=$CLIENT_ID" --data-urlencode "client_secret=$CLIENT_SECRET"
            """);

        Assert.Equal("write", token.Text("scope"));
    }

    [Fact]
    [Trait("R", "148")]
    public async Task A_token_is_introspected_with_the_secret_and_with_an_administrators_token()
    {
        using var admin = new AdminApi(_dev);
        var token = ("TOKEN", await admin.TokenAsync(_dev.ServiceAccount));

        var bySecret = await JsonAsync(
            """curl -sS --fail-with-body -u "$CLIENT_ID:$CLIENT_SECRET" -d "token=$TOKEN" "$ISSUER/oauth2/introspect" """, token);
        var byToken = await JsonAsync(
            """curl -sS --fail-with-body -H "Authorization: Bearer $ADMIN_TOKEN" -d "token=$TOKEN" "$ISSUER/oauth2/introspect" """,
            token,
            ("ADMIN_TOKEN", await admin.TokenAsync(_dev.Admin)));

        Assert.True(bySecret.GetProperty("active").GetBoolean());
        Assert.True(byToken.GetProperty("active").GetBoolean());
    }

    [Fact]
    [Trait("R", "97")]
    public async Task Nothing_that_holds_a_token_may_be_cached()
    {
        var headers = await BashAsync(
            """curl -sS -o /dev/null -D - -u "$CLIENT_ID:$CLIENT_SECRET" -d grant_type=client_credentials "$ISSUER/oauth2/token" """);

        Assert.Contains("cache-control: no-store\r\n", headers, StringComparison.OrdinalIgnoreCase);
        Assert.Contains("pragma: no-cache\r\n", headers, StringComparison.OrdinalIgnoreCase);
    }

    [Fact]
    [Trait("R", "132")]
    public async Task The_admin_api_reads_accounts_with_an_administrators_token_and_says_what_is_wrong_without()
    {
        using var admin = new AdminApi(_dev);
        var token = ("ADMIN_TOKEN", await admin.TokenAsync(_dev.Admin));

        var accounts = await JsonAsync(
            """curl -sS --fail-with-body -H "Authorization: Bearer $ADMIN_TOKEN" "$ISSUER/admin/v1/service-accounts?client_id=$CLIENT_ID" """, token);
        var refused = await BashAsync("""curl -sS -o /dev/null -w '%{http_code} %{content_type}' "$ISSUER/admin/v1/service-accounts" """);

        Assert.Equal(_dev.ServiceAccount.Id, Assert.Single(accounts.GetProperty("items").EnumerateArray()).Text("id"));
        Assert.StartsWith("401 application/problem+json", refused, StringComparison.Ordinal);
    }

    private async Task<JsonElement> JsonAsync(string command, params (string, string?)[] more) =>
        JsonSerializer.Deserialize<JsonElement>(await BashAsync(command, more));

    private Task<string> BashAsync(string command, params (string, string?)[] more) => ClientProgram.BashAsync(
        command,
        [
            ("ISSUER", _dev.Issuer),
            ("RESOURCE", _dev.Api.Identifier),
            ("CLIENT_ID", _dev.ServiceAccount.ClientId),
            ("CLIENT_SECRET", _dev.ServiceAccount.Secret),
            .. more,
        ]);
}
