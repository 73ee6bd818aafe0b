using System.Text.Json;

namespace Countersign.Compatibility.Tests;

/// <summary>
/// The pages of docs/federation about platforms, followed as they stand: their commands, their jobs, and tokens shaped as the platforms document
/// them, from an issuer whose keys are fetched.
/// </summary>
public sealed class PlatformPagesTests : IDisposable
{
    /// <summary>Of a job that deploys from the main branch, by GitHub's own reference.</summary>
    internal const string GitHubClaims =
        """
        {"sub":"repo:octo-org/octo-repo:environment:production","environment":"production","ref":"refs/heads/main","ref_type":"branch","ref_protected":"true",
         "sha":"6f3b5c1d2e4a798069584736251403f2e1d0c9b8","repository":"octo-org/octo-repo","repository_id":"456789","repository_owner":"octo-org","repository_owner_id":"123456",
         "repository_visibility":"private","run_id":"987654","run_number":"10","run_attempt":"2","runner_environment":"github-hosted","actor":"octocat","actor_id":"12",
         "workflow":"deploy","workflow_ref":"octo-org/octo-repo/.github/workflows/deploy.yml@refs/heads/main","workflow_sha":"6f3b5c1d2e4a798069584736251403f2e1d0c9b8",
         "job_workflow_ref":"octo-org/octo-repo/.github/workflows/deploy.yml@refs/heads/main","job_workflow_sha":"6f3b5c1d2e4a798069584736251403f2e1d0c9b8",
         "head_ref":"","base_ref":"","event_name":"push"}
        """;

    private const string GitLabClaims =
        """
        {"sub":"project_path:acme/shop:ref_type:branch:ref:main","namespace_id":"68413579","namespace_path":"acme","project_id":"46573356","project_path":"acme/shop",
         "project_visibility":"private","user_id":"184239","user_login":"sample-user","user_email":"sample-user@acme.example","user_access_level":"developer",
         "pipeline_id":"1519139981","pipeline_source":"push","job_id":"8222997048","ref":"main","ref_type":"branch","ref_path":"refs/heads/main","ref_protected":"true",
         "environment":"production","environment_protected":"true","deployment_tier":"production","environment_action":"start","groups_direct":["acme"],
         "runner_id":12270835,"runner_environment":"gitlab-hosted","sha":"8fe1b322a576d59fe6257052a4107df7dc1b8c78",
         "ci_config_ref_uri":"gitlab.example/acme/shop//.gitlab-ci.yml@refs/heads/main","ci_config_sha":"8fe1b322a576d59fe6257052a4107df7dc1b8c78"}
        """;

    private const string KubernetesClaims =
        """
        {"sub":"system:serviceaccount:shop:exporter",
         "kubernetes.io":{"namespace":"shop","node":{"name":"node-1","uid":"517eb86e-b863-451b-bf70-86cb61439a3a"},"pod":{"name":"exporter","uid":"0d8b260e-ef0e-45fb-be8e-ff44f97722e8"},
          "serviceaccount":{"name":"exporter","uid":"a709ef71-30e2-489a-bd19-ade97031b9db"},"warnafter":4102444800}}
        """;

    private const string SvidClaims = """{"sub":"spiffe://prod.example/ns/shop/sa/exporter"}""";

    private readonly TemporaryFolder _folder = new();

    [Fact]
    [Trait("R", "201")]
    [Trait("R", "205")]
    public async Task A_job_of_GitHub_Actions_deploys_and_its_siblings_do_not()
    {
        await using var github = await ForeignIssuer.StartAsync("jose");
        await using var server = await CountersignDev.StartAsync();
        using var job = new Workload(server.Dev);
        var iss = $"{github.Url}/_services/token";
        var page = new FederationPage("github-actions", server, ("--kind github", $"--kind github --issuer {iss}"));
        const string Gh = """gh() { printf '456789\n123456\n'; }""";

        await page.RunAsync(_folder.Path, page.Commands("Once"), Gh);
        await page.RunAsync(_folder.Path, page.Commands("Once", 1), Gh);

        await github.OfferAsync(GitHubClaims, ("iss", iss));
        await page.RunAsync(
            _folder.Path,
            page.Script("The workflow", "run: |"),
            "",
            ("ISSUER", server.Dev.Issuer),
            ("ACTIONS_ID_TOKEN_REQUEST_TOKEN", "of-the-runner"),
            ("ACTIONS_ID_TOKEN_REQUEST_URL", $"{github.Url}/job?api-version=2.0"),
            ("GITHUB_ENV", Path.Combine(_folder.Path, "environment")));
        var exported = await File.ReadAllTextAsync(Path.Combine(_folder.Path, "environment"), TestContext.Current.CancellationToken);
        await job.IsOfAsync(exported.Split("ACCESS_TOKEN=")[1], "deployer", "write");

        // Its default audience, the owner, is what a token for somebody else looks like.
        await RefusedAsync("assertion-audience", ("aud", "https://github.com/octo-org"));
        await RefusedAsync("trust-rule", ("repository_id", "456790"), ("repository", "octo-org/other"), ("sub", "repo:octo-org/other:environment:production"));
        await RefusedAsync("trust-rule", ("repository_id", "77"), ("repository_owner_id", "7"), ("repository", "evil/octo-repo"), ("repository_owner", "evil"));
        await RefusedAsync("trust-rule", ("event_name", "pull_request"), ("ref", "refs/pull/7/merge"), ("sub", "repo:octo-org/octo-repo:pull_request"));
        await RefusedAsync("trust-rule", ("environment", "staging"), ("sub", "repo:octo-org/octo-repo:environment:staging"));
        await RefusedAsync("issuer-known", ("iss", github.Url));

        async Task RefusedAsync(string check, params (string, object)[] changes) =>
            await job.RefusedAsync(check, await github.TokenAsync(GitHubClaims, [("iss", iss), ("aud", server.Dev.Issuer), .. changes]), "write");
    }

    [Fact]
    public async Task Each_repository_of_an_organization_on_GitHub_is_an_account_of_its_own()
    {
        await using var github = await ForeignIssuer.StartAsync("jose");
        await using var server = await CountersignDev.StartAsync();
        using var job = new Workload(server.Dev);
        var page = new FederationPage("github-actions", server, ("--kind github", $"--kind github --issuer {github.Url}"));
        await page.RunAsync(_folder.Path, page.Commands("Once"));

        await page.RunAsync(_folder.Path, page.Commands("All repositories of an organization"));

        await job.TakenAsync(await TokenAsync(), "gh-456789", "read");
        await job.TakenAsync(await TokenAsync(("repository_id", "456790")), "gh-456790", "read");
        await job.RefusedAsync("trust-rule", await TokenAsync(("event_name", "pull_request_target")), "read");
        await job.RefusedAsync("trust-rule", await TokenAsync(("repository_owner_id", "7")), "read");

        Task<string> TokenAsync(params (string, object)[] changes) => github.TokenAsync(GitHubClaims, [("iss", github.Url), ("aud", server.Dev.Issuer), .. changes]);
    }

    [Fact]
    [Trait("R", "201")]
    [Trait("R", "205")]
    public async Task A_job_of_GitLab_deploys_and_its_siblings_do_not()
    {
        await using var gitlab = await ForeignIssuer.StartAsync("jose");
        await using var server = await CountersignDev.StartAsync();
        using var job = new Workload(server.Dev);
        var page = new FederationPage("gitlab", server, ("--kind gitlab", $"--kind gitlab --issuer {gitlab.Url}"));

        await page.RunAsync(_folder.Path, page.Commands("Once"));
        await page.RunAsync(_folder.Path, page.Commands("Once", 1));

        // The API that is deployed to is this test.
        await page.RunAsync(
            _folder.Path,
            page.Script("The job", "- |"),
            """curl() { case "$*" in *deployments*) printf '%s' "${*: -2:1}" > deployed ;; *) command curl "$@" ;; esac; }""",
            ("ISSUER", server.Dev.Issuer),
            ("COUNTERSIGN_JWT", await TokenAsync()));
        var sent = await File.ReadAllTextAsync(Path.Combine(_folder.Path, "deployed"), TestContext.Current.CancellationToken);
        await job.IsOfAsync(sent.Split("Bearer ")[1], "deployer", "write");

        // A job has one token, and each of its steps uses it.
        var token = await TokenAsync();
        await job.TakenAsync(token, "deployer", "write");
        await job.TakenAsync(token, "deployer", "write");

        await RefusedAsync("assertion-audience", ("aud", gitlab.Url));
        await RefusedAsync("trust-rule", ("project_id", "46573357"), ("project_path", "acme/other"));
        await RefusedAsync("trust-rule", ("namespace_id", "7"), ("namespace_path", "evil"), ("project_id", "8"), ("project_path", "evil/shop"));
        await RefusedAsync("trust-rule", ("pipeline_source", "merge_request_event"), ("ref_path", "refs/merge-requests/1/head"), ("ref_protected", "false"));
        await RefusedAsync("trust-rule", ("ref_type", "tag"), ("ref_path", "refs/tags/main"), ("sub", "project_path:acme/shop:ref_type:tag:ref:main"));

        Task<string> TokenAsync(params (string, object)[] changes) => gitlab.TokenAsync(GitLabClaims, [("iss", gitlab.Url), ("aud", server.Dev.Issuer), .. changes]);

        async Task RefusedAsync(string check, params (string, object)[] changes) => await job.RefusedAsync(check, await TokenAsync(changes), "write");
    }

    // The ways in which the page gets at the cluster's keys: by hand, from a public issuer, from the cluster itself under its own authority.
    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    [Trait("R", "201")]
    [Trait("R", "205")]
    public async Task A_pod_of_Kubernetes_is_let_in_and_its_siblings_are_not(int way)
    {
        await _folder.BashAsync(Tls);
        await using var cluster = await ForeignIssuer.StartAsync(
            "jose", way == 3 ? [("TLS_KEY", Path.Combine(_folder.Path, "server.key")), ("TLS_CERTIFICATE", Path.Combine(_folder.Path, "server.pem"))] : []);
        await using var server = await CountersignDev.StartAsync();
        using var pod = new Workload(server.Dev);
        var iss = way == 2 ? $"{cluster.Url}/id/4F1B" : "https://kubernetes.default.svc.cluster.local";
        var page = new FederationPage("kubernetes", server, ("https://oidc.cloud.example/id/4F1B", iss), ("https://192.0.2.10:6443", cluster.Url), ("/var/run/secrets/countersign", _folder.Path));
        var kubectl = $$"""
            kubectl() {
                case "$*" in
                    "get --raw "*) curl -sSfk "{{cluster.Url}}$3" ;;
                    "config view "*) base64 -w0 authority.pem ;;
                    *serviceaccount*) echo a709ef71-30e2-489a-bd19-ade97031b9db ;;
                esac
            }
            """;

        await page.RunAsync(_folder.Path, page.Commands("What the cluster is"), kubectl);
        await page.RunAsync(_folder.Path, page.Commands("What the cluster is", way), kubectl);
        await page.RunAsync(_folder.Path, page.Commands("The rule"), kubectl);

        await File.WriteAllTextAsync(Path.Combine(_folder.Path, "token"), await TokenAsync(), TestContext.Current.CancellationToken);
        for (var i = 0; i < 2; i++)
        {
            var answer = await page.RunAsync(_folder.Path, page.Script("The pod", "- |"));
            await pod.IsOfAsync(JsonSerializer.Deserialize<JsonElement>(answer).Text("access_token"), "exporter", "read");
        }

        await RefusedAsync("assertion-audience", ("aud", new[] { iss }));
        await RefusedAsync("trust-rule", ("sub", "system:serviceaccount:other:exporter"), ("kubernetes.io", Bound("other", "exporter", "b1f1")));
        await RefusedAsync("trust-rule", ("sub", "system:serviceaccount:shop:other"), ("kubernetes.io", Bound("shop", "other", "b1f1")));
        await RefusedAsync("trust-rule", ("kubernetes.io", Bound("shop", "exporter", "made-again")));
        await RefusedAsync("issuer-known", ("iss", "https://another.cluster.example"));

        Task<string> TokenAsync(params (string, object)[] changes) => cluster.TokenAsync(KubernetesClaims, [("iss", iss), ("aud", new[] { server.Dev.Issuer }), .. changes]);

        async Task RefusedAsync(string check, params (string, object)[] changes) => await pod.RefusedAsync(check, await TokenAsync(changes), "read");
    }

    // The bundle as a file, and from an endpoint.
    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [Trait("R", "67")]
    public async Task A_workload_with_a_JWT_SVID_is_let_in_and_its_siblings_are_not(int way)
    {
        await using var spire = await ForeignIssuer.StartAsync("jose", ("USE", "jwt-svid"), ("ALG", "ES256"));
        await using var server = await CountersignDev.StartAsync();
        using var workload = new Workload(server.Dev);
        var page = new FederationPage("spiffe", server, ("https://spire.prod.example/bundle", $"{spire.Url}/bundle"));
        var tools = $$$"""
            spire-server() { curl -sSf {{{spire.Url}}}/bundle; }
            spire-agent() { printf '[{"svids":[{"spiffe_id":"spiffe://prod.example/ns/shop/sa/exporter","svid":"%s"}]},{"bundles":{}}]' "$SVID"; }
            """;

        await page.RunAsync(_folder.Path, page.Commands("The trust domain", way), tools);
        await page.RunAsync(_folder.Path, page.Commands("The rule"), tools);

        var svid = await TokenAsync();
        await workload.IsOfAsync(await page.RunAsync(_folder.Path, page.Commands("The request"), tools, ("SVID", svid)), "exporter", "read");
        await workload.TakenAsync(svid, "exporter", "read", Workload.JwtSpiffe);
        await workload.TakenAsync(svid, "exporter", "read");

        await RefusedAsync("trust-rule", ("sub", "spiffe://prod.example/ns/shop/sa/exporter/more"));
        await RefusedAsync("trust-rule", ("sub", "spiffe://prod.example/ns/other/sa/exporter"));
        await RefusedAsync("assertion-audience", ("aud", new[] { "https://somebody.example" }));
        await RefusedAsync("issuer-known", ("sub", "spiffe://other.example/ns/shop/sa/exporter"));

        Task<string> TokenAsync(params (string, object)[] changes) => spire.TokenAsync(SvidClaims, [("aud", new[] { server.Dev.Issuer }), .. changes]);

        async Task RefusedAsync(string check, params (string, object)[] changes) => await workload.RefusedAsync(check, await TokenAsync(changes), "read", Workload.JwtSpiffe);
    }

    [Fact]
    public async Task The_discovery_provider_of_SPIRE_is_an_issuer_as_any_other()
    {
        await using var spire = await ForeignIssuer.StartAsync("jose", ("ALG", "ES256"));
        await using var server = await CountersignDev.StartAsync();
        using var workload = new Workload(server.Dev);
        var page = new FederationPage("spiffe", server, ("https://oidc.prod.example", spire.Url));
        await page.RunAsync(_folder.Path, page.Commands("SPIRE's OIDC discovery provider"));
        await page.RunAsync(_folder.Path, page.Commands("The rule").Replace("--issuer mesh ", "--issuer mesh-oidc ", StringComparison.Ordinal));

        await workload.TakenAsync(await spire.TokenAsync(SvidClaims, ("iss", spire.Url), ("aud", server.Dev.Issuer)), "exporter", "read");
    }

    public void Dispose() => _folder.Dispose();

    private static object Bound(string space, string name, string uid) => new { @namespace = space, serviceaccount = new { name, uid } };

    // A cluster's own authority, and the certificate of its address.
    private const string Tls =
        """
        exec 2>/dev/null
        openssl req -x509 -newkey rsa:2048 -nodes -days 30 -subj /CN=kubernetes -keyout authority.key -out authority.pem
        openssl req -newkey rsa:2048 -nodes -subj /CN=kube-apiserver -keyout server.key -out server.csr
        openssl x509 -req -days 30 -in server.csr -CA authority.pem -CAkey authority.key -CAcreateserial -out server.pem -extfile <(echo 'subjectAltName=IP:127.0.0.1')
        """;
}
