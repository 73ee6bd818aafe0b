using System.Text.Json.Nodes;

namespace Countersign.Cli.Tests;

public sealed class JwtExplanationTests
{
    private const string Proposal = """
        "proposal":{"name":"ci repo:a/b","trusted_issuer":"ci","conditions":[{"claim":"repository_id","equals":"1"},{"claim":"sub","equals":"it's \u202e"}]}
        """;

    private const string Refused = """
        {"outcome":"refused","error":"invalid_client","error_description":"client authentication failed","kind":"foreign","verified":true,
         "checks":[{"check":"signature","passed":true,"got":null},{"check":"trust-rule","passed":false,"detail":"no rule matches","got":"a\u001b[2J","expected":"a rule","hint":"create one"}],
         "rules":[{"id":"r","name":"deploy","mode":"report","state":"expired","matched":false,"account":"deployer",
           "conditions":[{"claim":"repository_id","operator":"equals","expected":"1","got":"1","passed":true},
                         {"claim":"ref","operator":"any_of","expected":"main, next","got":"dev","passed":false,"detail":"is none of them"}],
           "cel":{"expression":"claims.a == 'b'","value":false,"passed":false,"steps":[{"text":"claims.a","value":"c"},{"text":"claims.a == 'b'","value":false}]}}],
         "hint":"create the proposed rule",
         "proposal":{"name":"ci repo:a/b","trusted_issuer":"ci","conditions":[{"claim":"repository_id","equals":"1"},{"claim":"sub","equals":"it's"}]}}
        """;

    private const string WouldIssue = """
        {"outcome":"would-issue","verified":true,"checks":[{"check":"trust-rule","passed":true}],"rules":[],
         "token":{"client_id":"deployer","audience":["urn:a"],"scope":"read","format":"jwt","lifetime_seconds":900}}
        """;

    [Fact]
    public async Task A_refused_JWT_is_explained_from_the_verdict_to_the_command_that_makes_it_work()
    {
        await using var server = Answering(Refused);

        var ran = await Ran.WithInputAsync(server, "the.jwt\n", "explain", "--jwt", "-");

        Assert.Equal(
            """
            refused: invalid_client: client authentication failed
            ✓ signature
            ✗ trust-rule  no rule matches
                got       a\u{1b}[2J
                expected  a rule
            Rule deploy: does not match, only reports, expired (account deployer)
              ✓ repository_id = 1
              ✗ ref in main, next  is none of them
                  got       dev
              ✗ cel claims.a == 'b'  False
                  claims.a  c
                  claims.a == 'b'  False
            Hint: create the proposed rule
            To save the narrowest rule that matches it (or explain it again with --account CLIENT_ID --save):
              countersign rule create 'ci repo:a/b' --issuer ci --account CLIENT_ID --condition 'repository_id=1' --condition 'sub=it'\''s'

            """,
            ran.Out);
        Assert.Equal((1, ""), (ran.Code, ran.Error));
    }

    [Fact]
    public async Task A_JWT_that_is_good_shows_the_token_that_it_would_get()
    {
        await using var server = Answering(WouldIssue);

        var ran = await Ran.WithInputAsync(server, "the.jwt", "explain", "--jwt", "-");

        Assert.Equal(0, ran.Code);
        Assert.StartsWith("would-issue: a token of deployer for urn:a, scope read\n✓ trust-rule\nThe token would be:\n", ran.Out, StringComparison.Ordinal);
        Assert.Contains("lifetime_seconds", ran.Out, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Everything_that_is_asked_goes_into_the_request_and_the_JWT_into_nothing_else()
    {
        await using var server = Answering(Refused);
        string[] args =
        [
            "explain", "--jwt", "-", "--as", "subject-token", "--scope", "a", "--scope", "b", "--resource", "urn:a", "--address", "10.0.0.1",
            "--time", "1h", "--account", "deployer", "--json",
        ];

        var ran = await Ran.WithInputAsync(server, "canary.jwt.text", args);

        Assert.Equal(1, ran.Code);
        Assert.Equal("refused", ran.Json.GetProperty("outcome").GetString());
        Assert.True(
            JsonNode.DeepEquals(
                JsonNode.Parse("""
                    {"jwt":"canary.jwt.text","as":"subject_token","account":"deployer","address":"10.0.0.1","time":"2026-11-24T13:00:00Z","scope":"a b","resource":["urn:a"]}
                    """),
                server.Calls.Single().Json),
            server.Calls.Single().Body);
        Assert.DoesNotContain("canary", ran.Out + ran.Error, StringComparison.Ordinal);
        Assert.All(server.Requests, seen => Assert.DoesNotContain("canary", seen.Target, StringComparison.Ordinal));
    }

    [Fact]
    public async Task What_a_shell_or_a_terminal_would_change_is_shown_as_JSON_in_place_of_a_command()
    {
        await using var server = Answering($$"""{"outcome":"refused","checks":[],{{Proposal}}}""");

        var ran = await Ran.WithInputAsync(server, "j", "explain", "--jwt", "-");

        Assert.DoesNotContain("countersign rule create '", ran.Out, StringComparison.Ordinal);
        Assert.Contains("""
            "equals": "it\u0027s \u202E"
            """.Trim(), ran.Out, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_proposal_is_printed_alone_and_can_be_given_to_rule_create_as_it_is()
    {
        await using var server = Answering(Refused);
        server.On("POST /admin/v1/trust-rules", "{}", 201);

        var proposed = await Ran.WithInputAsync(server, "j", "explain", "--jwt", "-", "--propose", "--account", "deployer", "--name", "mine");
        Assert.Equal((0, ""), (proposed.Code, proposed.Error));

        Assert.Equal(0, (await Ran.WithInputAsync(server, proposed.Out, "rule", "create", "--file", "-")).Code);
        Assert.True(JsonNode.DeepEquals(JsonNode.Parse(proposed.Out), server.Calls.Last().Json));
        Assert.Equal(("mine", "deployer"), ((string?)server.Calls.Last().Json["name"], (string?)server.Calls.Last().Json["account"]));
    }

    [Fact]
    public async Task A_proposal_of_a_recorded_refusal_is_printed_and_saved_too()
    {
        await using var server = new StubServer();
        server.On($"GET /admin/v1/explanations/{The.Id}", Refused);
        server.On("POST /admin/v1/trust-rules", """{"name":"ci repo:a/b"}""", 201);

        var proposed = await Ran.Async(server, "explain", The.Id, "--propose");
        var saved = await Ran.Async(server, "explain", The.Id, "--save", "--account", "deployer");

        Assert.Equal("ci", proposed.Json.GetProperty("trusted_issuer").GetString());
        Assert.Equal((0, "Saved the rule ci repo:a/b. To see it: countersign rule show 'ci repo:a/b'\n"), (saved.Code, saved.Out));
        Assert.Equal("deployer", (string?)server.Calls.Last().Json["account"]);
    }

    [Fact]
    public async Task Saving_creates_the_rule_and_says_what_the_JWT_would_get_now()
    {
        await using var server = new StubServer();
        var asked = 0;
        server.On("POST /admin/v1/explanations", _ => (200, asked++ == 0 ? Refused : WouldIssue));
        server.On("POST /admin/v1/trust-rules", """{"name":"ci repo:a/b","warnings":["names can be given again"]}""", 201);

        var ran = await Ran.WithInputAsync(server, "j", "explain", "--jwt", "-", "--save", "--account", "deployer");

        Assert.Equal((0, "warning: names can be given again\n"), (ran.Code, ran.Error));
        Assert.EndsWith("Now: would-issue: a token of deployer for urn:a, scope read\n", ran.Out, StringComparison.Ordinal);
    }

    [Fact]
    public async Task An_unknown_issuer_is_trusted_first_and_only_when_that_is_asked_for()
    {
        await using var server = new StubServer();
        const string Unknown = """
            {"outcome":"refused","error":"invalid_client","verified":false,"checks":[],
             "proposed_issuer":{"name":"github","kind":"github","issuer":"https://i.example","discovery":true,"audiences":["https://auth.example"]}}
            """;
        var isTrusted = false;
        server.On("POST /admin/v1/explanations", _ => (200, isTrusted ? Refused : Unknown));
        server.On("POST /admin/v1/trusted-issuers", _ =>
        {
            isTrusted = true;

            return (201, """{"id":"ISSUER","name":"github"}""");
        });
        server.On("POST /admin/v1/trust-rules", """{"name":"r"}""", 201);
        string[] save = ["explain", "--jwt", "-", "--save", "--account", "deployer"];

        var shown = await Ran.WithInputAsync(server, "j", "explain", "--jwt", "-");
        const string Command = "countersign issuer create github --kind github --issuer https://i.example --discovery --audience https://auth.example";
        Assert.Contains($"To trust its issuer:\n  {Command}\n", shown.Out, StringComparison.Ordinal);

        var refused = await Ran.WithInputAsync(server, "j", save);
        Assert.Equal(1, refused.Code);
        Assert.Contains($"add --create-issuer, or first: {Command}", refused.Error, StringComparison.Ordinal);
        Assert.False(isTrusted);

        var saved = await Ran.WithInputAsync(server, "j", [.. save, "--create-issuer"]);
        Assert.Equal((0, "Trusted the issuer github.\n"), (saved.Code, saved.Error));
        var rule = server.Calls.Single(call => call.Target == "/admin/v1/trust-rules").Json;
        Assert.Equal(("ISSUER", "deployer"), ((string?)rule["trusted_issuer"], (string?)rule["account"]));
    }

    [Fact]
    public async Task Nothing_is_changed_where_something_is_missing_or_nothing_needs_to_be()
    {
        await using var server = Answering(Refused);
        var without = await Ran.WithInputAsync(server, "j", "explain", "--jwt", "-", "--save");
        Assert.Equal(2, without.Code);
        Assert.Contains("add --account CLIENT_ID", without.Error, StringComparison.Ordinal);

        server.On("POST /admin/v1/explanations", WouldIssue);
        var good = await Ran.WithInputAsync(server, "j", "explain", "--jwt", "-", "--save", "--account", "deployer");
        Assert.Equal((0, ""), (good.Code, good.Error));
        Assert.StartsWith("Nothing was saved: it works already.", good.Out, StringComparison.Ordinal);

        server.On("POST /admin/v1/explanations", """{"outcome":"refused","checks":[{"check":"signature","passed":false,"hint":"the token was altered"}]}""");
        var hopeless = await Ran.WithInputAsync(server, "j", "explain", "--jwt", "-", "--propose");
        Assert.Equal((1, ""), (hopeless.Code, hopeless.Out));
        Assert.Contains("there is no rule to propose: the token was altered", hopeless.Error, StringComparison.Ordinal);

        Assert.All(server.Calls, call => Assert.Equal("/admin/v1/explanations", call.Target));
    }

    [Fact]
    public async Task A_rule_of_an_unverified_token_is_saved_with_a_warning()
    {
        await using var server = Answering(Refused.Replace("\"verified\":true", "\"verified\":false", StringComparison.Ordinal));
        server.On("POST /admin/v1/trust-rules", """{"name":"r"}""", 201);

        var ran = await Ran.WithInputAsync(server, "j", "explain", "--jwt", "-", "--save", "--account", "deployer");

        Assert.Equal((0, "warning: the token's signature was not verified: be sure where it comes from\n"), (ran.Code, ran.Error));
    }

    [Theory]
    [InlineData("explain")]
    [InlineData("explain", The.Id, "--jwt", "-")]
    [InlineData("explain", The.Id, "--scope", "a")]
    [InlineData("explain", The.Id, "--save", "--account", "a", "--create-issuer")]
    [InlineData("explain", The.Id, "--account", "a")]
    [InlineData("explain", "--jwt", "-", "--name", "a")]
    [InlineData("explain", "--jwt", "-", "--create-issuer")]
    [InlineData("explain", "--jwt", "-", "--propose", "--save")]
    [InlineData("explain", "--jwt", "-", "--as", "cookie")]
    public async Task Misuse_asks_for_nothing(params string[] args)
    {
        await using var server = new StubServer();

        var ran = await Ran.WithInputAsync(server, "j", args);

        Assert.Equal((2, ""), (ran.Code, ran.Out));
        Assert.Empty(server.Requests);
    }

    private static StubServer Answering(string explanation)
    {
        var server = new StubServer();
        server.On("POST /admin/v1/explanations", explanation);

        return server;
    }
}
