using System.Text.Json.Nodes;

namespace Countersign.Cli.Tests;

public sealed class CommandTests
{
    private const string Accounts = "/admin/v1/service-accounts";

    /// <summary>A command, and the request that it makes in the end.</summary>
    public static TheoryData<string, string, string> Requests => new()
    {
        {
            "account create --name ci --org acme --client-id x",
            "POST service-accounts",
            """{"name":"ci","client_id":"x","owner":{"organization":"ORG"}}"""
        },
        { "account create --name ci --owner-group main", "POST service-accounts", """{"name":"ci","owner":{"group":"GROUP"}}""" },
        { "account disable ci", "PATCH service-accounts/ID", """{"disabled":true}""" },
        { "account enable ci", "PATCH service-accounts/ID", """{"disabled":false}""" },
        {
            "account update ci --token-format opaque --token-lifetime 1h --token-alg inherit",
            "PATCH service-accounts/ID",
            """{"access_token":{"format":"opaque","lifetime_seconds":3600,"alg":null}}"""
        },
        {
            "account update ci --assertion-audience issuer-or-token-endpoint --assertion-alg any --require-jti false",
            "PATCH service-accounts/ID",
            """{"assertions":{"audience":"issuer-or-token-endpoint","signing_alg":null,"require_jti":false}}"""
        },
        { "account update ci --dpop-bound true", "PATCH service-accounts/ID", """{"dpop_bound_access_tokens":true}""" },
        { "account update ci --assertion-alg PS256", "PATCH service-accounts/ID", """{"assertions":{"signing_alg":"PS256"}}""" },
        {
            "tenant update t --assertion-max-age 5m --clock-skew 30s --secrets-beside-keys true --require-dpop-nonce true",
            "PATCH tenants/TENANT",
            """{"settings":{"assertion_max_age_seconds":300,"clock_skew_seconds":30,"allow_secrets_beside_keys":true,"require_dpop_nonce":true}}"""
        },
        {
            "account revoke-tokens ci --before 1h",
            "POST service-accounts/ID/revoke-tokens",
            """{"issued_before":"2026-11-24T11:00:00Z"}"""
        },
        { "account revoke-tokens ci --before now", "POST service-accounts/ID/revoke-tokens", "{}" },
        { "secret create ci --expires 90d", "POST service-accounts/ID/secrets", """{"expires_at":"2027-02-22T12:00:00Z"}""" },
        { "secret rotate ci --retire-old now", "POST service-accounts/ID/secrets/rotate", """{"retire_old":{"now":true}}""" },
        { "secret rotate ci --retire-old quiet:2d", "POST service-accounts/ID/secrets/rotate", """{"retire_old":{"quiet_hours":48}}""" },
        {
            "secret rotate ci --retire-old 24h",
            "POST service-accounts/ID/secrets/rotate",
            """{"retire_old":{"at":"2026-11-25T12:00:00Z"}}"""
        },
        { "secret retire ci OTHER", "POST service-accounts/ID/secrets/OTHER/retire", "{}" },
        { "secret retire ci OTHER --when quiet:3h", "POST service-accounts/ID/secrets/OTHER/retire", """{"quiet_hours":3}""" },
        {
            "secret update ci OTHER --expires 2027-01-01",
            "PATCH service-accounts/ID/secrets/OTHER",
            """{"expires_at":"2027-01-01T00:00:00Z"}"""
        },
        { "secret delete ci OTHER", "DELETE service-accounts/ID/secrets/OTHER", "" },
        {
            "grant add ci --api urn:a --scope read --scope write --default-scope read",
            "POST service-accounts/ID/grants",
            """{"api":"urn:a","scopes":["read","write"],"default_scopes":["read"]}"""
        },
        {
            "grant update ci urn:a --scope read --no-default-scopes",
            "PATCH service-accounts/ID/grants/GRANT",
            """{"scopes":["read"],"default_scopes":[]}"""
        },
        { "grant remove ci urn:a", "DELETE service-accounts/ID/grants/GRANT", "" },
        {
            "role assign ci org-admin --org acme",
            "POST service-accounts/ID/roles",
            """{"role":"org-admin","reach":{"organization":"ORG"}}"""
        },
        { "role assign ci auditor --tenant-wide", "POST service-accounts/ID/roles", """{"role":"auditor","reach":"tenant"}""" },
        { "role unassign ci auditor", "DELETE service-accounts/ID/roles/ASSIGNMENT", "" },
        { "role create --name r --scope read@urn:a", "POST roles", """{"name":"r","scopes":[{"api":"urn:a","scope":"read"}]}""" },
        {
            "api create --identifier urn:a --name A --scope r --scope w:d --scope a:b=c",
            "POST apis",
            """{"identifier":"urn:a","name":"A","scopes":[{"name":"r"},{"name":"w","description":"d"},{"name":"a:b","description":"c"}]}"""
        },
        {
            "api update urn:a --add-scope admin --remove-scope write",
            "PATCH apis/API",
            """{"scopes":[{"name":"read","description":null},{"name":"admin"}]}"""
        },
        { "api resource-server add urn:a ci", "POST apis/API/resource-servers", """{"account":"ID"}""" },
        { "api resource-server remove urn:a ci", "DELETE apis/API/resource-servers/ID", "" },
        { "signing-key create --alg ES256", "POST signing-keys", """{"alg":"ES256","activate":"scheduled"}""" },
        { "revoke --account ci --before now", "POST revocations", """{"account":"ID"}""" },
        { "revoke --all-tokens", "POST revocations", """{"all":true}""" },
        { "org create --name new --group main", "POST organizations", """{"name":"new","group":"GROUP"}""" },
        {
            "tenant create --name t --issuer https://t.example --host t.example",
            "POST tenants",
            """{"name":"t","issuer":"https://t.example","hosts":["t.example"]}"""
        },
        {
            "tenant update t --disabled true --granting owner --max-secret-lifetime-days 90",
            "PATCH tenants/TENANT",
            """{"disabled":true,"settings":{"max_secret_lifetime_days":90,"granting":"owner"}}"""
        },
    };

    [Fact]
    public async Task An_account_is_found_by_id_first_and_then_by_client_id()
    {
        await using var server = new StubServer();
        server.On($"GET {Accounts}/{The.Id}", The.Account);
        server.On($"GET {Accounts}", The.Items(The.Account));

        var byId = await Ran.Async(server, "account", "show", The.Id, "--json");
        var byClientId = await Ran.Async(server, "account", "show", "ci", "--json");

        Assert.Equal(byId.Out, byClientId.Out);
        Assert.Equal([$"{Accounts}/{The.Id}", $"{Accounts}?client_id=ci&limit=200"], server.Calls.Select(call => call.Target));
    }

    [Fact]
    public async Task A_name_that_several_things_have_is_refused_with_their_ids()
    {
        await using var server = new StubServer();
        server.On("GET /admin/v1/organizations", The.Items(Thing("name", "x", The.Id), Thing("name", "x", The.OtherId)));

        var ran = await Ran.Async(server, "org", "delete", "x");

        Assert.Equal(2, ran.Code);
        Assert.Contains($"{The.Id}, {The.OtherId}", ran.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_name_that_nothing_has_ends_with_1()
    {
        await using var server = The.ServerWithAccount();

        var ran = await Ran.Async(server, "account", "delete", "nobody");

        Assert.Equal(1, ran.Code);
        Assert.Contains("there is no service account 'nobody'", ran.Error, StringComparison.Ordinal);
    }

    [Theory]
    [MemberData(nameof(Requests))]
    public async Task A_command_makes_its_request(string command, string request, string body)
    {
        await using var server = new StubServer();
        server.On($"GET {Accounts}", The.Items(The.Account));
        server.On("GET /admin/v1/organizations", The.Items(Thing("name", "acme", "ORG")));
        server.On("GET /admin/v1/groups", The.Items(Thing("name", "main", "GROUP")));
        server.On("GET /admin/v1/tenants", The.Items(Thing("name", "t", "TENANT")));
        server.On("GET /admin/v1/apis", The.Items(Thing("identifier", "urn:a", "API")));
        server.On($"GET /admin/v1/apis/API", """{"scopes":[{"name":"read","description":null},{"name":"write","description":null}]}""");
        server.On($"GET {Accounts}/{The.Id}/grants", The.Items("""{"id":"GRANT","api":{"identifier":"urn:a"}}"""));
        server.On($"GET {Accounts}/{The.Id}/roles", The.Items("""{"id":"ASSIGNMENT","role":{"name":"auditor"}}"""));
        var (method, path) = (request.Split(' ')[0], $"/admin/v1/{Ids(request.Split(' ')[1])}");
        server.On($"{method} {path}", "{}", method == "DELETE" ? 204 : 200);

        var ran = await Ran.Async(server, [.. Ids(command).Split(' '), "--json"]);

        Assert.Equal((0, ""), (ran.Code, ran.Error.Replace("Keep the secret now: it is not shown again.\n", "", StringComparison.Ordinal)));
        var call = server.Calls.Last();
        Assert.Equal((method, path), (call.Method, call.Target));
        Assert.True(body.Length == 0 ? call.Body.Length == 0 : JsonNode.DeepEquals(JsonNode.Parse(Ids(body)), call.Json), call.Body);
        Assert.Equal("{}", ran.Json.GetRawText());
    }

    [Fact]
    public async Task A_secret_is_printed_once_on_standard_output_with_a_warning()
    {
        await using var server = The.ServerWithAccount();
        server.On($"POST {Accounts}/{The.Id}/secrets", $$"""{"id":"{{The.OtherId}}","client_secret":"cs_secret_x"}""", 201);

        var people = await Ran.Async(server, "secret", "create", "ci");
        var json = await Ran.Async(server, "secret", "create", "ci", "--json");

        Assert.Contains("cs_secret_x", people.Out, StringComparison.Ordinal);
        Assert.Contains("not shown again", people.Out, StringComparison.Ordinal);
        Assert.Equal("cs_secret_x", json.Json.GetProperty("client_secret").GetString());
        Assert.DoesNotContain("cs_secret_x", people.Error + json.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Tokens_and_hashes_come_from_standard_input()
    {
        await using var server = The.ServerWithAccount();
        server.On("POST /admin/v1/revocations", "{}", 201);
        server.On($"POST {Accounts}/{The.Id}/secrets", "{}", 201);

        var revoke = await Ran.WithInputAsync(server, "  the.access.token \n", "revoke");
        var create = await Ran.WithInputAsync(server, "$2b$12$hash\n", "secret", "create", "ci", "--hash-file", "-");
        var nothing = await Ran.WithInputAsync(server, "\n", "revoke");

        Assert.Equal((0, 0, 2), (revoke.Code, create.Code, nothing.Code));
        Assert.Equal("the.access.token", (string?)server.Calls.First().Json["token"]);
        Assert.Equal("$2b$12$hash", (string?)server.Calls.Last().Json["hash"]);
    }

    [Fact]
    public async Task Explain_shows_each_check_in_order_with_what_was_compared()
    {
        await using var server = new StubServer();
        server.On($"GET /admin/v1/explanations/{The.Id}", """
            {"id":"x","at":"2026-11-24T11:00:00Z","kind":"token","outcome":"refused","error":"invalid_scope","error_description":"no",
             "client_id":"ci","account":null,"source":"127.0.0.1","checks":[
               {"check":"secret-matches","passed":true,"detail":null,"got":null,"expected":null},
               {"check":"scope-granted","passed":false,"detail":"the account lacks it","got":"admin\u001b[2J","expected":"read write"}],
             "hint":"grant it"}
            """);

        var ran = await Ran.Async(server, "explain", The.Id);

        Assert.Equal(
            """
            refused: invalid_scope: no
            2026-11-24T11:00:00Z  token  ci  127.0.0.1
            ✓ secret-matches
            ✗ scope-granted  the account lacks it
                got       admin\u{1b}[2J
                expected  read write
            Hint: grant it

            """,
            ran.Out);
    }

    private static string Thing(string key, string name, string id) => $$"""{"id":"{{id}}","{{key}}":"{{name}}"}""";

    private static string Ids(string text) => text.Replace("OTHER", The.OtherId, StringComparison.Ordinal)
        .Replace("/ID", "/" + The.Id, StringComparison.Ordinal)
        .Replace("\"ID\"", $"\"{The.Id}\"", StringComparison.Ordinal);
}
