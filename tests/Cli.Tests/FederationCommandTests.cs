using System.Text.Json.Nodes;

namespace Countersign.Cli.Tests;

public sealed class FederationCommandTests : IDisposable
{
    private const string Pem = "-----BEGIN CERTIFICATE-----\nTUlJ\n-----END CERTIFICATE-----\n";

    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    /// <summary>A command, its words divided by bars, and the request that it makes in the end.</summary>
    public static TheoryData<string, string, string> Requests => new()
    {
        {
            "issuer|create|ci|--kind|github|--audience|https://auth.example",
            "POST trusted-issuers",
            """{"name":"ci","kind":"github","audiences":["https://auth.example"]}"""
        },
        {
            "issuer|create|k|--kind|kubernetes|--issuer|https://k.example|--audience|a|--audience|b|--discovery|--jwks-host|keys.example|--alg|RS256|--alg|ES256"
            + "|--allow-extra-audiences|true|--clock-skew|30s|--max-token-age|10m|--replay|window:30s|--require-jti|false|--require-immutable-ids|true",
            "POST trusted-issuers",
            """
            {"name":"k","kind":"kubernetes","issuer":"https://k.example","discovery":true,"audiences":["a","b"],"jwks_host":"keys.example","algorithms":["RS256","ES256"],
             "allow_extra_audiences":true,"clock_skew_seconds":30,"max_token_age_seconds":600,"require_jti":false,"require_immutable_ids":true,
             "replay":"window","replay_window_seconds":30}
            """
        },
        {
            "issuer|create|s|--kind|spiffe|--issuer|spiffe://td.example|--audience|a|--jwks-url|https://td.example/bundle",
            "POST trusted-issuers",
            """{"name":"s","kind":"spiffe","issuer":"spiffe://td.example","jwks_url":"https://td.example/bundle","audiences":["a"]}"""
        },
        { "issuer|update|ci|--jwks-url|https://new.example/keys|--replay|once", "PATCH trusted-issuers/ISSUER", """{"jwks_url":"https://new.example/keys","replay":"once","replay_window_seconds":null}""" },
        { "issuer|disable|ci", "PATCH trusted-issuers/ISSUER", """{"disabled":true}""" },
        { "issuer|enable|https://ci.example", "PATCH trusted-issuers/ISSUER", """{"disabled":false}""" },
        { "issuer|delete|ci", "DELETE trusted-issuers/ISSUER", "" },
        { "issuer|refresh|ci", "POST trusted-issuers/ISSUER/refresh", "" },
        {
            "rule|create|deploy|--issuer|ci|--account|deployer|--condition|repository_id=123|--condition|sub^=repo:org/|--condition|sub~=repo:org/*:ref:refs/heads/main"
            + "|--condition|ref in a, b|--condition|groups contains admins|--condition|run:=5|--cel|claims.ref != 'x'|--scope|read|--scope|write|--lifetime|15m"
            + "|--expires|1d|--mode|report|--allow|deep-wildcard",
            "POST trust-rules",
            """
            {"name":"deploy","trusted_issuer":"ci","account":"deployer","conditions":[{"claim":"repository_id","equals":"123"},{"claim":"sub","prefix":"repo:org/"},
             {"claim":"sub","glob":"repo:org/*:ref:refs/heads/main"},{"claim":"ref","any_of":["a","b"]},{"claim":"groups","contains":"admins"},{"claim":"run","equals":5}],
             "cel":"claims.ref != 'x'","scopes":["read","write"],"lifetime_seconds":900,"expires_at":"2026-11-25T12:00:00Z","mode":"report","allow":["deep-wildcard"]}
            """
        },
        { "rule|update|deploy|--mode|enforce", "PATCH trust-rules/RULE", """{"mode":"enforce"}""" },
        {
            "rule|update|deploy|--account|other|--cel|none|--lifetime|none|--expires|never|--all-scopes|--name|d2",
            "PATCH trust-rules/RULE",
            """{"name":"d2","account":"other","template":null,"cel":null,"lifetime_seconds":null,"expires_at":null,"scopes":null}"""
        },
        { "rule|disable|deploy", "PATCH trust-rules/RULE", """{"disabled":true}""" },
        { "rule|enable|deploy", "PATCH trust-rules/RULE", """{"disabled":false}""" },
        { "rule|delete|deploy", "DELETE trust-rules/RULE", "" },
        { "rule|accounts|deploy", "GET trust-rules/RULE/accounts?limit=50", "" },
        { "rule|list|--issuer|ci|--account|ci|--mode|report", $"GET trust-rules?trusted_issuer=ISSUER&account={The.Id}&mode=report&limit=50", "" },
        {
            "exchange-rule|create|gateway|--client|gw|--subject|a|--subject|b|--scope|read@urn:a|--scope|write@urn:a|--scope|read@urn:b|--impersonation|true|--lifetime|5m",
            "POST exchange-rules",
            """
            {"name":"gateway","client":"gw","subjects":["a","b"],"apis":[{"api":"urn:a","scopes":["read","write"]},{"api":"urn:b","scopes":["read"]}],
             "impersonation":true,"lifetime_seconds":300}
            """
        },
        {
            "exchange-rule|create|gateway|--client|gw|--any-subject|true|--scope|read@urn:a",
            "POST exchange-rules",
            """{"name":"gateway","client":"gw","any_subject":true,"apis":[{"api":"urn:a","scopes":["read"]}]}"""
        },
        { "exchange-rule|update|gateway|--subject|c|--lifetime|none", "PATCH exchange-rules/EXCHANGE", """{"subjects":["c"],"lifetime_seconds":null}""" },
        { "exchange-rule|disable|gateway", "PATCH exchange-rules/EXCHANGE", """{"disabled":true}""" },
        { "exchange-rule|delete|gateway", "DELETE exchange-rules/EXCHANGE", "" },
        { "account|policy|ci|--cel|true", $"PATCH service-accounts/{The.Id}", """{"access_policy":{"cel":"true"}}""" },
        { "account|policy|ci|--cel|none", $"PATCH service-accounts/{The.Id}", """{"access_policy":null}""" },
    };

    [Theory]
    [MemberData(nameof(Requests))]
    public async Task A_command_makes_its_request(string command, string request, string body)
    {
        await using var server = Server();
        var (method, target) = (request.Split(' ')[0], $"/admin/v1/{request.Split(' ')[1]}");
        server.On($"{method} {target.Split('?')[0]}", method == "GET" ? The.Items() : "{}", method == "DELETE" ? 204 : 200);

        var ran = await Ran.Async(server, [.. command.Split('|'), "--json"]);

        Assert.Equal((0, ""), (ran.Code, ran.Error));
        var call = server.Calls.Last();
        Assert.Equal((method, target), (call.Method, call.Target));
        Assert.True(body.Length == 0 ? call.Body.Length == 0 : JsonNode.DeepEquals(JsonNode.Parse(body), call.Json), call.Body);
    }

    [Theory]
    [InlineData("issuer|create|ci|--kind|github")]
    [InlineData("issuer|create|ci|--kind|jenkins|--audience|a")]
    [InlineData("issuer|create|ci|--audience|a|--discovery|--jwks-url|https://a.example")]
    [InlineData("issuer|create|ci|--audience|a|--alg|HS256")]
    [InlineData("issuer|create|ci|--audience|a|--replay|often")]
    [InlineData("issuer|create|ci|--audience|a|--replay|window:soon")]
    [InlineData("issuer|update|ci")]
    [InlineData("rule|create|deploy|--issuer|ci|--account|a")]
    [InlineData("rule|create|deploy|--issuer|ci|--condition|a=b")]
    [InlineData("rule|create|deploy|--account|a|--condition|a=b")]
    [InlineData("rule|create|--issuer|ci|--account|a|--condition|a=b")]
    [InlineData("rule|create|deploy|--issuer|ci|--account|a|--condition|a==b")]
    [InlineData("rule|create|deploy|--issuer|ci|--account|a|--condition|a!=b")]
    [InlineData("rule|create|deploy|--issuer|ci|--account|a|--condition|a=")]
    [InlineData("rule|create|deploy|--issuer|ci|--account|a|--condition|a:=[1]")]
    [InlineData("rule|create|deploy|--issuer|ci|--account|a|--condition|a:=x")]
    [InlineData("rule|create|deploy|--issuer|ci|--account|a|--condition|a=b|--cel|missing.cel")]
    [InlineData("rule|update|deploy|--scope|a|--all-scopes")]
    [InlineData("rule|update|deploy|--mode|watch")]
    [InlineData("exchange-rule|create|g|--client|gw|--subject|a")]
    [InlineData("exchange-rule|create|g|--client|gw|--scope|read@urn:a")]
    [InlineData("exchange-rule|create|g|--client|gw|--subject|a|--any-subject|true|--scope|read@urn:a")]
    [InlineData("exchange-rule|create|g|--client|gw|--subject|a|--scope|read")]
    [InlineData("account|policy|ci|--tests|none.json")]
    public async Task Misuse_ends_with_2_and_says_what_to_do(string command)
    {
        await using var server = Server();

        var ran = await Ran.Async(server, command.Split('|'));

        Assert.Equal((2, ""), (ran.Code, ran.Out));
        Assert.StartsWith("error: ", ran.Error, StringComparison.Ordinal);
        Assert.All(server.Calls, call => Assert.Equal("GET", call.Method));
    }

    [Fact]
    public async Task Keys_of_an_issuer_come_from_files_and_a_private_key_beside_a_certificate_stays_here()
    {
        await using var server = Server();
        server.On("POST /admin/v1/trusted-issuers", "{}", 201);
        var pem = _folder.Write("all.pem", $"{Pem}-----BEGIN PRIVATE KEY-----\ncanary\n-----END PRIVATE KEY-----\n{Pem}");
        string[] create = ["issuer", "create", "i", "--issuer", "https://i.example", "--audience", "a", "--ca", _folder.Write("ca.pem", Pem)];

        Assert.Equal(0, (await Ran.Async(server, [.. create, "--certificates", pem, "--certificates", _folder.Path("ca.pem")])).Code);
        Assert.Equal([Pem, Pem, Pem], server.Calls.Last().Json["certificates"]!.AsArray().Select(one => (string?)one));
        Assert.Equal(Pem, (string?)server.Calls.Last().Json["ca_certificates"]);
        Assert.DoesNotContain("canary", server.Calls.Last().Body, StringComparison.Ordinal);

        Assert.Equal(0, (await Ran.WithInputAsync(server, """{"keys":[]}""", [.. create, "--jwks", "-"])).Code);
        Assert.Equal("""{"keys":[]}""", server.Calls.Last().Json["jwks"]!.ToJsonString());

        var empty = await Ran.Async(server, [.. create, "--certificates", _folder.Write("none.pem", "text")]);
        Assert.Equal(2, empty.Code);
        Assert.Contains("holds no certificate", empty.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_problem_with_the_keys_and_warnings_are_told_beside_the_answer()
    {
        await using var server = Server();
        const string Answer = """{"name":"my ci","problem":"the host is not found","warnings":["its keys: the host is not found"],"jwks":{"keys":["canary"]}}""";
        server.On("POST /admin/v1/trusted-issuers", Answer, 201);
        server.On("POST /admin/v1/trusted-issuers/ISSUER/refresh", Answer);

        var created = await Ran.Async(server, "issuer", "create", "my ci", "--audience", "a", "--discovery");
        var refreshed = await Ran.Async(server, "issuer", "refresh", "ci");

        Assert.Equal(
            "warning: its keys: the host is not found\nThe issuer is saved. When that is mended: countersign issuer refresh 'my ci'\n",
            created.Error);
        Assert.DoesNotContain("canary", created.Out, StringComparison.Ordinal);
        Assert.Equal((0, 1), (created.Code, refreshed.Code));
    }

    [Fact]
    public async Task A_rule_comes_from_a_file_and_options_win_over_it()
    {
        await using var server = Server();
        server.On("POST /admin/v1/trust-rules", "{}", 201);
        const string Proposal = """{"name":"proposed","trusted_issuer":"ci","conditions":[{"claim":"sub","equals":"a"}]}""";

        var piped = await Ran.WithInputAsync(server, Proposal, "rule", "create", "--file", "-", "--account", "deployer");
        Assert.Equal(0, piped.Code);
        Assert.Equal(
            """{"name":"proposed","trusted_issuer":"ci","conditions":[{"claim":"sub","equals":"a"}],"account":"deployer"}""",
            server.Calls.Last().Json.ToJsonString());

        string[] create =
        [
            "rule", "create", "mine", "--file", _folder.Write("rule.json", Proposal), "--template", _folder.Write("t.json", """{"client_id":"gh-{repository_id}"}"""),
            "--cel", _folder.Write("x.cel", "claims.a == 'b'\n"), "--tests", _folder.Write("tests.json", """[{"claims":{"a":"b"},"matches":true}]"""),
        ];
        Assert.Equal(0, (await Ran.Async(server, create)).Code);
        Assert.True(
            JsonNode.DeepEquals(
                JsonNode.Parse("""
                    {"name":"mine","trusted_issuer":"ci","conditions":[{"claim":"sub","equals":"a"}],"template":{"client_id":"gh-{repository_id}"},
                     "cel":"claims.a == 'b'","tests":[{"claims":{"a":"b"},"matches":true}]}
                    """),
                server.Calls.Last().Json),
            server.Calls.Last().Body);
    }

    [Theory]
    [InlineData("[]", "is not a JSON object")]
    [InlineData("{\n \"a\": }", "is not JSON: line 2, column 7")]
    [InlineData("""{"name":"a","name":"b"}""", "is not JSON")]
    public async Task A_file_that_is_no_rule_is_refused_with_the_place(string text, string expected)
    {
        await using var server = Server();

        var ran = await Ran.WithInputAsync(server, text, "rule", "create", "--file", "-");

        Assert.Equal(2, ran.Code);
        Assert.Contains($"standard input {expected}", ran.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_rule_is_shown_with_its_conditions_as_they_are_typed()
    {
        await using var server = Server();
        server.On("GET /admin/v1/trust-rules", The.Items("""
            {"id":"RULE","name":"deploy","trusted_issuer":{"name":"ci"},"conditions":[{"claim":"sub","glob":"repo:a/*"},{"claim":"n","equals":5},{"claim":"ref","any_of":["a,b","c"]}],
             "tests":[{"claims":{},"matches":false}]}
            """));

        var shown = await Ran.Async(server, "rule", "show", "deploy");
        var json = await Ran.Async(server, "rule", "show", "deploy", "--json");

        Assert.Contains("""sub~=repo:a/*, n:=5, ref in ["a,b","c"]""", shown.Out, StringComparison.Ordinal);
        Assert.Equal(3, json.Json.GetProperty("conditions").GetArrayLength());
        Assert.Equal("repo:a/*", json.Json.GetProperty("conditions")[0].GetProperty("glob").GetString());
    }

    [Fact]
    public async Task The_policy_of_an_account_is_shown_when_none_is_given()
    {
        await using var server = new StubServer();
        server.On("GET /admin/v1/service-accounts", The.Items(The.Account.Replace("\"disabled\"", "\"access_policy\":{\"cel\":\"true\"},\"disabled\"", StringComparison.Ordinal)));

        Assert.Equal("true\n", (await Ran.Async(server, "account", "policy", "ci")).Out);
        Assert.Equal("true", (await Ran.Async(server, "account", "policy", "ci", "--json")).Json.GetProperty("cel").GetString());
        Assert.All(server.Calls, call => Assert.Equal("GET", call.Method));
    }

    private static StubServer Server()
    {
        var server = The.ServerWithAccount();
        server.On("GET /admin/v1/trusted-issuers", The.Items("""{"id":"ISSUER","name":"ci","issuer":"https://ci.example"}"""));
        server.On("GET /admin/v1/trust-rules", The.Items("""{"id":"RULE","name":"deploy"}"""));
        server.On("GET /admin/v1/exchange-rules", The.Items("""{"id":"EXCHANGE","name":"gateway"}"""));

        return server;
    }
}
