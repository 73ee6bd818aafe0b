using System.Diagnostics;
using System.Net.Http.Headers;
using System.Text;
using Countersign.Server.Tests.Framework;

namespace Countersign.Server.Tests;

public sealed class ClientAuthenticationTests(SharedServer shared, ServerBehindProxy proxied) : IClassFixture<SharedServer>, IClassFixture<ServerBehindProxy>
{
    private const string AssertionType = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer";

    // Every printable ASCII character; a space stands at neither end.
    private static readonly string s_everyCharacter = string.Concat(Enumerable.Range(0x21, 0x2F).Append(0x20).Concat(Enumerable.Range(0x50, 0x2F)).Select(c => (char)c));

    private static readonly string[] s_endpoints = ["/oauth2/token", "/oauth2/introspect", "/oauth2/revoke"];

    private readonly TestServer _server = shared.Server;

    [Fact]
    [Trait("R", "32")]
    public async Task A_secret_is_taken_by_Basic_and_in_the_body()
    {
        var (id, secret) = (_server.Demo.ServiceAccount.ClientId, _server.Demo.ServiceAccount.ClientSecret);

        var basic = await _server.TokenAsync();
        var both = await _server.TokenAsync(("client_id", id));
        var post = await _server.PostAsync("/oauth2/token", ("grant_type", "client_credentials"), ("client_id", id), ("client_secret", secret));

        Assert.Equal((200, 200, 200), (basic.Status, both.Status, post.Status));
    }

    [Theory]
    [InlineData(true, "client_secret", null)]
    [InlineData(true, "client_assertion", "client_assertion_type")]
    [InlineData(false, "client_assertion", "client_assertion_type")]
    [Trait("R", "33")]
    [Trait("R", "34")]
    public async Task Two_methods_in_one_request_are_refused_even_when_both_are_right(bool basic, string name, string? type)
    {
        var (id, secret) = (_server.Demo.ServiceAccount.ClientId, _server.Demo.ServiceAccount.ClientSecret);

        foreach (var path in s_endpoints)
        {
            List<(string, string)> form = [("grant_type", "client_credentials"), ("token", "x"), ("client_id", id)];
            form.Add((name, name == "client_secret" ? secret : "a.b.c"));

            if (type is not null)
            {
                form.Add((type, AssertionType));
            }

            if (!basic)
            {
                form.Add(("client_secret", secret));
            }

            var answer = basic ? await _server.PostAsAsync(id, secret, path, [.. form]) : await _server.PostAsync(path, [.. form]);

            await _server.AssertRefusedAsync(answer, 400, "invalid_request", "one-method");
        }
    }

    [Theory]
    [InlineData("client_assertion", "a.b.c")]
    [InlineData("client_assertion_type", AssertionType)]
    [Trait("R", "50")]
    public async Task An_assertion_and_its_type_go_together(string name, string value) => await _server.AssertRefusedAsync(
        await _server.TokenAsync((name, value)), 400, "invalid_request", "client-assertion");

    [Theory]
    [InlineData("other")]
    [InlineData("UPPER")]
    [InlineData("trailing ")]
    [Trait("R", "35")]
    public async Task A_client_id_in_the_body_that_differs_is_refused(string how)
    {
        var id = _server.Demo.ServiceAccount.ClientId;
        var other = how switch { "other" => _server.Demo.Admin.ClientId, "UPPER" => id.ToUpperInvariant(), _ => id + " " };

        foreach (var path in s_endpoints)
        {
            var answer = await _server.PostAsAsync(
                id, _server.Demo.ServiceAccount.ClientSecret, path, ("grant_type", "client_credentials"), ("token", "x"), ("client_id", other));

            await _server.AssertRefusedAsync(answer, 400, "invalid_request", "client-id-agrees");
        }
    }

    [Fact]
    [Trait("R", "36")]
    [Trait("R", "37")]
    public async Task Without_credentials_there_is_no_client()
    {
        (string, string) grant = ("grant_type", "client_credentials");
        (string, string) id = ("client_id", _server.Demo.ServiceAccount.ClientId);
        (string Check, (string, string)[] Form)[] cases =
        [
            ("credential-present", [grant]),
            ("credential-present", [grant, id]),
            ("credential-present", [grant, ("client_secret", _server.Demo.ServiceAccount.ClientSecret)]),
            ("credential-present", [grant, id, ("client_secret", "")]),
            ("credential-present", [grant, id, ("token_endpoint_auth_method", "none")]),
            ("assertion-form", [grant, id, ("client_assertion", "a.b.c"), ("client_assertion_type", AssertionType)]),
            ("client-assertion-type", [grant, id, ("client_assertion", "a.b.c"), ("client_assertion_type", "urn:other")]),
            ("client-id-form", [grant, ("client_id", "caf\u00e9"), ("client_secret", "x")]),
            ("client-id-form", [grant, ("client_id", new string('a', 256)), ("client_secret", "x")]),
        ];

        foreach (var (check, form) in cases)
        {
            var answer = await _server.PostAsync("/oauth2/token", form);

            await _server.AssertRefusedAsync(answer, 401, "invalid_client", check);
            Assert.StartsWith("Basic ", answer.Headers["WWW-Authenticate"], StringComparison.Ordinal);
            Assert.Equal("no-store", answer.Headers["Cache-Control"]);
        }
    }

    [Theory]
    [InlineData("/oauth2/token", "Basic eDp5", "Basic ")]
    [InlineData("/oauth2/token", "Bearer abc", "Bearer ")]
    [InlineData("/oauth2/token", "Negotiate abc", "Basic ")]
    [InlineData("/oauth2/introspect", "Basic eDp5", "Basic ")]
    [InlineData("/oauth2/introspect", "bearer abc", "Bearer ")]
    [InlineData("/oauth2/introspect", "Bearer", "Bearer ")]
    [InlineData("/oauth2/revoke", "BASIC eDp5", "Basic ")]
    [InlineData("/oauth2/revoke", "Bearer abc", "Bearer ")]
    [Trait("R", "37")]
    public async Task Invalid_client_is_401_with_the_scheme_that_was_tried(string path, string authorization, string challenge)
    {
        var request = TestServer.Form(path, ("grant_type", "client_credentials"), ("token", "x"));
        request.Headers.TryAddWithoutValidation("Authorization", authorization);

        var answer = await _server.SendAsync(request);

        Assert.Equal((401, "invalid_client"), (answer.Status, answer["error"]));
        Assert.StartsWith(challenge, answer.Headers["WWW-Authenticate"], StringComparison.Ordinal);
        Assert.Equal("no-store", answer.Headers["Cache-Control"]);
    }

    [Fact]
    [Trait("R", "26")]
    public async Task A_client_id_is_compared_byte_for_byte()
    {
        var account = await TestAccount.CreateAsync(_server, "Build.Agent-1");
        Assert.Equal(200, (await account.TokenAsync()).Status);

        foreach (var near in new[] { "build.agent-1", "BUILD.AGENT-1", "Build.Agent-1 ", " Build.Agent-1", "Build.Agent-1.", "Build.Agent-", "Build%Agent-1", "Build_Agent-1", "Build.Agent-1\\" })
        {
            foreach (var answer in new[]
            {
                await _server.PostAsAsync(near, account.Secret, "/oauth2/token", ("grant_type", "client_credentials")),
                await _server.PostAsync("/oauth2/token", ("grant_type", "client_credentials"), ("client_id", near), ("client_secret", account.Secret)),
            })
            {
                await _server.AssertRefusedAsync(answer, 401, "invalid_client", "client-known");
            }
        }
    }

    [Fact]
    [Trait("R", "26")]
    public async Task A_client_id_of_255_characters_is_taken()
    {
        var account = await TestAccount.CreateAsync(_server, new string('a', 255));

        Assert.Equal(200, (await account.TokenAsync()).Status);
    }

    [Fact]
    [Trait("R", "42")]
    public async Task Every_printable_character_may_stand_in_client_id_and_secret()
    {
        var account = await TestAccount.CreateAsync(_server, s_everyCharacter);
        var secret = string.Concat(s_everyCharacter.Reverse());
        await account.ImportAsync(ImportedSecret.Pbkdf2(secret));

        var basic = await account.TokenByAsync(secret);
        var post = await _server.PostAsync(
            "/oauth2/token", ("grant_type", "client_credentials"), ("client_id", account.ClientId), ("client_secret", secret));

        Assert.Equal((200, 200), (basic.Status, post.Status));
    }

    [Fact]
    [Trait("R", "42")]
    public async Task Issued_secrets_work_in_a_Basic_header_that_nobody_encoded()
    {
        var (id, secret) = (_server.Demo.ServiceAccount.ClientId, _server.Demo.ServiceAccount.ClientSecret);
        var request = TestServer.Form("/oauth2/token", ("grant_type", "client_credentials"));
        request.Headers.Authorization = new AuthenticationHeaderValue("Basic", Convert.ToBase64String(Encoding.ASCII.GetBytes($"{id}:{secret}")));

        Assert.Equal(200, (await _server.SendAsync(request)).Status);
        Assert.Matches("^[A-Za-z0-9_~.-]+$", secret);
    }

    [Theory]
    [InlineData("YTpi====")]
    [InlineData("YTpiYw")]
    [InlineData("YTpiYw=")]
    [InlineData("YTpiYx==")]
    [InlineData("YTpi Yw==")]
    [InlineData("YTp-Yw==")]
    [InlineData("YTp_Yw==")]
    [InlineData("YWJj")]
    [InlineData("OmI=")]
    [InlineData("JTp4")]
    [InlineData("YTolenp6")]
    [InlineData("YTolMDA=")]
    [InlineData("YTr/")]
    [InlineData("w6k6Yg==")]
    [InlineData("YQo6Yg==")]
    [InlineData("YTpi\"")]
    [Trait("R", "41")]
    public async Task A_malformed_Basic_header_is_an_invalid_request(string credentials)
    {
        foreach (var path in s_endpoints)
        {
            var request = TestServer.Form(path, ("grant_type", "client_credentials"), ("token", "x"));
            request.Headers.TryAddWithoutValidation("Authorization", "Basic " + credentials);

            await _server.AssertRefusedAsync(await _server.SendAsync(request), 400, "invalid_request", "basic-syntax");
        }
    }

    [Fact]
    [Trait("R", "41")]
    public async Task The_first_colon_divides_and_the_secret_may_hold_more()
    {
        var account = await TestAccount.CreateAsync(_server);
        await account.ImportAsync(ImportedSecret.Pbkdf2("a:b::c"));
        var request = TestServer.Form("/oauth2/token", ("grant_type", "client_credentials"));
        request.Headers.Authorization = new AuthenticationHeaderValue("Basic", Convert.ToBase64String(Encoding.ASCII.GetBytes($"{account.ClientId}:a:b::c")));

        Assert.Equal(200, (await _server.SendAsync(request)).Status);
    }

    [Fact]
    [Trait("R", "38")]
    [Trait("R", "40")]
    public async Task Every_way_to_fail_reads_the_same_and_is_told_apart_in_private()
    {
        var server = proxied.Server;
        var soon = server.Clock.GetUtcNow().AddHours(1);
        var wrong = await TestAccount.CreateAsync(server);
        var disabled = await TestAccount.CreateAsync(server);
        var expired = await TestAccount.CreateAsync(server);
        var retired = await TestAccount.CreateAsync(server);
        var gone = await TestAccount.CreateAsync(server);
        var (_, expiredSecret) = await expired.NewSecretAsync(soon);
        await disabled.AdminAsync(HttpMethod.Patch, "", new { disabled = true });
        await retired.AdminAsync(HttpMethod.Post, $"/secrets/{retired.SecretId}/retire", new { });
        await gone.AdminAsync(HttpMethod.Delete, $"/secrets/{gone.SecretId}");
        await server.ElapseAsync(TimeSpan.FromHours(2));
        server.ForgetAdminToken();
        (string Check, string ClientId, string Secret)[] cases =
        [
            ("client-known", "nobody", "x"),
            ("client-known", "nobody", wrong.Secret),
            ("secret-matches", wrong.ClientId, "x"),
            ("secret-matches", wrong.ClientId, new string('x', 600)),
            ("secret-matches", wrong.ClientId, disabled.Secret),
            ("secret-matches", gone.ClientId, gone.Secret),
            ("secret-matches", disabled.ClientId, "x"),
            ("account-enabled", disabled.ClientId, disabled.Secret),
            ("secret-not-expired", expired.ClientId, expiredSecret),
            ("secret-not-retired", retired.ClientId, retired.Secret),
        ];

        foreach (var path in s_endpoints)
        {
            var answers = new List<Answer>();

            foreach (var (check, id, secret) in cases)
            {
                answers.Add(await proxied.PostFromAsync(proxied.NewAddress(), id, secret, path, ("grant_type", "client_credentials"), ("token", "x")));
                await server.AssertRefusedAsync(answers[^1], 401, "invalid_client", check);
            }

            var form = answers.Select(a => (
                a.Body.Replace(a.Trace, "", StringComparison.Ordinal),
                string.Join('\n', a.Headers.Where(h => h.Key != "Date").OrderBy(h => h.Key, StringComparer.Ordinal).Select(h => $"{h.Key}: {h.Value}"))));
            Assert.Single(form.Distinct());
        }
    }

    [Fact]
    [Trait("R", "38")]
    [Trait("Speed", "slow")]
    public async Task An_unknown_client_takes_as_long_as_a_wrong_secret()
    {
        var server = proxied.Server;
        var disabled = await TestAccount.CreateAsync(server);
        var imported = await TestAccount.CreateAsync(server);
        await disabled.AdminAsync(HttpMethod.Patch, "", new { disabled = true });
        await imported.AdminAsync(HttpMethod.Delete, $"/secrets/{imported.SecretId}");
        await imported.ImportAsync(ImportedSecret.Pbkdf2("something", rounds: 30_000));
        Func<int, (string, string)>[] kinds =
        [
            _ => ("nobody", "x"),
            i => ($"nobody {i}", "x"),
            _ => (server.Demo.ServiceAccount.ClientId, "x"),
            _ => (disabled.ClientId, disabled.Secret),
            _ => (imported.ClientId, "x"),
        ];
        double worst = 0;

        // What else the machine does shows in the times: one good run of three is enough.
        for (var run = 0; run < 3; run++)
        {
            var medians = await MediansAsync(kinds, 2000 / kinds.Length, run * 2000);
            worst = medians.Max() / medians.Min();

            if (worst < 1.05)
            {
                return;
            }
        }

        Assert.Fail($"the medians differ by {worst - 1:P1}");
    }

    [Theory]
    [InlineData("disable")]
    [InlineData("delete")]
    [InlineData("delete the secret")]
    [Trait("R", "39")]
    public async Task The_next_request_after_the_end_of_a_client_fails(string end)
    {
        await using var server = await TestServer.StartAsync();
        var account = await TestAccount.CreateAsync(server);
        var token = (await account.TokenAsync())["access_token"];
        Assert.Equal(200, (await account.TokenAsync()).Status);

        switch (end)
        {
            case "disable":
                await account.AdminAsync(HttpMethod.Patch, "", new { disabled = true });
                break;
            case "delete":
                await account.AdminAsync(HttpMethod.Delete);
                break;
            default:
                await account.AdminAsync(HttpMethod.Delete, $"/secrets/{account.SecretId}");
                break;
        }

        foreach (var path in s_endpoints)
        {
            var basic = await server.PostAsAsync(account.ClientId, account.Secret, path, ("grant_type", "client_credentials"), ("token", token));
            var post = await server.PostAsync(
                path, ("grant_type", "client_credentials"), ("token", token), ("client_id", account.ClientId), ("client_secret", account.Secret));

            Assert.Equal((401, 401), (basic.Status, post.Status));
        }
    }

    [Fact]
    [Trait("R", "39")]
    public async Task The_next_request_after_the_end_of_a_tenant_fails()
    {
        await using var server = await TestServer.StartAsync();
        var tenant = await server.AdminAsync(HttpMethod.Post, "/tenants", new { name = "second", issuer = "https://second.example", hosts = Array.Empty<string>() });
        Assert.True(tenant.Status == 201, tenant.Body);
        var admin = tenant.Json.GetProperty("admin");
        var before = await AskAsync();

        Assert.Equal(200, (await server.AdminAsync(HttpMethod.Patch, $"/tenants/{tenant["id"]}", new { disabled = true })).Status);
        var after = await AskAsync();

        Assert.Equal(200, before.Status);
        Assert.Equal((401, "invalid_client"), (after.Status, after["error"]));
        Assert.Equal(200, (await server.TokenAsync()).Status);

        async Task<Answer> AskAsync()
        {
            var request = TestServer.Form("/oauth2/token", ("grant_type", "client_credentials"));
            request.Headers.Host = "second.example";
            request.Headers.Authorization = TestServer.Basic(admin.GetProperty("client_id").GetString()!, admin.GetProperty("client_secret").GetString()!);

            return await server.SendAsync(request);
        }
    }

    [Fact]
    [Trait("R", "39")]
    public async Task Who_holds_back_the_last_byte_is_judged_by_what_holds_when_it_comes()
    {
        await using var server = await TestServer.StartAsync();
        var account = await TestAccount.CreateAsync(server);
        var (_, secret) = await account.NewSecretAsync(server.Clock.GetUtcNow().AddMinutes(1));
        using var raw = await RawHttp.ConnectAsync(server);
        await raw.WriteAsync(
            $"POST /oauth2/token HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\nAuthorization: {TestServer.Basic(account.ClientId, secret)}\r\n"
            + "Content-Type: application/x-www-form-urlencoded\r\nContent-Length: 29\r\n\r\ngrant_type=client_credential");
        await Task.Delay(300, TestContext.Current.CancellationToken);

        server.Clock.Advance(TimeSpan.FromMinutes(2));
        await raw.WriteAsync("s");

        await server.AssertRefusedAsync(Answer.Of(await raw.ReadAsync(TimeSpan.FromSeconds(4))), 401, "invalid_client", "secret-not-expired");
    }

    private async Task<double[]> MediansAsync(Func<int, (string Id, string Secret)>[] kinds, int tries, int first)
    {
        var times = kinds.Select(_ => new List<double>()).ToArray();

        for (var i = first; i < first + tries; i++)
        {
            // One of each kind at once, so that what else the machine does meets all of them.
            await Task.WhenAll(kinds.Select(async (kind, k) =>
            {
                var (id, secret) = kind(i);
                var address = proxied.NewAddress();
                var began = Stopwatch.GetTimestamp();
                var answer = await proxied.PostFromAsync(address, id, secret, "/oauth2/token", ("grant_type", "client_credentials"));
                times[k].Add(Stopwatch.GetElapsedTime(began).TotalMilliseconds);
                Assert.Equal(401, answer.Status);
            }));
        }

        return [.. times.Select(t => t.Order().ElementAt(t.Count / 2))];
    }
}
