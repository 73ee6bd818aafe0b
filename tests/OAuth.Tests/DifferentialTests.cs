using System.Collections.Concurrent;
using Microsoft.IdentityModel.JsonWebTokens;
using Microsoft.IdentityModel.Tokens;

namespace Countersign.OAuth.Tests;

/// <summary>
/// Every token is also put to the platform vendor's token handler. What it refuses we refuse; what we refuse and it accepts, at the settings
/// that an application would give it, is listed with the requirement that wants it so.
/// </summary>
public sealed class DifferentialTests
{
    private const int Tokens = 4000;
    private const int Seed = 20261124;

    // Mutation, our check that fails, the requirement.
    private static readonly (string Mutation, string Check, int R)[] s_differences =
    [
        ("sub absent", "assertion-subject", 51),
        ("sub another", "assertion-subject", 51),
        ("claims: a name in capitals", "assertion-subject", 51),
        ("aud with another", "assertion-audience", 52),
        ("typ of another kind", "assertion-type", 54),
        ("exp far", "assertion-time", 55),
        ("iat near or far", "assertion-time", 55),
        ("iat of another form", "assertion-time", 55),
        ("jti absent", "assertion-id", 56),
        ("jti empty or too long", "assertion-id", 56),
        ("claims: a name in capitals", "assertion-id", 56),
        ("padding", "assertion-form", 71),
        ("a large claim", "assertion-form", 72),
        ("header: something after it", "assertion-header", 73),
        ("header: a comment", "assertion-header", 73),
        ("header: a long number", "assertion-header", 73),
        ("header: deep", "assertion-header", 73),
        ("header: too many members", "assertion-header", 73),
        ("header: NUL", "assertion-header", 73),
        ("claims: something after it", "claims-form", 73),
        ("claims: a comment", "claims-form", 73),
        ("claims: a long number", "claims-form", 73),
        ("claims: deep", "claims-form", 73),
        ("claims: too many members", "claims-form", 73),
        ("claims: NUL", "claims-form", 73),
        ("header: a name twice", "assertion-header", 74),
        ("header: a name twice by an escape", "assertion-header", 74),
        ("claims: a name twice", "claims-form", 74),
        ("claims: a name twice by an escape", "claims-form", 74),
        ("other algorithm of the key's type", "key-algorithm", 75),
        ("longer hash of the key's type", "key-algorithm", 75),
        ("crit", "assertion-header", 82),
        ("b64", "assertion-header", 82),
        ("kid not a text", "assertion-header", 84),
        ("kid unknown", "assertion-header", 84),
        ("kid unknown", "key-known", 85),
        ("zip", "assertion-header", 87),
        ("enc or cty", "assertion-header", 87),
        ("typ not a text", "assertion-header", 54),
        ("iss, sub or jti not a text", "claims-form", 89),
        ("aud with null", "claims-form", 90),
        ("aud with a slash", "assertion-audience", 91),
        ("exp of another form", "claims-form", 92),
        ("nbf of another form", "claims-form", 92),
        ("iat of another form", "claims-form", 92),
    ];

    private static readonly IReadOnlyList<VerificationKey> s_keys =
        [.. new[] { Mutations.Ec, Mutations.Ec384, Mutations.Rsa, Mutations.Pss }.Select(key => VerificationKey.FromJwk(key.PublicJwk, out _)!)];

    private static readonly AssertionRules s_rules = new()
    {
        Types = AssertionRules.ClientAuthentication,
        ClientId = "client",
        Audiences = [The.Issuer],
        MaxAge = TimeSpan.FromSeconds(600),
        ClockSkew = TimeSpan.FromSeconds(10),
    };

    private static readonly JsonWebTokenHandler s_handler = new();

    private static readonly TokenValidationParameters s_parameters = new()
    {
        ValidIssuer = "client",
        ValidAudience = The.Issuer,
        ValidAlgorithms = [.. SigningAlgorithm.All.Select(algorithm => algorithm.Name)],
        IssuerSigningKeys = [.. s_keys.Select(key => new JsonWebKey(Some.Text(key.PublicJwk)))],
        ClockSkew = s_rules.ClockSkew,

        // Its own comparison, at the time of the tests.
        LifetimeValidator = (notBefore, expires, _, parameters) =>
            expires is not null
            && !(notBefore > expires)
            && !(notBefore > The.Now.UtcDateTime + parameters.ClockSkew)
            && !(expires < The.Now.UtcDateTime - parameters.ClockSkew),
    };

    [Fact]
    [Trait("R", "71")]
    [Trait("R", "73")]
    [Trait("R", "74")]
    [Trait("R", "75")]
    [Trait("R", "82")]
    [Trait("R", "85")]
    [Trait("R", "89")]
    [Trait("R", "92")]
    public async Task Nothing_is_taken_that_a_second_implementation_refuses_and_what_it_takes_beyond_is_listed()
    {
        var (both, stricter, laxer) = (0, new ConcurrentDictionary<(string, string), string>(), new List<string>());

        for (var i = 0; i < Tokens; i++)
        {
            var random = new Random(Seed + i);
            var draft = Mutations.Good(random);
            var applied = Enumerable.Range(0, i / Mutations.All.Length % 3 == 2 ? 2 : 1).Select(n => n == 0 ? Mutations.All[i % Mutations.All.Length] : Mutations.All[random.Next(Mutations.All.Length)]).ToList();
            applied.ForEach(mutation => mutation.Apply(draft, random));
            var token = draft.Signed();
            var failed = Ours(token);
            var theirs = await TheirsAsync(token);

            if (failed is null && theirs is not null)
            {
                laxer.Add($"{i} {string.Join(" + ", applied.Select(m => m.Name))}: {theirs}: {token}");
            }
            else if (failed is not null && theirs is null)
            {
                var known = applied.Select(m => (m.Name, failed.Check)).Where(pair => s_differences.Any(d => (d.Mutation, d.Check) == pair)).ToList();
                (known.Count > 0 ? known : [(string.Join(" + ", applied.Select(m => m.Name)), failed.Check)]).ForEach(pair => stricter.TryAdd(pair, $"{i} {failed} {token}"));
            }
            else if (failed is null)
            {
                both++;
            }
        }

        Assert.Empty(laxer);

        // Too few that both accept would mean that the comparison compares nothing.
        Assert.InRange(both, Tokens / 10, Tokens / 2);
        Assert.Equal(
            s_differences.Select(d => (d.Mutation, d.Check)).Order(),
            stricter.Keys.Order());
    }

    private static FailedCheck? Ours(string token)
    {
        if (CompactJws.Parse(Some.Utf8(token), out var failed) is not { } jws || VerificationKeySet.Select(jws, s_keys, out failed) is not { } key)
        {
            return failed;
        }

        if (!key.Verify(jws.SigningInput.Span, jws.Signature.Span))
        {
            return new FailedCheck("signature", "");
        }

        return JwtClaims.Read(jws, out failed) is { } claims ? s_rules.Check(jws, claims, The.Now, (_, _) => { }) : failed;
    }

    private static async Task<string?> TheirsAsync(string token)
    {
        var result = await s_handler.ValidateTokenAsync(token, s_parameters);

        return result.IsValid ? null : result.Exception?.GetType().Name ?? "refused";
    }
}
