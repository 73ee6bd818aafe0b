using System.Text;
using System.Text.Json;

namespace Countersign.Compatibility.Tests;

/// <summary>Tokens of a foreign authorization server that is not ours in any part: npm's oidc-provider, by discovery.</summary>
public sealed class FederationTests(CountersignDev countersign, ITestOutputHelper output)
{
    private readonly DevFile _dev = countersign.Dev;

    [Theory]
    [InlineData("client_assertion")]
    [InlineData("jwt_bearer")]
    [InlineData("subject_token")]
    [Trait("R", "206")]
    public async Task Its_token_is_taken_in_each_of_the_three_ways_and_its_access_tokens_are_not(string way)
    {
        await using var foreign = await ForeignIssuer.StartAsync("oidc-provider");
        using var admin = new AdminApi(_dev);
        var client = await TrustAsync(admin, foreign);

        var answer = await AskAsync(foreign, way);
        Assert.True(answer.TryGetProperty("token", out var token), answer.GetRawText());
        Assert.Equal("read", token.Text("scope"));
        var seen = await admin.IntrospectAsync(token.Text("access_token"));
        Assert.Equal(("true", client.ClientId), (seen.GetProperty("active").GetRawText(), seen.Text("client_id")));

        // What oidc-provider says of its own accord: an access token, for an API.
        await foreign.AskAsync("typ at+jwt");
        var refused = await AskAsync(foreign, way);
        Assert.Equal("assertion-type", await FailedAsync(admin, refused));
    }

    [Fact]
    [Trait("Speed", "slow")]
    [Trait("R", "194")]
    [Trait("R", "195")]
    public async Task No_exchange_fails_while_its_keys_rotate_under_load()
    {
        await using var foreign = await ForeignIssuer.StartAsync("oidc-provider");
        using var admin = new AdminApi(_dev);
        await TrustAsync(admin, foreign);

        // Keys that it does not know it asks for twice a minute, and creating the issuer has asked.
        await Task.Delay(TimeSpan.FromSeconds(31), TestContext.Current.CancellationToken);
        using var ended = new CancellationTokenSource();
        var workers = Enumerable.Range(0, 8).Select(_ => WorkAsync(foreign, ended.Token)).ToArray();
        await Task.Delay(TimeSpan.FromSeconds(1));

        // The hard way: the new key signs at the moment at which it is published.
        await foreign.AskAsync("publish");
        await foreign.AskAsync("use");
        await Task.Delay(TimeSpan.FromSeconds(2));
        await foreign.AskAsync("drop");

        // The right way: published first, used when all who keep the set have it, dropped when no token by the old one is left.
        for (var i = 0; i < 3; i++)
        {
            await foreign.AskAsync("publish");
            await admin.SendAsync(HttpMethod.Post, $"trusted-issuers/{await IssuerIdAsync(admin, foreign)}/refresh");
            await foreign.AskAsync("use");
            await Task.Delay(TimeSpan.FromSeconds(1));
            await foreign.AskAsync("drop");
            await Task.Delay(TimeSpan.FromSeconds(1));
        }

        await ended.CancelAsync();
        var results = await Task.WhenAll(workers);

        output.WriteLine($"{results.Sum(r => r.Done)} exchanges over four rotations, {results.Sum(r => r.Failures.Count)} failed");
        Assert.Empty(results.SelectMany(r => r.Failures));
        Assert.True(results.Sum(r => r.Done) > 200);

        // The hard way once more, within half a minute of a fetch: that is not taken until it has passed.
        await foreign.AskAsync("publish");
        await foreign.AskAsync("use");
        var refused = await AskAsync(foreign, "client_assertion");
        Assert.Equal("key-known", await FailedAsync(admin, refused));
    }

    private static async Task<string> FailedAsync(AdminApi admin, JsonElement refused)
    {
        Assert.False(refused.TryGetProperty("token", out _), refused.GetRawText());

        return await admin.FailedCheckAsync(refused.Text("error_description"));
    }

    private async Task<Client> TrustAsync(AdminApi admin, ForeignIssuer foreign)
    {
        var client = await admin.AccountAsync();
        var name = $"partner-{Guid.NewGuid():n}";
        var issuer = await admin.SendAsync(
            HttpMethod.Post, "trusted-issuers", new { name, issuer = foreign.Url, discovery = true, audiences = new[] { _dev.Issuer } });
        Assert.Equal(1, issuer.GetProperty("keys").GetArrayLength());
        await admin.SendAsync(
            HttpMethod.Post, "trust-rules", new { name, trusted_issuer = name, account = client.ClientId, conditions = new[] { new { claim = "sub", equals = "job" } } });

        return client;
    }

    private static async Task<string> IssuerIdAsync(AdminApi admin, ForeignIssuer foreign) =>
        (await admin.SendAsync(HttpMethod.Get, "trusted-issuers?limit=200")).GetProperty("items").EnumerateArray().Single(i => i.Text("issuer") == foreign.Url).Text("id");

    private Task<JsonElement> AskAsync(ForeignIssuer foreign, string way) => ClientProgram.ScriptAsync(
        "oidc-provider", "federate", ("FOREIGN_ISSUER", foreign.Url), ("ISSUER", _dev.Issuer), ("SCOPE", "read"), ("WAY", way));

    // A fresh token of the foreign issuer for each exchange, as fast as both sides answer.
    private async Task<(int Done, List<string> Failures)> WorkAsync(ForeignIssuer foreign, CancellationToken ended)
    {
        using var http = new HttpClient();
        var (done, failures) = (0, new List<string>());

        while (!ended.IsCancellationRequested && failures.Count < 10)
        {
            using var asked = new HttpRequestMessage(HttpMethod.Post, $"{foreign.Url}/token")
            {
                Headers = { Authorization = new("Basic", Convert.ToBase64String("job:a-secret-of-the-job"u8)) },
                Content = Form(("grant_type", "client_credentials"), ("resource", _dev.Issuer), ("scope", "api")),
            };
            using var given = await http.SendAsync(asked, CancellationToken.None);
            var jwt = JsonSerializer.Deserialize<JsonElement>(await given.Content.ReadAsStringAsync(CancellationToken.None)).Text("access_token");
            using var answer = await http.PostAsync(_dev.TokenEndpoint, Form(("grant_type", "urn:ietf:params:oauth:grant-type:jwt-bearer"), ("assertion", jwt), ("scope", "read")), CancellationToken.None);

            if (answer.IsSuccessStatusCode)
            {
                done++;
            }
            else
            {
                failures.Add($"{Encoding.UTF8.GetString(Convert.FromBase64String(jwt.Split('.')[0].PadRight((jwt.IndexOf('.', StringComparison.Ordinal) + 3) / 4 * 4, '=').Replace('-', '+').Replace('_', '/')))} {await answer.Content.ReadAsStringAsync(CancellationToken.None)}");
            }
        }

        return (done, failures);
    }

    private static FormUrlEncodedContent Form(params (string Name, string Value)[] form) => new(form.Select(f => KeyValuePair.Create(f.Name, f.Value)));
}
