using System.Diagnostics;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text.Json;
using Countersign.OAuth;

namespace Countersign.Cli.Tests;

public sealed class KeyToolTests : IDisposable
{
    private const UnixFileMode OwnerOnly = UnixFileMode.UserRead | UnixFileMode.UserWrite;

    private readonly TemporaryFolder _folder = new();

    public static TheoryData<string> Algorithms => [.. SigningAlgorithm.All.Select(alg => alg.Name)];

    public void Dispose() => _folder.Dispose();

    [Theory]
    [InlineData("pem", "-----BEGIN PRIVATE KEY-----")]
    [InlineData("traditional-pem", "-----BEGIN EC PRIVATE KEY-----")]
    [InlineData("jwk", "{\"crv\":\"P-256\"")]
    [InlineData("key-file", "{\n  \"type\": \"serviceaccount\"")]
    public async Task A_private_key_is_written_for_its_owner_alone(string form, string beginning)
    {
        var path = _folder.Path("private");

        var ran = await RunAsync("key", "generate", "--format", form, "--out", path);

        Assert.Equal(0, ran.Code);
        Assert.Equal(OwnerOnly, File.GetUnixFileMode(path));
        Assert.StartsWith(beginning, File.ReadAllText(path), StringComparison.Ordinal);
        Assert.Equal("EC", ran.Json.GetProperty("kty").GetString());
        Assert.False(ran.Json.TryGetProperty("d", out _));
        Assert.Contains("countersign key add ACCOUNT", ran.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Nothing_is_written_over_unless_told_to()
    {
        var kept = _folder.Write("kept", "kept", OwnerOnly | UnixFileMode.GroupRead);

        var generated = await RunAsync("key", "generate", "--out", kept);
        var halves = await RunAsync("key", "generate", "--out", _folder.Path("new"), "--public-out", kept);
        Assert.Equal((2, 2, "kept"), (generated.Code, halves.Code, File.ReadAllText(kept)));
        Assert.Contains("--force", generated.Error, StringComparison.Ordinal);
        Assert.False(File.Exists(_folder.Path("new")));

        var forced = await RunAsync("key", "generate", "--out", kept, "--force");
        Assert.Equal((0, OwnerOnly), (forced.Code, File.GetUnixFileMode(kept)));
        Assert.Equal(2, (await RunAsync("key", "convert", "--in", kept, "--to", "jwk", "--out", kept)).Code);
        Assert.StartsWith("-----BEGIN PRIVATE KEY", File.ReadAllText(kept), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_dash_prints_the_private_key_and_nothing_beside_it()
    {
        var ran = await RunAsync("key", "generate", "--out", "-", "--public-out", _folder.Path("public.jwk"));

        Assert.StartsWith("-----BEGIN PRIVATE KEY-----", ran.Out, StringComparison.Ordinal);
        Assert.EndsWith("-----END PRIVATE KEY-----\n", ran.Out, StringComparison.Ordinal);
        Assert.Equal(Thumbprint(ran.Out), (await RunAsync("key", "thumbprint", _folder.Path("public.jwk"))).Out.Trim());
    }

    [Theory]
    [InlineData("2048", "RS256")]
    [InlineData("3072", "PS512")]
    public async Task An_RSA_key_has_the_size_and_the_algorithm_that_were_asked_for(string bits, string alg)
    {
        string[] algorithm = alg == "RS256" ? [] : ["--alg", alg];

        var ran = await RunAsync(["key", "generate", "--rsa-bits", bits, "--out", _folder.Path("k"), "--json", .. algorithm]);

        Assert.Equal(alg, ran.Json.GetProperty("alg").GetString());
        using var rsa = RSA.Create();
        rsa.ImportFromPem(File.ReadAllText(_folder.Path("k")));
        Assert.Equal(bits, $"{rsa.KeySize}");
    }

    [Theory]
    [MemberData(nameof(Algorithms))]
    public async Task Every_form_of_a_key_leads_to_every_other_one(string alg)
    {
        string[] forms = ["pem", "traditional-pem", "jwk", "key-file"];
        await RunAsync("key", "generate", "--alg", alg, "--kid", "k-1", "--format", "jwk", "--out", _folder.Path("jwk"));
        var publicJwk = (await RunAsync("key", "convert", "--in", _folder.Path("jwk"), "--to", "public-jwk")).Out;

        foreach (var form in forms)
        {
            await SucceedsAsync("key", "convert", "--in", _folder.Path("jwk"), "--to", form, "--out", _folder.Path(form), "--force");

            foreach (var to in forms)
            {
                // PEM says neither the name nor the RSA algorithm.
                await SucceedsAsync(
                    "key", "convert", "--in", _folder.Path(form), "--to", to, "--kid", "k-1", "--alg", alg, "--out", _folder.Path("again"), "--force");
                await SucceedsAsync("key", "convert", "--in", _folder.Path("again"), "--to", "jwk", "--kid", "k-1", "--alg", alg, "--out", _folder.Path("back"), "--force");
                Assert.Equal(File.ReadAllText(_folder.Path("jwk")), File.ReadAllText(_folder.Path("back")));
            }

            var half = await RunAsync("key", "convert", "--in", _folder.Path(form), "--to", "public-jwk", "--kid", "k-1", "--alg", alg);
            Assert.Equal(publicJwk, half.Out);
        }

        // The public forms among themselves.
        _folder.Write("public.jwk", publicJwk);
        _folder.Write("public.pem", (await RunAsync("key", "convert", "--in", _folder.Path("public.jwk"), "--to", "public-pem")).Out);
        _folder.Write("jwks", (await RunAsync("key", "convert", "--in", _folder.Path("public.jwk"), "--to", "jwks")).Out);
        Assert.Equal(
            publicJwk, (await RunAsync("key", "convert", "--in", _folder.Path("public.pem"), "--to", "public-jwk", "--kid", "k-1", "--alg", alg)).Out);
        Assert.Equal(publicJwk, (await RunAsync("key", "convert", "--in", _folder.Path("jwks"), "--to", "public-jwk")).Out);

        string[] all = ["jwk", "pem", "traditional-pem", "key-file", "public.jwk", "public.pem", "jwks"];
        var thumbprints = await Task.WhenAll(all.Select(async file => (await RunAsync("key", "thumbprint", _folder.Path(file))).Out));
        Assert.Single(thumbprints.Distinct());
    }

    [Fact]
    public async Task A_certificate_counts_for_the_key_in_it()
    {
        using var ec = ECDsa.Create(ECCurve.NamedCurves.nistP384);
        using var certificate = new CertificateRequest("CN=ci", ec, HashAlgorithmName.SHA384).CreateSelfSigned(Ran.Now, Ran.Now.AddDays(1));
        var path = _folder.Write("c.pem", certificate.ExportCertificatePem());

        var jwk = (await RunAsync("key", "convert", "--in", path, "--to", "public-jwk")).Json;

        Assert.Equal("ES384", jwk.GetProperty("alg").GetString());
        Assert.Equal(jwk.GetProperty("kid").GetString(), (await RunAsync("key", "thumbprint", path)).Out.Trim());
    }

    [Fact]
    public async Task Several_keys_make_a_set_of_public_halves()
    {
        await RunAsync("key", "generate", "--out", _folder.Path("a.pem"));
        await RunAsync("key", "generate", "--format", "jwk", "--out", _folder.Path("b.jwk"));

        var set = await RunAsync("key", "convert", "--in", _folder.Path("a.pem"), "--in", _folder.Path("b.jwk"), "--to", "jwks");

        Assert.Equal(2, set.Json.GetProperty("keys").GetArrayLength());
        Assert.DoesNotContain("\"d\"", set.Out, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_key_file_carries_on_what_it_says()
    {
        await RunAsync(
            "key", "generate", "--format", "key-file", "--client-id", "ci", "--issuer", "https://auth.example.com", "--out", _folder.Path("a.json"));
        await SucceedsAsync("key", "convert", "--in", _folder.Path("a.json"), "--to", "key-file", "--out", _folder.Path("b.json"));

        Assert.Equal(File.ReadAllText(_folder.Path("a.json")), File.ReadAllText(_folder.Path("b.json")));
        Assert.Equal("ci", KeyFile.Read(File.ReadAllText(_folder.Path("b.json")))!.ClientId);
    }

    [Fact]
    public async Task A_private_form_needs_to_be_told_where_it_goes()
    {
        await RunAsync("key", "generate", "--out", _folder.Path("a.pem"));

        var ran = await RunAsync("key", "convert", "--in", _folder.Path("a.pem"), "--to", "jwk");

        Assert.Equal((2, ""), (ran.Code, ran.Out));
        Assert.Contains("--out", ran.Error, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("nonsense", "PEM")]
    [InlineData("{}", "kty")]
    [InlineData("""{"kty":"oct","k":"canary-canary"}""", "")]
    [InlineData("""{"kty":"EC","crv":"P-256","x":"AA","y":"AA","d":"canary-canary"}""", "")]
    [InlineData("-----BEGIN PRIVATE KEY-----\nY2FuYXJ5LWNhbmFyeQ==\n-----END PRIVATE KEY-----\n", "")]
    [InlineData("-----BEGIN ENCRYPTED PRIVATE KEY-----\nY2FuYXJ5LWNhbmFyeQ==\n-----END ENCRYPTED PRIVATE KEY-----\n", "passphrase")]
    [InlineData("""{"keys":[]}""", "no key")]
    public async Task What_is_no_key_is_refused_with_a_sentence_that_shows_nothing_of_it(string text, string word)
    {
        var path = _folder.Write("k", text);

        foreach (string[] args in (string[][])[["key", "thumbprint", path], ["key", "convert", "--in", path, "--to", "public-jwk"]])
        {
            var ran = await RunAsync(args);

            Assert.Equal((2, ""), (ran.Code, ran.Out));
            Assert.Contains(word, ran.Error, StringComparison.Ordinal);
            Assert.DoesNotContain("canary", ran.Error, StringComparison.Ordinal);
            Assert.DoesNotContain("Y2FuYXJ5", ran.Error, StringComparison.Ordinal);
        }
    }

    [Fact]
    public async Task A_private_key_typed_as_an_argument_is_not_repeated()
    {
        using var key = SigningKey.Create(SigningAlgorithm.ByName("ES256")!);

        var (pem, jwk) = (PrivateKeyText.Pem(key), PrivateKeyText.Jwk(key));

        foreach (var (text, part) in ((string, string)[])[(pem, pem[60..90]), (jwk, JsonElement.Parse(jwk).GetProperty("d").GetString()!)])
        {
            var ran = await RunAsync("key", "thumbprint", text);

            Assert.Equal(2, ran.Code);
            Assert.DoesNotContain(part, ran.Error, StringComparison.Ordinal);
            Assert.Contains("(secret)", ran.Error, StringComparison.Ordinal);
        }
    }

    [Fact]
    public async Task A_private_key_that_others_can_read_is_pointed_out()
    {
        await RunAsync("key", "generate", "--out", _folder.Path("a.pem"));
        File.SetUnixFileMode(_folder.Path("a.pem"), OwnerOnly | UnixFileMode.OtherRead);

        Assert.Contains("chmod 600", (await RunAsync("key", "thumbprint", _folder.Path("a.pem"))).Error, StringComparison.Ordinal);
    }

    [Theory]
    [MemberData(nameof(Algorithms))]
    public async Task Openssl_reads_what_we_write(string alg)
    {
        Assert.SkipUnless(File.Exists("/usr/bin/openssl"), "openssl is not on this machine");
        await RunAsync("key", "generate", "--alg", alg, "--out", _folder.Path("pem"));
        await SucceedsAsync("key", "convert", "--in", _folder.Path("pem"), "--alg", alg, "--to", "traditional-pem", "--out", _folder.Path("old"));
        await SucceedsAsync("key", "convert", "--in", _folder.Path("pem"), "--alg", alg, "--to", "public-pem", "--out", _folder.Path("public"));

        var expected = File.ReadAllText(_folder.Path("public"));

        Assert.Equal(expected, await OpensslAsync("pkey", "-in", _folder.Path("pem"), "-pubout"));
        Assert.Equal(expected, await OpensslAsync("pkey", "-in", _folder.Path("old"), "-pubout"));
        Assert.Equal(expected, await OpensslAsync("pkey", "-pubin", "-in", _folder.Path("public"), "-pubout"));
    }

    [Theory]
    [InlineData("genpkey", "-algorithm", "RSA", "-pkeyopt", "rsa_keygen_bits:2048")]
    [InlineData("genrsa", "-traditional", "2048")]
    [InlineData("ecparam", "-name", "secp521r1", "-genkey")]
    [InlineData("genpkey", "-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:P-256")]
    public async Task We_read_what_openssl_writes(params string[] command)
    {
        Assert.SkipUnless(File.Exists("/usr/bin/openssl"), "openssl is not on this machine");
        var path = _folder.Write("k", await OpensslAsync(command));

        Assert.Equal(
            await OpensslAsync("pkey", "-in", path, "-pubout"),
            (await RunAsync("key", "convert", "--in", path, "--to", "public-pem")).Out);
    }

    private static Task<Ran> RunAsync(params string[] args) => Ran.WithAsync([], "", args);

    private static async Task SucceedsAsync(params string[] args)
    {
        var ran = await RunAsync(args);

        Assert.Equal((0, ""), (ran.Code, ran.Error));
    }

    private static string Thumbprint(string pem)
    {
        using var key = PrivateKeyText.Read(pem, out _, out _)!;

        return key.Thumbprint;
    }

    private static async Task<string> OpensslAsync(params string[] args)
    {
        using var process = Process.Start(new ProcessStartInfo("openssl", args) { RedirectStandardOutput = true, RedirectStandardError = true })!;
        var text = await process.StandardOutput.ReadToEndAsync();
        await process.WaitForExitAsync();

        return text;
    }
}
