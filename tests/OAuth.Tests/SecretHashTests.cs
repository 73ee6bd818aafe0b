using System.Security.Cryptography;

namespace Countersign.OAuth.Tests;

public sealed class SecretHashTests
{
    private const string Staple = "correct horse battery staple";

    private static readonly Secret Generated = GeneratedSecret.Create(GeneratedSecret.ClientSecret);

    // Made by libxcrypt, by OpenSSL, and by the reference implementation of Argon2 (its own test vectors).
    public static TheoryData<string, string> Imported => new()
    {
        { "$2a$04$abcdefghijklmnopqrstuu7EJV7kdjBBQxyb0HjTh9KS7.Lah/6CG", Staple },
        { "$2b$05$abcdefghijklmnopqrstuuFiPhXf1sVd3pCCRO.uVh34H/qI/ZsuS", Staple },
        { "$2y$06$abcdefghijklmnopqrstuu10cNU3mXRamSUZYs8I8M/Szu..qXq5K", Staple },
        { "$2b$04$abcdefghijklmnopqrstuuyx2n0Zzopyr9QuYTMCfOJJOj526QVoC", "pässwörd" },
        { "$pbkdf2-sha256$1000$./8AAQIDBAUGBwgJCgsMDQ$rKlgiy6mpU3yFNfsx7nx4.l67yC0iYMr8I906GmSecs", Staple },
        {
            "$pbkdf2-sha512$1000$./8AAQIDBAUGBwgJCgsMDQ$"
                + "JZ0LIa19L5BpyULEiQ1smczbwAnGVLYSLycL.v.GcQ5VFYuKpnUSRRKL5Nz/2kI1nnYNg2C7gFxqJn9iPCG3iw",
            Staple
        },
        { "$argon2id$v=19$m=256,t=2,p=1$c29tZXNhbHQ$nf65EOgLrQMR/uIPnA4rEsF5h7TKyQwu9U1bMCHGi/4", "password" },
        { "$argon2id$v=19$m=256,t=2,p=2$c29tZXNhbHQ$bQk8UB/VmZZF4Oo79iDXuL5/0ttZwg2f/5U52iv1cDc", "password" },
    };

    [Fact]
    [Trait("R", "44")]
    public void The_fast_form_is_SHA256_of_salt_and_secret()
    {
        var hash = SecretHash.Create(Generated);
        var parts = hash.Stored.Split('$');
        var salt = StrictBase64Url.Decode(parts[2])!;

        Assert.Equal(["", "sha256"], parts[..2]);
        Assert.Equal(16, salt.Length);
        Assert.Equal(SHA256.HashData([.. salt, .. Generated.RevealUtf8()]), StrictBase64Url.Decode(parts[3]));
        Assert.False(hash.IsSlow);
        Assert.NotEqual(hash.Stored, SecretHash.Create(Generated).Stored);
    }

    [Fact]
    [Trait("R", "44")]
    public void The_fast_form_matches_its_secret_and_no_other()
    {
        var stored = SecretHash.Create(Generated).Stored;
        Assert.True(SecretHash.TryParse(stored, out var hash));
        var text = Generated.Reveal();

        Assert.Equal(stored, hash.Stored);
        Assert.True(hash.Matches(Generated));
        Assert.All([text[..^1], text + "0", text.ToUpperInvariant(), text + "\0", " " + text, "", "x"], other =>
            Assert.False(hash.Matches(Secret.FromText(other))));
    }

    [Theory]
    [Trait("R", "44")]
    [MemberData(nameof(Imported))]
    public void An_imported_hash_matches_its_secret_and_no_other(string stored, string secret)
    {
        Assert.True(SecretHash.TryParse(stored, out var hash));
        Assert.True(hash.IsSlow);
        Assert.Equal(stored, hash.Stored);
        Assert.True(hash.Matches(Secret.FromText(secret)));
        Assert.False(hash.Matches(Secret.FromText(secret + "x")));
        Assert.False(hash.Matches(Secret.FromText(secret[1..])));
        Assert.False(hash.Matches(Secret.FromText("")));
    }

    [Fact]
    [Trait("R", "44")]
    public void Bcrypt_does_not_match_a_secret_by_its_first_72_bytes()
    {
        Assert.True(SecretHash.TryParse("$2b$04$abcdefghijklmnopqrstuubzadhGtS2zEF.gu0yd0opP6cVzb.e0i", out var hash));

        Assert.True(hash.Matches(Secret.FromText(new string('x', 72))));
        Assert.False(hash.Matches(Secret.FromText(new string('x', 73))));
    }

    [Fact]
    [Trait("R", "44")]
    public void Bcrypt_does_not_match_a_secret_written_twice()
    {
        // bcrypt repeats the secret with a NUL behind it: "ab" and "ab\0ab" would be the same.
        Assert.True(SecretHash.TryParse("$2b$04$abcdefghijklmnopqrstuu0CkeIeZLJOlOL1QPPhfXulLNPdFqJBW", out var hash));

        Assert.True(hash.Matches(Secret.FromText("ab")));
        Assert.False(hash.Matches(Secret.FromText("ab\0ab")));
    }

    [Theory]
    [Trait("R", "45")]
    [MemberData(nameof(Imported))]
    public void A_secret_over_512_bytes_never_matches_and_costs_nothing(string stored, string secret)
    {
        // 10 million rounds would take seconds each.
        Assert.True(SecretHash.TryParse(stored.Replace("$1000$", "$10000000$"), out var hash));
        var longer = Secret.FromText(secret + new string('x', 513 - secret.Length));

        Assert.Equal(0, Some.AllocatedBy(() => hash.Matches(longer)));
        Assert.False(hash.Matches(longer));
    }

    [Fact]
    [Trait("R", "45")]
    public void The_fast_form_takes_512_bytes_and_not_513()
    {
        var longest = Secret.FromText(new string('x', 512));
        var hash = SecretHash.Create(longest);

        Assert.True(hash.Matches(longest));
        Assert.False(hash.Matches(Secret.FromText(new string('x', 513))));
        Assert.Throws<ArgumentOutOfRangeException>(() => SecretHash.Create(Secret.FromText(new string('x', 513))));
        Assert.Throws<ArgumentOutOfRangeException>(() => SecretHash.Create(Secret.FromText("")));
    }

    [Theory]
    [Trait("R", "44")]
    [InlineData("")]
    [InlineData("plain-text")]
    [InlineData("$")]
    [InlineData("$$")]
    [InlineData("$sha256$")]
    [InlineData("$sha256$AAAAAAAAAAAAAAAAAAAAAA")]
    [InlineData("$sha256$AAAAAAAAAAAAAAAAAAAAAA$AAAA")]
    [InlineData("$sha256$AAAAAAAAAAAAAAAAAAAA$AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA")]
    [InlineData("$sha256$AAAAAAAAAAAAAAAAAAAAAA$AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAB")]
    [InlineData("$sha256$AAAAAAAAAAAAAAAAAAAAAA$AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA$")]
    [InlineData("$SHA256$AAAAAAAAAAAAAAAAAAAAAA$AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA")]
    [InlineData("$5$rounds=5000$salt$hash")]
    [InlineData("$pbkdf2-sha256$999$./8AAQIDBAUGBwgJCgsMDQ$rKlgiy6mpU3yFNfsx7nx4.l67yC0iYMr8I906GmSecs")]
    [InlineData("$pbkdf2-sha256$10000001$./8AAQIDBAUGBwgJCgsMDQ$rKlgiy6mpU3yFNfsx7nx4.l67yC0iYMr8I906GmSecs")]
    [InlineData("$pbkdf2-sha256$99999999999$./8AAQIDBAUGBwgJCgsMDQ$rKlgiy6mpU3yFNfsx7nx4.l67yC0iYMr8I906GmSecs")]
    [InlineData("$pbkdf2-sha256$-1000$./8AAQIDBAUGBwgJCgsMDQ$rKlgiy6mpU3yFNfsx7nx4.l67yC0iYMr8I906GmSecs")]
    [InlineData("$pbkdf2-sha256$01000$./8AAQIDBAUGBwgJCgsMDQ$rKlgiy6mpU3yFNfsx7nx4.l67yC0iYMr8I906GmSecs")]
    [InlineData("$pbkdf2-sha256$1000$+/8AAQIDBAUGBwgJCgsMDQ$rKlgiy6mpU3yFNfsx7nx4+l67yC0iYMr8I906GmSecs")]
    [InlineData("$pbkdf2-sha256$1000$AAAA$rKlgiy6mpU3yFNfsx7nx4.l67yC0iYMr8I906GmSecs")]
    [InlineData("$pbkdf2-sha256$1000$./8AAQIDBAUGBwgJCgsMDQ$rKlgiy6mpU3yFNfsx7nx4.l67yC0iYMr8I906GmSecs$")]
    [InlineData("$pbkdf2-sha512$1000$./8AAQIDBAUGBwgJCgsMDQ$rKlgiy6mpU3yFNfsx7nx4.l67yC0iYMr8I906GmSecs")]
    [InlineData("$pbkdf2$1000$./8AAQIDBAUGBwgJCgsMDQ$rKlgiy6mpU3yFNfsx7nx4.l67yC0iYM")]
    [InlineData("$2b$03$abcdefghijklmnopqrstuuyx2n0Zzopyr9QuYTMCfOJJOj526QVoC")]
    [InlineData("$2b$17$abcdefghijklmnopqrstuuyx2n0Zzopyr9QuYTMCfOJJOj526QVoC")]
    [InlineData("$2b$4$abcdefghijklmnopqrstuuyx2n0Zzopyr9QuYTMCfOJJOj526QVoCC")]
    [InlineData("$2b$00$abcdefghijklmnopqrstuuyx2n0Zzopyr9QuYTMCfOJJOj526QVoC")]
    [InlineData("$2b$04$abcdefghijklmnopqrstuuyx2n0Zzopyr9QuYTMCfOJJOj526QVo")]
    [InlineData("$2b$04$abcdefghijklmnopqrstuuyx2n0Zzopyr9QuYTMCfOJJOj526QVo=")]
    [InlineData("$2x$04$abcdefghijklmnopqrstuuyx2n0Zzopyr9QuYTMCfOJJOj526QVoC")]
    [InlineData("$2$04$abcdefghijklmnopqrstuuyx2n0Zzopyr9QuYTMCfOJJOj526QVoCC")]
    [InlineData("$argon2i$v=19$m=256,t=2,p=1$c29tZXNhbHQ$nf65EOgLrQMR/uIPnA4rEsF5h7TKyQwu9U1bMCHGi/4")]
    [InlineData("$argon2d$v=19$m=256,t=2,p=1$c29tZXNhbHQ$nf65EOgLrQMR/uIPnA4rEsF5h7TKyQwu9U1bMCHGi/4")]
    [InlineData("$argon2id$v=16$m=256,t=2,p=1$c29tZXNhbHQ$nf65EOgLrQMR/uIPnA4rEsF5h7TKyQwu9U1bMCHGi/4")]
    [InlineData("$argon2id$m=256,t=2,p=1$c29tZXNhbHQ$nf65EOgLrQMR/uIPnA4rEsF5h7TKyQwu9U1bMCHGi/4")]
    [InlineData("$argon2id$v=19$m=262145,t=2,p=1$c29tZXNhbHQ$nf65EOgLrQMR/uIPnA4rEsF5h7TKyQwu9U1bMCHGi/4")]
    [InlineData("$argon2id$v=19$m=7,t=2,p=1$c29tZXNhbHQ$nf65EOgLrQMR/uIPnA4rEsF5h7TKyQwu9U1bMCHGi/4")]
    [InlineData("$argon2id$v=19$m=256,t=17,p=1$c29tZXNhbHQ$nf65EOgLrQMR/uIPnA4rEsF5h7TKyQwu9U1bMCHGi/4")]
    [InlineData("$argon2id$v=19$m=256,t=0,p=1$c29tZXNhbHQ$nf65EOgLrQMR/uIPnA4rEsF5h7TKyQwu9U1bMCHGi/4")]
    [InlineData("$argon2id$v=19$m=256,t=2,p=17$c29tZXNhbHQ$nf65EOgLrQMR/uIPnA4rEsF5h7TKyQwu9U1bMCHGi/4")]
    [InlineData("$argon2id$v=19$m=256,t=2$c29tZXNhbHQ$nf65EOgLrQMR/uIPnA4rEsF5h7TKyQwu9U1bMCHGi/4")]
    [InlineData("$argon2id$v=19$t=2,m=256,p=1$c29tZXNhbHQ$nf65EOgLrQMR/uIPnA4rEsF5h7TKyQwu9U1bMCHGi/4")]
    [InlineData("$argon2id$v=19$m=256,t=2,p=1$c29t$nf65EOgLrQMR/uIPnA4rEsF5h7TKyQwu9U1bMCHGi/4")]
    [InlineData("$argon2id$v=19$m=256,t=2,p=1$c29tZXNhbHQ$nf65EOgL")]
    [InlineData("$argon2id$v=19$m=256,t=2,p=1$c29tZXNhbHQ$nf65EOgLrQMR_uIPnA4rEsF5h7TKyQwu9U1bMCHGi_4")]
    [InlineData("$argon2id$v=19$m=256,t=2,p=1$c29tZXNhbHQ=$nf65EOgLrQMR/uIPnA4rEsF5h7TKyQwu9U1bMCHGi/4=")]
    public void Any_other_form_and_any_cost_out_of_bounds_is_refused(string stored)
    {
        Assert.False(SecretHash.TryParse(stored, out var hash));
        Assert.Null(hash);
    }

    [Fact]
    [Trait("R", "44")]
    public void A_very_long_text_is_refused() =>
        Assert.False(SecretHash.TryParse("$pbkdf2-sha256$1000$" + new string('A', 100_000), out _));

    [Fact]
    [Trait("R", "38")]
    public void Comparing_with_nothing_is_false_and_does_the_work_of_a_comparison()
    {
        var hash = SecretHash.Create(Generated);

        Assert.False(SecretHash.MatchesNothing(Generated));
        Assert.False(SecretHash.MatchesNothing(Secret.FromText("")));
        Assert.False(SecretHash.MatchesNothing(Secret.FromText(new string('x', 513))));

        // The medians are compared over HTTP; here, that neither is a shortcut.
        var wrong = Secret.FromText(new string('x', Generated.Length));
        Assert.InRange(Median(() => SecretHash.MatchesNothing(wrong)) / Median(() => hash.Matches(wrong)), 0.5, 2);
    }

    [Fact]
    public void Comparing_and_reading_the_fast_form_allocates_nothing()
    {
        var hash = SecretHash.Create(Generated);

        Assert.Equal(0, Some.AllocatedBy(() => hash.Matches(Generated)));
        Assert.Equal(0, Some.AllocatedBy(() => SecretHash.MatchesNothing(Generated)));
    }

    private static double Median(Action action)
    {
        var times = new long[2001];

        for (var i = 0; i < times.Length; i++)
        {
            var start = TimeProvider.System.GetTimestamp();
            action();
            times[i] = TimeProvider.System.GetTimestamp() - start;
        }

        Array.Sort(times);

        return times[times.Length / 2];
    }
}
