using System.Text.Json.Nodes;
using Countersign.Server.Tests.Framework;

namespace Countersign.Server.Tests.TrustedIssuers;

/// <summary>Tokens as GitHub Actions, GitLab CI, Kubernetes and SPIRE make them, under the rules of the pages in docs/federation.</summary>
public sealed class PlatformTokenTests
{
    private static readonly Dictionary<string, (string Claim, string Value)[]> s_rules = new()
    {
        ["github"] = [("repository_id", "456789"), ("repository_owner_id", "123456"), ("ref", "refs/heads/main")],
        ["gitlab"] = [("project_id", "20"), ("namespace_id", "72"), ("ref_path", "refs/heads/feature-branch-1")],
        ["kubernetes"] = [("sub", "system:serviceaccount:shop:exporter"), ("/kubernetes.io/serviceaccount/uid", "a709ef71-30e2-489a-bd19-ade97031b9db")],
        ["spiffe"] = [("sub", "spiffe://prod.example/ns/shop/sa/exporter")],
    };

    [Theory]
    [Trait("R", "205")]
    [InlineData("github", """{"repository_id":"456790","repository":"octo-org/octo-repo2"}""")]
    [InlineData("github", """{"repository_owner_id":"1","repository_id":"456789"}""")]
    [InlineData("github", """{"sub":"repo:octo-org/octo-repo:pull_request","event_name":"pull_request","ref":"refs/pull/7/merge"}""")]
    [InlineData("github", """{"repository_id":456789}""")]
    [InlineData("gitlab", """{"project_id":"21"}""")]
    [InlineData("gitlab", """{"ref_type":"tag","ref_path":"refs/tags/feature-branch-1"}""")]
    [InlineData("gitlab", """{"pipeline_source":"merge_request_event","ref_path":"refs/merge-requests/1/head"}""")]
    [InlineData("kubernetes", """{"sub":"system:serviceaccount:shop2:exporter"}""")]
    [InlineData("kubernetes", """{"kubernetes.io":{"namespace":"shop","serviceaccount":{"name":"exporter","uid":"made-again"}}}""")]
    [InlineData("spiffe", """{"sub":"spiffe://prod.example/ns/shop/sa/exporter/more"}""")]
    public async Task A_workload_is_let_in_and_its_siblings_are_not(string kind, string sibling)
    {
        await using var server = await TestServer.StartAsync();
        var issuer = await TrustedAsync(server, kind);
        var account = await TestAccount.CreateAsync(server);
        await issuer.RuleAsync(account.ClientId, null, [.. s_rules[kind].Select(c => ForeignIssuer.Where(c.Claim, "equals", c.Value))]);

        var answer = kind == "spiffe" ? await issuer.AsSvidAsync(Token(issuer, kind)) : await issuer.SendAsync(Token(issuer, kind));

        Assert.True(answer.Status == 200, answer.Body);
        var seen = await server.IntrospectAsync(answer["access_token"]);
        Assert.Equal(("True", account.ClientId), (seen["active"], seen["client_id"]));
        await issuer.RefusedAsync("trust-rule", () => Token(issuer, kind, sibling));
    }

    [Theory]
    [Trait("R", "201")]
    [InlineData("github", "\"https://github.com/octo-org\"")]
    [InlineData("gitlab", "\"https://gitlab.com\"")]
    [InlineData("kubernetes", "[\"https://kubernetes.default.svc\"]")]
    [InlineData("kubernetes", "[\"https://as.example\",\"https://kubernetes.default.svc\"]")]
    public async Task A_token_for_somebody_else_is_worth_nothing(string kind, string audience)
    {
        await using var server = await TestServer.StartAsync();
        var issuer = await TrustedAsync(server, kind);
        await issuer.RuleAsync((await TestAccount.CreateAsync(server)).ClientId, null, [.. s_rules[kind].Select(c => ForeignIssuer.Where(c.Claim, "equals", c.Value))]);

        await issuer.RefusedAsync("assertion-audience", () => Token(issuer, kind, $$"""{"aud":{{audience}}}"""));
    }

    [Theory]
    [InlineData("github")]
    [InlineData("gitlab")]
    [InlineData("kubernetes")]
    [InlineData("spiffe")]
    [InlineData("generic")]
    public async Task What_a_refusal_proposes_lets_the_next_token_in_once_it_is_saved(string kind)
    {
        await using var server = await TestServer.StartAsync();
        var issuer = await TrustedAsync(server, kind);
        var account = await TestAccount.CreateAsync(server);
        var refused = await issuer.SendAsync(Token(issuer, kind));
        await server.AssertRefusedAsync(refused, 401, "invalid_client", "trust-rule");

        var proposal = JsonNode.Parse((await server.ExplainAsync(refused)).GetProperty("proposal").GetRawText())!.AsObject();
        proposal["account"] = account.ClientId;
        var saved = await issuer.Root.MakeAsync("/trust-rules", proposal);

        Assert.False(saved.Json.TryGetProperty("warnings", out _), saved.Body);
        await issuer.TakenAsync(Token(issuer, kind));
    }

    private static Task<ForeignIssuer> TrustedAsync(TestServer server, string kind)
    {
        var key = Signer.NewKey();

        return ForeignIssuer.CreateAsync(
            server,
            body =>
            {
                body["kind"] = kind;
                body["issuer"] = kind == "spiffe" ? "spiffe://prod.example" : PlatformTokens.Of(kind)["iss"]!.GetValue<string>();
                body["jwks"] = ForeignIssuer.Set(key, kind == "spiffe" ? "jwt-svid" : "sig");
            },
            key);
    }

    private static string Token(ForeignIssuer issuer, string kind, string changes = "{}") => issuer.Token(claims =>
    {
        foreach (var (name, value) in PlatformTokens.Of(kind))
        {
            if (name is not "jti")
            {
                claims[name] = value!.DeepClone();
            }
        }

        foreach (var (name, value) in JsonNode.Parse(changes)!.AsObject())
        {
            claims[name] = value!.DeepClone();
        }
    });
}
