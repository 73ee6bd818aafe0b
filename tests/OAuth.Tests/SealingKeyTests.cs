using System.Buffers.Binary;
using System.Security.Cryptography;

namespace Countersign.OAuth.Tests;

public sealed class SealingKeyTests
{
    private const string Alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    private const int Overhead = 1 + 16 + 16 + 12 + 16;

    [Fact]
    public void A_sealed_token_opens()
    {
        using var key = Some.SealingKey();
        var token = Some.Token(audience: ["urn:countersign:demo", "https://api.example.com"]);
        var text = Some.Sealed(key, token);

        Outcome.Same(token, key.Open(text));
        Assert.Matches("^cs_at_[A-Za-z0-9_-]+$", Some.Text(text));
        Assert.Equal(SealingKey.MaxLength(token), text.Length);
        Assert.True(SealingKey.TryReadKeyId(text, out var keyId));
        Assert.Equal(The.SealingKeyId, keyId);
    }

    [Fact]
    public void Any_texts_survive_sealing() => Property.Holds(Property.TextOf("a", " ", "\"", "ä", "€", "😀", "\0", "01234", "\n"), text =>
    {
        using var key = Some.SealingKey();
        var token = Some.Token(scope: text, clientId: text + "x", audience: [text, "", text + "y"]);
        var opened = key.Open(Some.Sealed(key, token))!;

        return (opened.Scope, opened.ClientId) == (text, text + "x") && opened.Audience.AsSpan().SequenceEqual(token.Audience);
    });

    [Fact]
    [Trait("R", "126")]
    public void No_character_can_be_changed()
    {
        using var key = Some.SealingKey();
        var text = Some.Sealed(key, Some.Token());

        // Every other character of the alphabet, so every bit, every change of case and all unused bits at the end.
        for (var i = 0; i < text.Length; i++)
        {
            var good = text[i];

            foreach (var c in Alphabet.Where(c => c != good))
            {
                text[i] = (byte)c;
                Assert.Null(key.Open(text));
            }

            text[i] = good;
        }

        Assert.NotNull(key.Open(text));
    }

    [Fact]
    [Trait("R", "126")]
    public void A_token_cannot_be_cut_or_extended()
    {
        using var key = Some.SealingKey();
        var text = Some.Sealed(key, Some.Token());

        for (var length = 0; length < text.Length; length++)
        {
            Assert.Null(key.Open(text.AsSpan(0, length)));
            Assert.Null(key.Open(text.AsSpan(text.Length - length)));
        }

        Assert.All(Alphabet, c => Assert.Null(key.Open([.. text, (byte)c])));
        Assert.All(
            ["=", "==", "===", "A=", "AA", "AAA", "AAAA", " ", "\n", ".", "%3D"],
            more => Assert.Null(key.Open([.. text, .. Some.Utf8(more)])));
        Assert.Null(key.Open([.. "CS_AT_"u8, .. text.AsSpan(6)]));
        Assert.Null(key.Open([(byte)' ', .. text]));
        Assert.Null(key.Open([.. text, .. new byte[SealingKey.MaxTokenLength]]));
    }

    [Fact]
    [Trait("R", "127")]
    public void A_token_opens_only_with_its_tenant_and_key()
    {
        using var key = Some.SealingKey();
        using var otherTenant = Some.SealingKey(tenant: The.OtherTenant);
        using var otherId = Some.SealingKey(id: The.OtherTenant);
        using var otherBytes = new SealingKey(The.SealingKeyId, The.Tenant, "another key of 32 bytes, really."u8);
        var text = Some.Sealed(key, Some.Token());

        Assert.Null(otherTenant.Open(text));
        Assert.Null(otherId.Open(text));
        Assert.Null(otherBytes.Open(text));
        Assert.Throws<ArgumentOutOfRangeException>(() => Some.Sealed(otherTenant, Some.Token()));
    }

    [Fact]
    [Trait("R", "127")]
    public void The_seal_binds_type_version_tenant_and_key_id()
    {
        using var key = Some.SealingKey();
        var bytes = Bytes(Some.Sealed(key, Some.Token()));
        byte[] info = [.. "countersign access token v1"u8, .. BigEndian(The.Tenant)];
        var subKey = HKDF.DeriveKey(HashAlgorithmName.SHA256, The.SealingKeyBytes.ToArray(), 32, bytes[17..33], info);
        using var cipher = new AesGcm(subKey, 16);
        var claims = new byte[bytes.Length - Overhead];
        byte[] bound = [.. "access token"u8, 1, .. BigEndian(The.Tenant), .. BigEndian(The.SealingKeyId)];

        cipher.Decrypt(bytes.AsSpan(33, 12), bytes.AsSpan(45, claims.Length), bytes.AsSpan(bytes.Length - 16), claims, bound);
        Assert.Equal(BigEndian(The.Account), claims[22..38]);

        Assert.All(
            (byte[][])[
                [.. "refresh tokn"u8, 1, .. BigEndian(The.Tenant), .. BigEndian(The.SealingKeyId)],
                [.. "access token"u8, 2, .. BigEndian(The.Tenant), .. BigEndian(The.SealingKeyId)],
                [.. "access token"u8, 1, .. BigEndian(The.OtherTenant), .. BigEndian(The.SealingKeyId)],
                [.. "access token"u8, 1, .. BigEndian(The.Tenant), .. BigEndian(The.Account)],
            ],
            other => Assert.Throws<AuthenticationTagMismatchException>(() =>
                cipher.Decrypt(bytes.AsSpan(33, 12), bytes.AsSpan(45, claims.Length), bytes.AsSpan(bytes.Length - 16), claims, other)));
    }

    [Fact]
    [Trait("R", "127")]
    public void A_JWT_is_not_an_opaque_token()
    {
        using var key = Some.SealingKey();
        var jwt = Some.Jwt(Some.Token());

        Assert.Null(key.Open(jwt));
        Assert.Null(key.Open([.. "cs_at_"u8, .. jwt]));
        Assert.False(SealingKey.TryReadKeyId(jwt, out _));
    }

    [Fact]
    [Trait("R", "128")]
    public void Nonces_do_not_repeat()
    {
        using var key = Some.SealingKey();
        var token = Some.Token();
        var nonces = Enumerable.Range(0, 100_000).Select(_ => Convert.ToHexString(Bytes(Some.Sealed(key, token)), 33, 12)).ToHashSet();

        Assert.Equal(100_000, nonces.Count);
    }

    [Fact]
    [Trait("R", "128")]
    public void A_key_that_has_sealed_as_often_as_it_may_is_followed_by_another()
    {
        using var key = new SealingKey(The.SealingKeyId, The.Tenant, The.SealingKeyBytes, mostSeals: 100);
        var token = Some.Token();
        var tokens = new byte[1000][];
        Parallel.For(0, tokens.Length, i => tokens[i] = Some.Sealed(key, token));
        var seals = tokens.GroupBy(Salt).ToList();

        Assert.All(seals, group => Assert.InRange(group.Count(), 1, 100));
        Assert.Equal(10, seals.Count);
        Assert.Equal(9, key.RememberedSubKeys);
        Assert.All(tokens, text => Assert.NotNull(key.Open(text)));
    }

    [Fact]
    [Trait("R", "128")]
    public void Each_process_seals_with_a_key_of_its_own_and_opens_what_others_sealed()
    {
        using var reader = Some.SealingKey();
        var others = Enumerable.Range(0, 100).Select(_ => Some.SealingKey()).ToArray();
        var tokens = others.Select(key => Some.Sealed(key, Some.Token())).ToArray();

        Assert.Equal(100, tokens.Select(Salt).Distinct().Count());
        Assert.All(tokens.Concat(tokens), text => Assert.NotNull(reader.Open(text)));
        Assert.Equal(64, reader.RememberedSubKeys);
        Array.ForEach(others, key => key.Dispose());
    }

    [Fact]
    [Trait("R", "126")]
    public void A_made_up_salt_is_not_remembered()
    {
        using var key = Some.SealingKey();
        var bytes = Bytes(Some.Sealed(key, Some.Token()));

        for (var i = 0; i < 200; i++)
        {
            BinaryPrimitives.WriteInt32BigEndian(bytes.AsSpan(17), i);
            Assert.Null(key.Open([.. "cs_at_"u8, .. Some.Utf8(StrictBase64Url.Encode(bytes))]));
        }

        Assert.Equal(0, key.RememberedSubKeys);
    }

    [Fact]
    [Trait("R", "129")]
    public void A_token_reveals_nothing_but_its_length()
    {
        using var key = Some.SealingKey();
        var id = TokenId.Create(The.Now);
        var one = Some.Sealed(key, Some.Token(clientId: "aaaaaaaa", scope: "admin", id: id));
        var other = Some.Sealed(key, Some.Token(clientId: "bbbbbbbb", scope: "nobod", id: id));

        Assert.Equal(one.Length, other.Length);
        Assert.True(Bytes(one).AsSpan().IndexOf("aaaaaaaa"u8) < 0);
        Assert.True(Bytes(one).AsSpan().IndexOf(BigEndian(The.Account)) < 0);

        // Behind key id and salt, which are the same, no byte follows from the claims.
        Assert.NotEqual(Bytes(one)[45..], Bytes(Some.Sealed(key, Some.Token(clientId: "aaaaaaaa", scope: "admin", id: id)))[45..]);
    }

    [Fact]
    [Trait("R", "131")]
    public void Fifty_scopes_fit_in_4_KiB()
    {
        using var key = Some.SealingKey();
        var token = Some.Token(scope: string.Join(' ', Enumerable.Range(0, 50).Select(i => $"example.resource-with-a-long-name.{i:D2}")));

        Assert.InRange(Some.Sealed(key, token).Length, 1, 4096);
        Outcome.Same(token, key.Open(Some.Sealed(key, token)));
    }

    [Fact]
    public void Threads_seal_and_open_at_once()
    {
        using var key = Some.SealingKey();
        Parallel.For(0, 20_000, i =>
        {
            var token = Some.Token(clientId: $"client-{i}");
            Assert.Equal(token.ClientId, key.Open(Some.Sealed(key, token))?.ClientId);
        });
    }

    [Fact]
    [Trait("R", "126")]
    public void No_bytes_make_it_throw() => Property.Holds<byte[]>(bytes =>
    {
        using var key = Some.SealingKey();

        return key.Open(bytes) is null
            && key.Open([.. "cs_at_"u8, .. Some.Utf8(StrictBase64Url.Encode(bytes))]) is null
            && key.Open([.. "cs_at_"u8, .. Some.Utf8(StrictBase64Url.Encode([1, .. BigEndian(The.SealingKeyId), .. bytes]))]) is null;
    });

    [Fact]
    public void A_key_has_32_bytes() =>
        Assert.Throws<ArgumentOutOfRangeException>(() => new SealingKey(The.SealingKeyId, The.Tenant, new byte[16]));

    [Fact]
    public void A_disposed_key_seals_no_more()
    {
        var key = Some.SealingKey();
        key.Dispose();
        key.Dispose();

        Assert.Throws<ObjectDisposedException>(() => Some.Sealed(key, Some.Token()));
    }

    [Fact]
    public void Sealing_allocates_nothing_and_opening_only_the_token()
    {
        using var key = Some.SealingKey();
        var token = Some.Token();
        var text = Some.Sealed(key, token);
        var buffer = new byte[text.Length];

        Assert.Equal(0, Some.AllocatedBy(() => key.Seal(token, buffer)));
        Assert.InRange(Some.AllocatedBy(() => key.Open(text)), 1, 400);
    }

    private static byte[] Bytes(byte[] token) => StrictBase64Url.Decode(Some.Text(token).AsSpan(6))!;

    private static string Salt(byte[] token) => Convert.ToHexString(Bytes(token), 17, 16);

    private static byte[] BigEndian(Guid id) => id.ToByteArray(bigEndian: true);
}
