using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text.Json;
using System.Text.Json.Nodes;
using Countersign.OAuth;
using Countersign.Server.Tests.Framework;

namespace Countersign.Server.Tests.Admin;

/// <summary>Public keys of accounts: taken in every form, made by the server, limited, and one method at a time.</summary>
public sealed class KeyTests(SharedServer shared) : IClassFixture<SharedServer>
{
    private readonly TestServer _server = shared.Server;

    [Fact]
    public async Task A_key_is_taken_as_jwk_pem_and_certificate()
    {
        var signer = await Signer.WithoutKeyAsync(_server);
        using var rsa = RSA.Create(2048);
        using var ec = ECDsa.Create(ECCurve.NamedCurves.nistP384);
        using var certified = RSA.Create(3072);
        using var certificate = new CertificateRequest("CN=signer", certified, HashAlgorithmName.SHA256, RSASignaturePadding.Pkcs1)
            .CreateSelfSigned(DateTimeOffset.UtcNow.AddDays(-2), DateTimeOffset.UtcNow.AddDays(-1));

        (object Body, string Alg, string Kty)[] bodies =
        [
            (new { jwk = JsonNode.Parse(signer.Key.PublicJwk) }, "ES256", "EC"),
            (new { pem = rsa.ExportSubjectPublicKeyInfoPem(), kid = "spki", alg = "PS256" }, "PS256", "RSA"),
            (new { pem = RSA.Create(2048).ExportRSAPublicKeyPem(), kid = "pkcs1" }, "RS256", "RSA"),
            (new { pem = ec.ExportSubjectPublicKeyInfoPem() }, "ES384", "EC"),
            (new { pem = certificate.ExportCertificatePem(), name = "from a certificate" }, "RS256", "RSA"),
        ];

        foreach (var (body, alg, kty) in bodies)
        {
            var made = await signer.AdminAsync(HttpMethod.Post, "/keys", body);
            Assert.Equal((alg, kty, "active", "added"), (made["alg"], made["kty"], made["state"], made["origin"]));
            Assert.Equal(made["kid"], made.Json.GetProperty("jwk").GetProperty("kid").GetString());
            Assert.False(made.Json.GetProperty("jwk").TryGetProperty("d", out _));
        }

        Assert.Equal(5, (await signer.AdminAsync(HttpMethod.Get, "/keys")).Json.GetProperty("items").GetArrayLength());

        // Certified for yesterday only: the key alone counts, its own expiry is set here.
        var byCertificate = signer with { Key = SigningKey.Import(SigningAlgorithm.ByName("RS256")!, Thumbprint(certified), certified.ExportPkcs8PrivateKey()) };
        Assert.Equal(200, (await byCertificate.TokenAsync()).Status);
        var byPss = signer with { Key = SigningKey.Import(SigningAlgorithm.ByName("PS256")!, "spki", rsa.ExportPkcs8PrivateKey()) };
        Assert.Equal(200, (await byPss.TokenAsync()).Status);
    }

    [Theory]
    [InlineData("RSA", 2048, null, null, "RS256")]
    [InlineData("RSA", 3072, null, "PS384", "PS384")]
    [InlineData("RSA", 4096, null, null, "RS256")]
    [InlineData("EC", null, "P-256", null, "ES256")]
    [InlineData("EC", null, "P-384", null, "ES384")]
    [InlineData("EC", null, "P-521", null, "ES512")]
    [InlineData("EC", null, null, null, "ES256")]
    public async Task A_pair_that_the_server_makes_signs_and_is_shown_once(string kty, int? size, string? crv, string? alg, string expected)
    {
        foreach (var format in new[] { null, "key_file", "pem", "jwk" })
        {
            var signer = await Signer.WithoutKeyAsync(_server);
            var made = await signer.AdminAsync(HttpMethod.Post, "/keys", new { generate = new { kty, size, crv, format }, alg });
            Assert.Equal((expected, "generated"), (made["alg"], made["origin"]));
            var text = format switch
            {
                "pem" => made["private_key_pem"],
                "jwk" => made["private_jwk"],
                _ => made["key_file"],
            };
            using var key = PrivateKeyText.Read(text, out var file, out var fault, kid: made["kid"], algorithm: SigningAlgorithm.ByName(expected));
            Assert.True(key is not null, fault);

            if (format is null or "key_file")
            {
                Assert.Equal(
                    ("serviceaccount", made["kid"], signer.Id.ToString(), signer.ClientId, TestServer.Issuer, TestServer.Issuer + "/oauth2/token"),
                    (file!.Type, file.KeyId, file.UserId, file.ClientId, file.Issuer, file.TokenUrl));
                Assert.Contains(kty == "RSA" ? "BEGIN RSA PRIVATE KEY" : "BEGIN EC PRIVATE KEY", file.Key, StringComparison.Ordinal);
            }

            Assert.Equal(200, (await (signer with { Key = key }).TokenAsync()).Status);

            var read = await signer.AdminAsync(HttpMethod.Get, $"/keys/{made["id"]}");
            Assert.DoesNotContain(read.Json.EnumerateObject(), m => m.Name is "key_file" or "private_key_pem" or "private_jwk");
            Assert.Equal(made["jwk"], read["jwk"]);

            if (size is 3072 or 4096)
            {
                // One form of the slow ones is enough.
                break;
            }
        }
    }

    [Fact]
    [Trait("R", "229")]
    [Trait("R", "239")]
    public async Task A_private_half_is_kept_nowhere()
    {
        var signer = await Signer.WithoutKeyAsync(_server);
        var made = await signer.AdminAsync(HttpMethod.Post, "/keys", new { generate = new { kty = "EC", format = "jwk" } });
        var d = JsonDocument.Parse(made["private_jwk"]).RootElement.GetProperty("d").GetString()!;

        var listed = await signer.AdminAsync(HttpMethod.Get, "/keys");
        var events = await _server.AdminAsync(HttpMethod.Get, $"/audit-events?account={signer.Id}");

        Assert.DoesNotContain(d, listed.Body + events.Body, StringComparison.Ordinal);
        Assert.DoesNotContain(_server.Log.All, line => line.Contains(d, StringComparison.Ordinal));
        Assert.False(await _server.Database.ContainsAsync(d));
    }

    [Fact]
    public async Task A_repeated_create_with_one_idempotency_key_makes_one_pair_and_shows_it_once()
    {
        var signer = await Signer.WithoutKeyAsync(_server);
        var body = new { generate = new { kty = "EC" } };

        var first = await _server.AdminAsync(HttpMethod.Post, $"{signer.Path}/keys", body, ("Idempotency-Key", "one"));
        var second = await _server.AdminAsync(HttpMethod.Post, $"{signer.Path}/keys", body, ("Idempotency-Key", "one"));

        Assert.Equal((201, first["id"], first["kid"]), (second.Status, second["id"], second["kid"]));
        Assert.True(first.Json.TryGetProperty("key_file", out _));
        Assert.False(second.Json.TryGetProperty("key_file", out _));
        Assert.Equal(1, (await signer.AdminAsync(HttpMethod.Get, "/keys")).Json.GetProperty("items").GetArrayLength());
    }

    [Fact]
    [Trait("R", "80")]
    [Trait("R", "86")]
    public async Task A_key_that_is_not_sound_is_refused_with_what_to_do()
    {
        var signer = await Signer.WithoutKeyAsync(_server);
        using var small = RSA.Create(1024);
        using var good = RSA.Create(2048);
        var n = Text(good.ExportParameters(false).Modulus!);
        var ec = JsonNode.Parse(signer.Key.PublicJwk)!.AsObject();
        using var secp = ECDsa.Create(ECCurve.CreateFromValue("1.3.132.0.10"));

        (object Body, string Says)[] cases =
        [
            (new { }, "give one of jwk, pem, generate"),
            (new { jwk = new { kty = "RSA", n, e = "AQAB" }, pem = good.ExportSubjectPublicKeyInfoPem() }, "give one of"),
            (new { pem = good.ExportPkcs8PrivateKeyPem() }, "private key"),
            (new { pem = good.ExportRSAPrivateKeyPem() }, "private key"),
            (new { pem = "hello" }, "not PEM"),
            (new { pem = new string('a', 20_000) }, "at most"),
            (new { pem = OnAnUnknownCurve() }, "read"),
            (new { pem = small.ExportSubjectPublicKeyInfoPem() }, "2048"),
            (new { pem = good.ExportSubjectPublicKeyInfoPem() + "\n" + good.ExportSubjectPublicKeyInfoPem() }, "more than one"),
            (new { pem = secp.ExportSubjectPublicKeyInfoPem() }, "curve"),
            (new { pem = good.ExportSubjectPublicKeyInfoPem(), alg = "ES256" }, "RSA key"),
            (new { pem = good.ExportSubjectPublicKeyInfoPem(), alg = "HS256" }, "must be one of"),
            (new { jwk = new { kty = "oct", k = "AAAA" } }, "private or symmetric"),
            (new { jwk = JsonNode.Parse(PrivateKeyText.Jwk(signer.Key)) }, "private or symmetric"),
            (new { jwk = new { kty = "RSA", n = Text(small.ExportParameters(false).Modulus!), e = "AQAB" } }, "2048"),
            (new { jwk = new { kty = "RSA", n, e = "Aw" } }, "65537"),
            (new { jwk = new { kty = "RSA", n, e = "AQ" } }, "65537"),
            (new { jwk = new { kty = "RSA", n, e = "AQAC" } }, "odd exponent"),
            (new { jwk = new { kty = "RSA", n, e = "AQAB", use = "enc" } }, "something else"),
            (new { jwk = new { kty = "RSA", n, e = "AQAB", key_ops = new[] { "encrypt" } } }, "something else"),
            (new { jwk = new { kty = "RSA", n, e = "AQAB", alg = "ES256" } }, "alg must be"),
            (new { jwk = new { kty = "RSA", n, e = "AQAB", kid = "" } }, "kid"),
            (new { jwk = new { kty = "EC", crv = "P-384", x = ec["x"]!.ToString(), y = ec["y"]!.ToString() } }, "48 bytes"),
            (new { jwk = new { kty = "EC", crv = "P-256", x = ec["x"]!.ToString(), y = ec["x"]!.ToString() } }, "not on the curve"),
            (new { jwk = new { kty = "OKP", crv = "Ed25519", x = "AAAA" } }, "kty must be"),
            (new { jwk = ec, kid = "other" }, "differs"),
            (new { jwk = ec, expires_at = _server.Clock.GetUtcNow().AddSeconds(-1) }, "ahead"),
            (new { generate = new { kty = "RSA", size = 1024 } }, "2048"),
            (new { generate = new { kty = "EC", crv = "P-192" } }, "P-256"),
            (new { generate = new { kty = "EC" }, alg = "RS256" }, "not for keys"),
            (new { generate = new { kty = "EC", format = "der" } }, "key_file"),
        ];

        foreach (var (body, says) in cases)
        {
            var answer = await _server.AdminAsync(HttpMethod.Post, $"{signer.Path}/keys", body);
            Assert.True(answer.Status == 400 && answer.Body.Contains(says, StringComparison.Ordinal), $"{says}: {answer.Body}");
        }

        Assert.Equal(0, (await signer.AdminAsync(HttpMethod.Get, "/keys")).Json.GetProperty("items").GetArrayLength());
        Assert.Equal("client_secret", (await signer.AdminAsync(HttpMethod.Get))["auth_method"]);
    }

    [Fact]
    public async Task A_kid_and_a_key_stand_once_in_an_account()
    {
        var signer = await Signer.CreateAsync(_server);
        using var other = Signer.NewKey(kid: signer.Key.Kid);
        using var again = SigningKey.Import(signer.Key.Algorithm, "another-name", signer.Key.ExportPkcs8());
        var elsewhere = await Signer.WithoutKeyAsync(_server);

        Assert.Equal(409, (await _server.AdminAsync(HttpMethod.Post, $"{signer.Path}/keys", new { jwk = JsonNode.Parse(other.PublicJwk) })).Status);
        Assert.Equal(409, (await _server.AdminAsync(HttpMethod.Post, $"{signer.Path}/keys", new { jwk = JsonNode.Parse(again.PublicJwk) })).Status);
        await elsewhere.AddKeyAsync(other);

        var racing = await Task.WhenAll(Enumerable.Range(0, 8).Select(_ => _server.AdminAsync(
            HttpMethod.Post, $"{elsewhere.Path}/keys", new { generate = new { kty = "EC" }, kid = "raced" })));
        Assert.Single(racing, a => a.Status == 201);
        Assert.All(racing.Where(a => a.Status != 201), a => Assert.Equal(409, a.Status));
    }

    [Fact]
    [Trait("R", "32")]
    public async Task Choosing_keys_removes_secrets_and_says_so()
    {
        var account = await TestAccount.CreateAsync(_server);
        var token = (await account.TokenAsync())["access_token"];

        var made = await account.AdminAsync(HttpMethod.Post, "/keys", new { generate = new { kty = "EC" } });

        Assert.Contains("1 secret was removed", made["warnings"], StringComparison.Ordinal);
        Assert.Equal("private_key_jwt", (await account.AdminAsync(HttpMethod.Get))["auth_method"]);
        await _server.AssertRefusedAsync(await account.TokenAsync(), 401, "invalid_client", "method-registered");
        Assert.Equal("False", (await _server.IntrospectAsync(token))["active"]);
        Assert.Equal(0, (await account.AdminAsync(HttpMethod.Get, "/secrets")).Json.GetProperty("items").GetArrayLength());

        var refused = await _server.AdminAsync(HttpMethod.Post, $"/service-accounts/{account.Id}/secrets", new { });
        Assert.True(refused.Status == 409 && refused.Body.Contains("allow_secrets_beside_keys", StringComparison.Ordinal), refused.Body);

        await account.AdminAsync(HttpMethod.Delete, $"/keys/{made["id"]}");
        var (_, secret) = await account.NewSecretAsync();
        Assert.Equal(200, (await account.TokenByAsync(secret)).Status);
        Assert.Equal("client_secret", (await account.AdminAsync(HttpMethod.Get))["auth_method"]);
    }

    [Fact]
    [Trait("R", "32")]
    public async Task A_tenant_that_migrates_keeps_secrets_beside_keys_until_it_is_over()
    {
        await using var server = await TestServer.StartAsync();
        var tenant = (await server.AdminAsync(HttpMethod.Get, "/whoami"))["tenant"];
        await SetAsync(true);
        var account = await TestAccount.CreateAsync(server);
        using var key = Signer.NewKey();
        var made = await account.AdminAsync(HttpMethod.Post, "/keys", new { jwk = JsonNode.Parse(key.PublicJwk) });
        var signer = new Signer(server, account.Id, account.ClientId, key, Guid.Parse(made["id"]));

        Assert.False(made.Json.TryGetProperty("warnings", out _));
        Assert.Equal((200, 200), ((await account.TokenAsync()).Status, (await signer.TokenAsync()).Status));
        await account.NewSecretAsync();

        await SetAsync(false);
        Assert.Equal((401, 200), ((await account.TokenAsync()).Status, (await signer.TokenAsync()).Status));

        async Task SetAsync(bool allowed) =>
            Assert.Equal(200, (await server.AdminAsync(HttpMethod.Patch, $"/tenants/{tenant}", new { settings = new { allow_secrets_beside_keys = allowed } })).Status);
    }

    [Fact]
    public async Task Use_and_expiry_are_shown()
    {
        var signer = await Signer.WithoutKeyAsync(_server);
        var expires = _server.Clock.GetUtcNow().AddDays(10);
        var id = await signer.AddKeyAsync(signer.Key, expires);
        Assert.Equal(200, (await signer.TokenAsync()).Status);

        var key = await signer.AdminAsync(HttpMethod.Get, $"/keys/{id}");
        Assert.Equal("127.0.0.1", key["last_used_from"]);
        Assert.True(key.Json.GetProperty("last_used_at").GetDateTimeOffset() > _server.Clock.GetUtcNow().AddMinutes(-1));
        var report = await _server.AdminAsync(HttpMethod.Get, "/reports/expiring-keys?within_days=11");
        Assert.Contains(report.Json.GetProperty("items").EnumerateArray(), r => r.GetProperty("key").GetGuid() == id);

        var changed = await signer.AdminAsync(HttpMethod.Patch, $"/keys/{id}", new { expires_at = (DateTimeOffset?)null, name = "for good" });
        Assert.Equal(("", "for good"), (changed["expires_at"], changed["name"]));
        Assert.Equal("disabled", (await signer.AdminAsync(HttpMethod.Patch, $"/keys/{id}", new { disabled = true }))["state"]);
    }

    [Fact]
    public async Task The_last_super_admin_keeps_a_way_in()
    {
        await using var server = await TestServer.StartAsync();
        var admin = (await server.AdminAsync(HttpMethod.Get, "/whoami"))["account"];
        using var key = Signer.NewKey();
        await server.AccessTokenAsync();
        var made = await server.AdminAsync(HttpMethod.Post, $"/service-accounts/{admin}/keys", new { jwk = JsonNode.Parse(key.PublicJwk) });
        Assert.Equal(201, made.Status);
        var signer = new Signer(server, Guid.Parse(admin), server.Demo.Admin.ClientId, key, Guid.Parse(made["id"]));
        var token = (await signer.TokenAsync())["access_token"];

        var disabled = await server.AdminAsAsync(token, HttpMethod.Patch, $"/service-accounts/{admin}/keys/{made["id"]}", new { disabled = true });
        var deleted = await server.AdminAsAsync(token, HttpMethod.Delete, $"/service-accounts/{admin}/keys/{made["id"]}");

        var url = await server.AdminAsAsync(token, HttpMethod.Put, $"/service-accounts/{admin}/jwks-url", new { url = "https://keys.example/jwks.json" });
        var alg = await server.AdminAsAsync(token, HttpMethod.Patch, $"/service-accounts/{admin}", new { assertions = new { signing_alg = "ES512" } });

        Assert.Equal((409, 409, 409, 409), (disabled.Status, deleted.Status, url.Status, alg.Status));
        Assert.Equal(200, (await signer.TokenAsync()).Status);

        // While both are allowed its key may go; then the migration cannot end before there is another way in.
        var tenant = (await server.AdminAsAsync(token, HttpMethod.Get, "/whoami"))["tenant"];
        Assert.Equal(200, (await MigrateAsync(true)).Status);
        var secret = await server.AdminAsAsync(token, HttpMethod.Post, $"/service-accounts/{admin}/secrets", new { });
        Assert.Equal(204, (await server.AdminAsAsync(token, HttpMethod.Delete, $"/service-accounts/{admin}/keys/{made["id"]}")).Status);
        token = await server.AdminTokenAsync(server.Demo.Admin.ClientId, secret["client_secret"]);
        Assert.Equal(409, (await MigrateAsync(false)).Status);

        Task<Answer> MigrateAsync(bool allowed) =>
            server.AdminAsAsync(token, HttpMethod.Patch, $"/tenants/{tenant}", new { settings = new { allow_secrets_beside_keys = allowed } });
    }

    [Fact]
    public async Task An_account_has_fifty_keys_at_most()
    {
        var signer = await Signer.WithoutKeyAsync(_server);

        for (var i = 0; i < 50; i++)
        {
            await signer.AddKeyAsync(Signer.NewKey());
        }

        Assert.Equal(409, (await _server.AdminAsync(HttpMethod.Post, $"{signer.Path}/keys", new { generate = new { kty = "EC" } })).Status);
    }

    [Fact]
    public async Task The_tokens_of_one_key_can_be_ended()
    {
        var signer = await Signer.CreateAsync(_server);
        var second = signer with { Key = Signer.NewKey() };
        await second.AddKeyAsync(second.Key);
        var (ended, kept) = ((await signer.TokenAsync())["access_token"], (await second.TokenAsync())["access_token"]);

        await signer.AdminAsync(HttpMethod.Post, "/revoke-tokens", new { credential = signer.KeyId });

        Assert.Equal(("False", "True"), ((await _server.IntrospectAsync(ended))["active"], (await _server.IntrospectAsync(kept))["active"]));
    }

    [Fact]
    public async Task A_jwk_of_half_a_character_is_refused() =>
        Assert.Equal(400, (await _server.AdminAsync(
            HttpMethod.Post, $"{(await Signer.WithoutKeyAsync(_server)).Path}/keys", """{"jwk":{"kty":"RSA","kid":"\ud800"}}""")).Status);

    [Fact]
    [Trait("R", "32")]
    public async Task Secrets_that_a_migration_left_behind_do_not_come_back()
    {
        await using var server = await TestServer.StartAsync();
        var tenant = (await server.AdminAsync(HttpMethod.Get, "/whoami"))["tenant"];
        await SetAsync(true);
        var account = await TestAccount.CreateAsync(server);
        var token = (await account.TokenAsync())["access_token"];
        var key = await account.AdminAsync(HttpMethod.Post, "/keys", new { generate = new { kty = "EC" } });
        await SetAsync(false);
        await account.AdminAsync(HttpMethod.Delete, $"/keys/{key["id"]}");

        var (_, secret) = await account.NewSecretAsync();

        Assert.Equal((401, 200), ((await account.TokenAsync()).Status, (await account.TokenByAsync(secret)).Status));
        Assert.Equal("False", (await server.IntrospectAsync(token))["active"]);
        await SetAsync(true);
        Assert.Equal(401, (await account.TokenAsync()).Status);

        async Task SetAsync(bool allowed) =>
            Assert.Equal(200, (await server.AdminAsync(HttpMethod.Patch, $"/tenants/{tenant}", new { settings = new { allow_secrets_beside_keys = allowed } })).Status);
    }

    // The P-256 point of a good key, said to be on a curve that nobody has named.
    private static string OnAnUnknownCurve()
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var der = key.ExportSubjectPublicKeyInfo();
        var oid = der.AsSpan().IndexOf((byte[])[0x06, 0x08, 0x2A, 0x86, 0x48, 0xCE, 0x3D, 0x03, 0x01, 0x07]);
        der[oid + 9] = 0x63;

        return PemEncoding.WriteString("PUBLIC KEY", der);
    }

    private static string Text(byte[] bytes) => System.Buffers.Text.Base64Url.EncodeToString(bytes);

    private static string Thumbprint(RSA key)
    {
        using var imported = SigningKey.Import(SigningAlgorithm.ByName("RS256")!, null, key.ExportPkcs8PrivateKey());

        return imported.Thumbprint;
    }
}
