using System.Globalization;

namespace Countersign.Compatibility.Tests;

/// <summary>Issuers that have a certificate by openssl and nothing else, and tokens that openssl signs on the command line.</summary>
public sealed class CertificateTests(CountersignDev countersign) : IDisposable
{
    // The functions of the page: base64url, and sign.
    private static readonly string s_functions = SigningPage.Read("bash").Program is var program
        ? program[program.IndexOf("base64url()", StringComparison.Ordinal)..program.IndexOf("now=", StringComparison.Ordinal)]
        : "";

    private readonly DevFile _dev = countersign.Dev;
    private readonly Workload _workload = new(countersign.Dev);
    private readonly AdminApi _admin = new(countersign.Dev);
    private readonly TemporaryFolder _folder = new();

    [Theory]
    [InlineData("RS256", "", "")]
    [InlineData("RS256", "x5t", "sha1")]
    [InlineData("RS256", "kid", "sha1")]
    [InlineData("RS256", "kid", "sha256")]
    [InlineData("ES256", "", "")]
    [InlineData("ES256", "x5t#S256", "sha256")]
    [InlineData("ES256", "kid", "sha256")]
    [InlineData("ES384", "", "")]
    [InlineData("PS256", "", "")]
    [InlineData("RS512", "kid", "sha256")]
    [Trait("R", "78")]
    public async Task A_token_that_openssl_signs_is_taken_by_its_certificate(string alg, string member, string digest)
    {
        await MakeAsync(alg, "-days 30");

        // A certificate does not say what its RSA key is for: RS256, or what the issuer is set to alone.
        var (iss, client) = await TrustAsync(alg is "PS256" or "RS512" ? [alg] : null);
        await _workload.TakenAsync(await SignAsync(alg, iss, member, digest), client.ClientId, "read");

        // Another key, with a certificate that says the same.
        await MakeAsync(alg, "-days 30");
        await _workload.RefusedAsync(member == "kid" ? "key-known" : "signature", await SignAsync(alg, iss, member, digest), "read");
    }

    [Theory]
    [InlineData("PS256")]
    [InlineData("RS512")]
    public async Task An_RSA_certificate_is_for_one_algorithm_alone(string alg)
    {
        await MakeAsync(alg, "-days 30");
        var (iss, client) = await TrustAsync(null);

        await _workload.RefusedAsync("key-algorithm", await SignAsync(alg, iss, "kid", "sha256"), "read");
        await _workload.TakenAsync(await SignAsync("RS256", iss, "kid", "sha256"), client.ClientId, "read");
    }

    [Fact]
    public async Task A_certificate_ends_by_itself()
    {
        var now = DateTime.Parse(await ClientProgram.BashAsync("date -u +%Y-%m-%dT%H:%M:%SZ"), CultureInfo.InvariantCulture, DateTimeStyles.AdjustToUniversal);
        await MakeAsync("ES256", $"-startdate {now.AddDays(-2):yyMMddHHmmss}Z -enddate {now.AddDays(-1):yyMMddHHmmss}Z");
        var (iss, client) = await TrustAsync(null);

        await _workload.RefusedAsync("key-not-expired", await SignAsync("ES256", iss), "read");

        // Renewed for the same key, beside the old one.
        var old = await File.ReadAllTextAsync(Path.Combine(_folder.Path, "farm.pem"), TestContext.Current.CancellationToken);
        await _folder.BashAsync("openssl req -x509 -new -key farm.key -days 30 -subj /CN=build-farm -out farm.pem");
        var renewed = await File.ReadAllTextAsync(Path.Combine(_folder.Path, "farm.pem"), TestContext.Current.CancellationToken);
        await _admin.SendAsync(HttpMethod.Patch, $"trusted-issuers/{await IdAsync(iss)}", new { certificates = new[] { old, renewed } });

        await _workload.TakenAsync(await SignAsync("ES256", iss), client.ClientId, "read");
    }

    public void Dispose()
    {
        _workload.Dispose();
        _admin.Dispose();
        _folder.Dispose();
    }

    // By `openssl ca` where the dates are given: `openssl req` of Debian 12 knows days alone, from now on.
    private Task<string> MakeAsync(string alg, string validity) => _folder.BashAsync(
        $$"""
        exec 2>&1
        openssl genpkey {{(alg[0] == 'E' ? $"-algorithm EC -pkeyopt ec_paramgen_curve:P-{alg[2..]}" : "-algorithm RSA -pkeyopt rsa_keygen_bits:2048")}} -out farm.key
        if [[ '{{validity}}' == -days* ]]; then
            openssl req -x509 -new -key farm.key {{validity}} -subj /CN=build-farm -out farm.pem
        else
            openssl req -new -key farm.key -subj /CN=build-farm -out farm.csr
            : > index.txt
            printf '[ca]\ndefault_ca=a\n[a]\ndatabase=index.txt\nrand_serial=yes\nnew_certs_dir=.\ndefault_md=sha256\npolicy=p\n[p]\ncommonName=supplied\n' > ca.cnf
            openssl ca -batch -config ca.cnf -selfsign -keyfile farm.key -in farm.csr {{validity}} -notext -out farm.pem
        fi
        """);

    private Task<string> SignAsync(string alg, string iss, string member = "", string digest = "") => _folder.BashAsync(
        $$"""
        {{s_functions}}
        if [[ $ALG == RS512 ]]; then sign() { openssl dgst -sha512 -sign "$KEY_FILE"; }; fi
        name=
        if [[ $MEMBER ]]; then name=",\"$MEMBER\":\"$(openssl x509 -in farm.pem -outform DER | openssl dgst "-$DIGEST" -binary | base64url)\""; fi
        now=$(date +%s)
        header=$(printf '{"alg":"%s"%s}' "$ALG" "$name" | base64url)
        claims=$(printf '{"iss":"%s","sub":"nightly","aud":"%s","iat":%d,"exp":%d,"jti":"%s"}' "$ISS" "$ISSUER" "$now" "$((now + 60))" "$(openssl rand -hex 16)" | base64url)
        printf %s "$header.$claims.$(printf %s "$header.$claims" | sign | base64url)"
        """,
        ("ALG", alg),
        ("ISS", iss),
        ("ISSUER", _dev.Issuer),
        ("KEY_FILE", "farm.key"),
        ("MEMBER", member),
        ("DIGEST", digest));

    private async Task<(string Issuer, Client Client)> TrustAsync(string[]? algorithms)
    {
        var client = await _admin.AccountAsync();
        var name = $"farm-{Guid.NewGuid():n}";
        var issuer = $"https://{name}.example";
        var pem = await File.ReadAllTextAsync(Path.Combine(_folder.Path, "farm.pem"), TestContext.Current.CancellationToken);
        await _admin.SendAsync(HttpMethod.Post, "trusted-issuers", new { name, issuer, certificates = new[] { pem }, algorithms, audiences = new[] { _dev.Issuer } });
        await _admin.SendAsync(
            HttpMethod.Post, "trust-rules", new { name, trusted_issuer = name, account = client.ClientId, conditions = new[] { new { claim = "sub", equals = "nightly" } } });

        return (issuer, client);
    }

    private async Task<string> IdAsync(string iss) =>
        (await _admin.SendAsync(HttpMethod.Get, "trusted-issuers?limit=200")).GetProperty("items").EnumerateArray().Single(i => i.Text("issuer") == iss).Text("id");
}
