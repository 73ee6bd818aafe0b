using System.Text.Json;

namespace Countersign.Compatibility.Tests;

/// <summary>The other pages of docs/federation, followed as they stand.</summary>
public sealed class FederationPagesTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    [Fact]
    public async Task Another_authorization_server_is_trusted()
    {
        await using var partner = await ForeignIssuer.StartAsync("oidc-provider", ("CLAIMS", """{"sub":"8f6c1a","azp":"sync-job"}"""));
        await using var server = await CountersignDev.StartAsync();
        using var job = new Workload(server.Dev);
        using var admin = new AdminApi(server.Dev);
        var page = new FederationPage("generic", server, ("https://login.partner.example", partner.Url));
        await admin.AccountAsync(clientId: "partner-sync");

        await page.RunAsync(_folder.Path, page.Commands("Another authorization server"));

        await job.TakenAsync(await TokenAsync(server.Dev.Issuer), "partner-sync", "read");
        await job.RefusedAsync("assertion-audience", await TokenAsync("https://somebody.example"), "read");
        await partner.AskAsync("typ at+jwt");
        await job.RefusedAsync("assertion-type", await TokenAsync(server.Dev.Issuer), "read");

        Task<string> TokenAsync(string audience) => ClientProgram.BashAsync(
            """curl -sS --fail-with-body -u job:a-secret-of-the-job -d grant_type=client_credentials -d scope=api --data-urlencode "resource=$AUDIENCE" "$URL/token" | jq -jr .access_token""",
            ("URL", partner.Url),
            ("AUDIENCE", audience));
    }

    [Fact]
    public async Task A_program_with_a_certificate_is_trusted()
    {
        await using var server = await CountersignDev.StartAsync();
        using var job = new Workload(server.Dev);
        using var admin = new AdminApi(server.Dev);
        var page = new FederationPage("generic", server);
        await admin.AccountAsync(clientId: "farm");

        await page.RunAsync(_folder.Path, page.Commands("Certificates"));
        var printed = await page.RunAsync(_folder.Path, page.Commands("Certificates", 1));

        await job.IsOfAsync(printed.Trim().Split('\n')[^1], "farm", "read");

        // "To change it without a gap, give both", as the page says.
        await page.RunAsync(
            _folder.Path,
            """
            openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 365 -subj /CN=build-farm -keyout farm-2027.key -out farm-2027.pem
            countersign issuer update farm --certificates farm.pem --certificates farm-2027.pem
            """);
        foreach (var key in (string[])["farm.key", "farm-2027.key"])
        {
            var jwt = await page.RunAsync(
                _folder.Path, $"countersign jwt sign --key {key} --claim iss=https://farm.example --claim sub=nightly --aud {server.Dev.Issuer}");
            await job.TakenAsync(jwt.Trim(), "farm", "read");
        }
    }

    [Fact]
    public async Task A_token_is_exchanged_for_the_next_service_and_ends_with_its_party()
    {
        await using var server = await CountersignDev.StartAsync();
        using var admin = new AdminApi(server.Dev);
        var page = new FederationPage("token-exchange", server);
        var gateway = await admin.AccountAsync(clientId: "gateway");
        var shop = await admin.AccountAsync(clientId: "web-shop");
        await page.RunAsync(_folder.Path, page.Commands("The rule"));
        await File.WriteAllTextAsync(Path.Combine(_folder.Path, "incoming.txt"), await admin.TokenAsync(shop) + "\n", TestContext.Current.CancellationToken);

        var answer = JsonSerializer.Deserialize<JsonElement>(await page.RunAsync(_folder.Path, page.Commands("The request"), "", ("SECRET", gateway.Secret)));

        // Of the answer that the page prints all but the token itself.
        var printed = JsonSerializer.Deserialize<JsonElement>(page.Blocks("The request", "console")[0].Split('\n').Single(line => line.StartsWith('{')));
        Assert.Equal(
            printed.EnumerateObject().Where(m => m.Name is not "access_token").Select(m => m.ToString()).Order(),
            answer.EnumerateObject().Where(m => m.Name is not "access_token").Select(m => m.ToString()).Order());
        var seen = await admin.IntrospectAsync(answer.Text("access_token"));
        Assert.Equal((shop.Id, gateway.Id), (seen.Text("sub"), seen.GetProperty("act").Text("sub")));

        await page.RunAsync(_folder.Path, page.Commands("What ends it"));
        Assert.False((await admin.IntrospectAsync(answer.Text("access_token"))).GetProperty("active").GetBoolean());
    }

    [Fact]
    public async Task A_newcomer_comes_from_a_refused_token_to_one_that_works()
    {
        await using var ci = await ForeignIssuer.StartAsync("jose");
        await using var server = await CountersignDev.StartAsync();
        using var job = new Workload(server.Dev);
        using var admin = new AdminApi(server.Dev);
        var page = new FederationPage("README", server);
        await admin.AccountAsync(clientId: "deployer");
        await File.WriteAllTextAsync(
            Path.Combine(_folder.Path, "token.txt"), await ci.TokenAsync(PlatformPagesTests.GitHubClaims, ("iss", ci.Url), ("aud", server.Dev.Issuer)), TestContext.Current.CancellationToken);

        // The first command ends with 1, since the token would be refused.
        const string Heading = "From a refused token to one that works";
        var commands = page.Commands(Heading).Trim().Split('\n');
        var explained = await page.RunAsync(_folder.Path, $"{commands[0]} && exit 9 || [ $? = 1 ]");
        Assert.Contains($"countersign issuer create github --kind github --issuer {ci.Url} --discovery", explained, StringComparison.Ordinal);
        Assert.True(explained.Contains("--save --create-issuer", StringComparison.Ordinal), explained);
        await page.RunAsync(_folder.Path, commands[1]);

        await job.IsOfAsync(await page.RunAsync(_folder.Path, page.Commands(Heading, 1)), "deployer", "read");
    }

    public void Dispose() => _folder.Dispose();
}
