using System.Security.Cryptography;
using FsCheck;
using FsCheck.Fluent;

namespace Countersign.OAuth.Tests;

/// <summary>What an access token says of the exchanges that led to it, in both formats.</summary>
public sealed class ExchangedTokenTests
{
    private static readonly TokenId s_first = TokenId.Create(The.Now);
    private static readonly TokenOrigin s_origin = new(The.OtherTenant, The.SealingKeyId, s_first);
    private static readonly TokenOrigin s_foreign = new(The.Account, The.Credential, null);

    private static readonly string Header = $$"""{"typ":"at+jwt","alg":"ES256","kid":"{{The.EcKey.Kid}}"}""";

    private static readonly Gen<Actor> Actors =
        from length in Gen.Choose(1, Actor.MaxDepth)
        from subjects in Gen.Elements("a", "\"", "ä€", "😀", "\u0001", new string('s', 300)).ListOf(length)
        from issuers in Gen.Elements(null, "https://a.example", "\\").ListOf(length)
        select subjects.Zip(issuers).Aggregate((Actor?)null, (next, actor) => new Actor(actor.First, actor.Second, next));

    private static readonly Gen<TokenOrigin[]> Origins =
        from length in Gen.Choose(0, TokenOrigin.Most)
        from origins in Gen.Elements(s_origin, s_foreign, s_origin with { AccountId = Guid.Empty }).ListOf(length)
        select origins.ToArray();

    [Fact]
    [Trait("R", "110")]
    public void The_claims_are_those_of_RFC_8693_with_the_present_actor_outermost()
    {
        var token = Some.Token(act: new Actor("gateway", null, new Actor("job", "https://ci.example", null)), via: [s_foreign, s_origin]);
        var claims = Claims(Some.Jwt(token));

        Assert.EndsWith(
            $$$"""
            ,"scope":"read write","act":{"sub":"gateway","act":{"sub":"job","iss":"https://ci.example"}},
            "via":[{"sub":"{{{The.Account}}}","cred":"{{{The.Credential}}}"},{"sub":"{{{The.OtherTenant}}}","cred":"{{{The.SealingKeyId}}}","jti":"{{{s_first}}}"}]}
            """.ReplaceLineEndings(""),
            claims);
    }

    [Fact]
    [Trait("R", "122")]
    public void A_token_that_was_not_exchanged_is_as_it_was_before()
    {
        var token = Some.Token(audience: ["a", "bc"]);

        Assert.EndsWith("\"scope\":\"read write\"}", Claims(Some.Jwt(token)));

        // 61 bytes around the claims; ids and times, client id, scope, audiences, each text with two bytes before it.
        Assert.Equal(61 + 22 + 16 + 16 + 8 + 8 + 2 + 13 + 2 + 10 + 1 + 2 + 1 + 2 + 2, StrictBase64Url.DecodedLength(SealingKey.MaxLength(token) - SealingKey.Prefix.Length));
    }

    [Fact]
    [Trait("R", "110")]
    [Trait("R", "112")]
    public void Any_actors_and_origins_survive_both_formats() => Property.Holds(
        Gen.OneOf(Gen.Constant<Actor?>(null), Actors.Select(a => (Actor?)a)).Zip(Origins).ToArbitrary(),
        input =>
        {
            using var key = Some.SealingKey();
            var token = Some.Token(act: input.Item1, via: input.Item2);
            var text = Some.Sealed(key, token);

            Outcome.Same(token, key.Open(text));
            Outcome.Same(token, JwtAccessToken.Read(The.EcKey, The.Issuer, The.Tenant, Some.Jwt(token)));

            return SealingKey.MaxLength(token) == text.Length;
        },
        tries: 300);

    [Fact]
    [Trait("R", "110")]
    public void A_chain_stops_at_eight()
    {
        var longest = Some.Token(act: Chain(8));

        Outcome.Same(longest, JwtAccessToken.Read(The.EcKey, The.Issuer, The.Tenant, Some.Jwt(longest)));
        Assert.Equal(8, Chain(8).Depth);
        Assert.Throws<ArgumentException>(() => Some.Token(act: Chain(9)));
        Assert.Throws<ArgumentException>(() => Some.Token(act: new Actor("", null, null)));
        Assert.Throws<ArgumentException>(() => Some.Token(act: new Actor("a", null, new Actor("b", "", null))));
        Assert.Throws<ArgumentException>(() => Some.Token(via: [.. Enumerable.Repeat(s_origin, 9)]));
    }

    [Theory]
    [Trait("R", "110")]
    [InlineData("\"act\":{\"sub\":\"a\"}", true)]
    [InlineData("\"act\":{\"act\":{\"iss\":\"i\",\"sub\":\"b\"},\"sub\":\"a\"}", true)]
    [InlineData("\"act\":{}", false)]
    [InlineData("\"act\":null", false)]
    [InlineData("\"act\":\"a\"", false)]
    [InlineData("\"act\":[{\"sub\":\"a\"}]", false)]
    [InlineData("\"act\":{\"iss\":\"i\"}", false)]
    [InlineData("\"act\":{\"sub\":\"\"}", false)]
    [InlineData("\"act\":{\"sub\":1}", false)]
    [InlineData("\"act\":{\"sub\":\"a\",\"iss\":\"\"}", false)]
    [InlineData("\"act\":{\"sub\":\"a\",\"iss\":null}", false)]
    [InlineData("\"act\":{\"sub\":\"a\",\"sub\":\"a\"}", false)]
    [InlineData("\"act\":{\"sub\":\"a\",\"iss\":\"i\",\"iss\":\"i\"}", false)]
    [InlineData("\"act\":{\"sub\":\"a\",\"act\":{\"sub\":\"b\"},\"act\":{\"sub\":\"b\"}}", false)]
    [InlineData("\"act\":{\"sub\":\"a\",\"act\":{}}", false)]
    [InlineData("\"act\":{\"sub\":\"a\",\"exp\":1}", false)]
    [InlineData("\"act\":{\"sub\":\"a\"},\"act\":{\"sub\":\"a\"}", false)]
    [InlineData("\"act\":{\"sub\":\"1\",\"act\":{\"sub\":\"2\",\"act\":{\"sub\":\"3\",\"act\":{\"sub\":\"4\",\"act\":{\"sub\":\"5\",\"act\":{\"sub\":\"6\",\"act\":{\"sub\":\"7\",\"act\":{\"sub\":\"8\"}}}}}}}}", true)]
    [InlineData("\"act\":{\"sub\":\"1\",\"act\":{\"sub\":\"2\",\"act\":{\"sub\":\"3\",\"act\":{\"sub\":\"4\",\"act\":{\"sub\":\"5\",\"act\":{\"sub\":\"6\",\"act\":{\"sub\":\"7\",\"act\":{\"sub\":\"8\",\"act\":{\"sub\":\"9\"}}}}}}}}}", false)]
    [InlineData("\"via\":[{\"sub\":ID,\"cred\":ID}]", true)]
    [InlineData("\"via\":[{\"jti\":JTI,\"cred\":ID,\"sub\":ID}]", true)]
    [InlineData("\"via\":[]", false)]
    [InlineData("\"via\":null", false)]
    [InlineData("\"via\":{\"sub\":ID,\"cred\":ID}", false)]
    [InlineData("\"via\":[{}]", false)]
    [InlineData("\"via\":[{\"sub\":ID,\"cred\":ID},null]", false)]
    [InlineData("\"via\":[{\"sub\":ID,\"cred\":ID},[]]", false)]
    [InlineData("\"via\":[{\"sub\":ID}]", false)]
    [InlineData("\"via\":[{\"cred\":ID}]", false)]
    [InlineData("\"via\":[{\"sub\":\"x\",\"cred\":ID}]", false)]
    [InlineData("\"via\":[{\"sub\":ID,\"cred\":1}]", false)]
    [InlineData("\"via\":[{\"sub\":ID,\"cred\":ID,\"jti\":\"x\"}]", false)]
    [InlineData("\"via\":[{\"sub\":ID,\"cred\":ID,\"jti\":null}]", false)]
    [InlineData("\"via\":[{\"sub\":ID,\"cred\":ID,\"more\":1}]", false)]
    [InlineData("\"via\":[{\"sub\":ID,\"sub\":ID,\"cred\":ID}]", false)]
    [InlineData("\"via\":[{\"sub\":ID,\"cred\":ID,\"cred\":ID}]", false)]
    [InlineData("\"via\":[{\"sub\":ID,\"cred\":ID,\"jti\":JTI,\"jti\":JTI}]", false)]
    public void What_is_not_exactly_such_a_claim_is_a_refusal(string claim, bool good)
    {
        var claims = Claims(Some.Jwt(Some.Token()));
        claims = $"{claims[..^1]},{claim.Replace("ID", $"\"{The.Account}\"", StringComparison.Ordinal).Replace("JTI", $"\"{s_first}\"", StringComparison.Ordinal)}}}";

        Assert.Equal(good, JwtAccessToken.Read(The.EcKey, The.Issuer, The.Tenant, Some.SignedJwt(The.EcKey, Header, claims)) is not null);
    }

    [Fact]
    [Trait("R", "112")]
    public void A_token_has_at_most_eight_origins()
    {
        var claims = Claims(Some.Jwt(Some.Token(via: [.. Enumerable.Repeat(s_origin, 8)])));
        var nine = claims.Replace("\"via\":[", "\"via\":[{\"sub\":\"" + The.Account + "\",\"cred\":\"" + The.Account + "\"},", StringComparison.Ordinal);

        Assert.Equal(8, JwtAccessToken.Read(The.EcKey, The.Issuer, The.Tenant, Some.SignedJwt(The.EcKey, Header, claims))!.Via.Length);
        Assert.Null(JwtAccessToken.Read(The.EcKey, The.Issuer, The.Tenant, Some.SignedJwt(The.EcKey, Header, nine)));
    }

    [Fact]
    [Trait("R", "126")]
    public void Sealed_claims_of_another_length_or_count_are_nothing()
    {
        var token = Some.Token(act: Chain(2), via: [s_origin, s_foreign]);
        var plain = new byte[SealedClaims.Length(Some.Token())];
        var bytes = new byte[SealedClaims.Length(token)];
        SealedClaims.Write(Some.Token(), plain);
        SealedClaims.Write(token, bytes);
        Outcome.Same(token, SealedClaims.Read(bytes, The.Tenant));

        // Cut at the end of what came before exchanges, it would be a token without them: the seal alone holds that together.
        Assert.All(Enumerable.Range(0, bytes.Length).Where(length => length != plain.Length), length => Assert.Null(SealedClaims.Read(bytes.AsSpan(0, length), The.Tenant)));
        Assert.Null(SealedClaims.Read([.. bytes, 0], The.Tenant));
        Assert.Null(SealedClaims.Read([.. plain, 0, 0], The.Tenant));
        Assert.Null(SealedClaims.Read([.. plain, 9], The.Tenant));
        Assert.Null(SealedClaims.Read([.. plain, 0, 9], The.Tenant));
        Assert.Null(SealedClaims.Read([.. plain, 1, 0, 0, 0, 0, 0], The.Tenant));
        Assert.Null(SealedClaims.Read([.. plain, 0, 1, .. new byte[32], 2], The.Tenant));
        Assert.NotNull(SealedClaims.Read([.. plain, 0, 1, .. new byte[32], 0], The.Tenant));
    }

    [Fact]
    [Trait("R", "261")]
    public void No_bytes_behind_the_claims_make_it_throw()
    {
        var plain = new byte[SealedClaims.Length(Some.Token())];
        SealedClaims.Write(Some.Token(), plain);

        Property.Holds<byte[]>(bytes => SealedClaims.Read([.. plain, .. bytes], The.Tenant) is null || bytes.Length is 0 or > 10, tries: 2000);
        Assert.All(Enumerable.Range(0, 2000), _ => SealedClaims.Read([.. plain, (byte)(_ % 9), .. RandomNumberGenerator.GetBytes(_ % 200)], The.Tenant));
    }

    private static Actor Chain(int length) => Enumerable.Range(1, length).Aggregate((Actor?)null, (next, i) => new Actor($"actor-{i}", null, next))!;

    private static string Claims(byte[] jwt) => Some.Text(StrictBase64Url.Decode(Some.Text(jwt).Split('.')[1]));
}
