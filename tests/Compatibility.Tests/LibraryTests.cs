namespace Countersign.Compatibility.Tests;

/// <summary>Client libraries, unmodified: npm's openid-client and oauth4webapi, Debian's Authlib. Their scripts print alike.</summary>
public sealed class LibraryTests(CountersignDev countersign)
{
    private const string Printable = """ !"#$%&'()*+,-./0123456789:;<=>?@ABCDEFGHIJKLMNOPQRSTUVWXYZ[\]^_`abcdefghijklmnopqrstuvwxyz{|}~""";

    private readonly DevFile _dev = countersign.Dev;

    public static MatrixTheoryData<string, string> Discovery { get; } = new(["openid-client", "oauth4webapi"], ["oidc", "oauth2"]);

    public static MatrixTheoryData<string, string> LibrariesAndMethods { get; } =
        new(["openid-client", "oauth4webapi", "authlib"], ["client_secret_basic", "client_secret_post"]);

    [Theory, MemberData(nameof(Discovery))]
    [Trait("R", "164")]
    public async Task Both_well_known_documents_are_understood_and_name_the_issuer_exactly(string library, string document)
    {
        var metadata = await ClientProgram.ScriptAsync(library, "discovery", Environment(_dev.ServiceAccount, ("DOCUMENT", document)));

        Assert.Equal(_dev.Issuer, metadata.Text("issuer"));
        Assert.Equal(_dev.TokenEndpoint.OriginalString, metadata.Text("token_endpoint"));
        Assert.Equal(["client_credentials", "urn:ietf:params:oauth:grant-type:jwt-bearer", "urn:ietf:params:oauth:grant-type:token-exchange"], metadata.Names("grant_types_supported").Order());
        Assert.Equal(
            ["client_secret_basic", "client_secret_post", "private_key_jwt", "spiffe_jwt"], metadata.Names("token_endpoint_auth_methods_supported").Order());
    }

    [Theory, MemberData(nameof(LibrariesAndMethods))]
    [Trait("R", "149")]
    [Trait("R", "156")]
    public async Task A_token_is_obtained_introspected_revoked_and_inactive(string library, string method)
    {
        var life = await ClientProgram.ScriptAsync(library, "life", Environment(
            _dev.ServiceAccount, ("METHOD", method), ("SCOPE", "read write"), ("RESOURCE", _dev.Api.Identifier)));

        Answers.ShowAWholeLife(life, _dev, _dev.ServiceAccount);
    }

    [Theory, MemberData(nameof(LibrariesAndMethods))]
    public async Task An_opaque_token_lives_the_same_life(string library, string method)
    {
        using var admin = new AdminApi(_dev);
        var client = await admin.AccountAsync(new { format = "opaque" });

        var life = await ClientProgram.ScriptAsync(library, "life", Environment(client, ("METHOD", method), ("SCOPE", "read write")));

        Assert.StartsWith("cs_at_", life.GetProperty("token").Text("access_token"), StringComparison.Ordinal);
        Answers.ShowAWholeLife(life, _dev, client);
    }

    [Theory, MemberData(nameof(LibrariesAndMethods))]
    [Trait("R", "37")]
    public async Task A_wrong_secret_is_reported_as_invalid_client(string library, string method)
    {
        var impostor = _dev.ServiceAccount with { Secret = "wrong" };

        var refusal = await ClientProgram.ScriptAsync(library, "ask", Environment(impostor, ("METHOD", method), ("SCOPE", "read")));

        Answers.ShowARefusal(refusal, "invalid_client");
        if (library != "authlib")
        {
            Assert.Equal(401, refusal.GetProperty("status").GetInt32());
            Assert.Equal("basic", refusal.GetProperty("challenges")[0].Text("scheme"));
        }
    }

    [Theory, MemberData(nameof(LibrariesAndMethods))]
    [Trait("R", "30")]
    public async Task A_scope_that_was_not_granted_is_reported_as_invalid_scope(string library, string method)
    {
        var refusal = await ClientProgram.ScriptAsync(
            library, "ask", Environment(_dev.ServiceAccount, ("METHOD", method), ("SCOPE", "read admin")));

        Answers.ShowARefusal(refusal, "invalid_scope");
    }

    [Theory, MemberData(nameof(LibrariesAndMethods))]
    [Trait("R", "42")]
    public async Task Every_printable_character_may_stand_in_a_client_id_and_a_secret(string library, string method)
    {
        // Authlib does not form-encode before it base64-encodes, so by Basic it can only send what needs no encoding.
        var encodes = (library, method) != ("authlib", "client_secret_basic");
        using var admin = new AdminApi(_dev);
        var client = encodes
            ? await admin.AccountAsync(clientId: $"{library} {method}{Printable}", imported: ImportedSecret.Hash(Printable))
            : await admin.AccountAsync();

        var answer = await ClientProgram.ScriptAsync(library, "ask", Environment(client, ("METHOD", method), ("SCOPE", "read")));

        Assert.Equal("read", answer.GetProperty("token").Text("scope"));
    }

    private (string, string?)[] Environment(Client client, params (string, string?)[] more) =>
        [("ISSUER", _dev.Issuer), ("CLIENT_ID", client.ClientId), ("CLIENT_SECRET", client.Secret), .. more];
}
