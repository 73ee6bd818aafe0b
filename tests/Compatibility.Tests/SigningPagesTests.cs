namespace Countersign.Compatibility.Tests;

/// <summary>The pages of docs/signing, followed as they stand.</summary>
public sealed class SigningPagesTests(CountersignDev countersign)
{
    private readonly DevFile _dev = countersign.Dev;

    public static TheoryData<string> Pages { get; } = ["bash", "python", "node", "go", "csharp"];

    public static TheoryData<string, string> OtherAlgorithms { get; } = new()
    {
        { "python", "RS256" }, { "python", "PS256" }, { "python", "ES384" },
        { "node", "RS256" }, { "node", "PS256" }, { "node", "ES384" },
        { "go", "RS256" },
        { "csharp", "RS256" }, { "csharp", "PS256" },
    };

    [Theory, MemberData(nameof(Pages))]
    public async Task A_page_leads_from_making_a_key_to_a_token(string name)
    {
        using var admin = new AdminApi(_dev);
        var page = SigningPage.Read(name);
        await page.RequireAsync();
        var client = await admin.AccountAsync();

        await InFolderAsync(page, client, "ES256", (folder, settings) => ClientProgram.BashInAsync(
            folder,
            $$"""
            countersign() { "$COUNTERSIGN" "$@"; }
            {{page.Setup}}
            """,
            [.. countersign.Environment, .. settings]));
    }

    [Theory, MemberData(nameof(OtherAlgorithms))]
    public async Task A_program_signs_with_other_keys_too(string name, string alg)
    {
        using var admin = new AdminApi(_dev);
        var page = SigningPage.Read(name);
        await page.RequireAsync();
        var key = ClientKey.New(alg);
        var (client, _) = await admin.SignerAsync(new { jwk = key.Jwk });

        await InFolderAsync(page, client, alg, (folder, settings) => File.WriteAllTextAsync(Path.Combine(folder, "private.pem"), key.Pem), key.Kid);
    }

    [Theory]
    [InlineData("ES256", "-algorithm EC -pkeyopt ec_paramgen_curve:P-256")]
    [InlineData("ES384", "-algorithm EC -pkeyopt ec_paramgen_curve:P-384")]
    [InlineData("RS256", "-algorithm RSA -pkeyopt rsa_keygen_bits:2048")]
    [InlineData("PS256", "-algorithm RSA -pkeyopt rsa_keygen_bits:3072")]
    [Trait("R", "78")]
    public async Task Openssl_makes_the_keys_and_signs(string alg, string options)
    {
        using var admin = new AdminApi(_dev);
        var pair = (await ClientProgram.BashAsync($"""key=$(openssl genpkey {options}); cat <<<"$key"; openssl pkey -pubout <<<"$key" """)).Split("-----BEGIN PUBLIC KEY-----");
        Assert.Equal(2, pair.Length);
        var (client, key) = await admin.SignerAsync(new { pem = "-----BEGIN PUBLIC KEY-----" + pair[1], alg });

        await InFolderAsync(
            SigningPage.Read("bash"), client, alg, (folder, settings) => File.WriteAllTextAsync(Path.Combine(folder, "private.pem"), pair[0]), key.Text("kid"));
    }

    private async Task InFolderAsync(
        SigningPage page, Client client, string alg, Func<string, (string, string?)[], Task> prepareAsync, string kid = "page-1")
    {
        var folder = Directory.CreateTempSubdirectory("countersign-page-").FullName;
        try
        {
            (string, string?)[] settings =
                [("ISSUER", _dev.Issuer), ("CLIENT_ID", client.ClientId), ("KEY_FILE", "private.pem"), ("KEY_ID", kid), ("ALG", alg)];
            await prepareAsync(folder, settings);

            var token = await page.RunAsync(folder, settings);

            using var admin = new AdminApi(_dev);
            var seen = await admin.IntrospectAsync(token);
            Assert.True(seen.GetProperty("active").GetBoolean(), token);
            Assert.Equal(client.ClientId, seen.Text("client_id"));
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }
}
