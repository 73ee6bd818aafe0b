using System.Text.RegularExpressions;

namespace Countersign.OAuth.Tests;

public sealed class GeneratedSecretTests
{
    public static TheoryData<string> Prefixes => [GeneratedSecret.ClientSecret, GeneratedSecret.AppPassword, GeneratedSecret.ApiKey];

    [Theory]
    [Trait("R", "42")]
    [Trait("R", "43")]
    [MemberData(nameof(Prefixes))]
    public void A_secret_has_its_prefix_43_random_characters_and_a_checksum(string prefix)
    {
        var text = GeneratedSecret.Create(prefix).Reveal();

        Assert.Matches($"^{prefix}[0-9A-Za-z]{{49}}$", text);
        Assert.Matches($"^{GeneratedSecret.Pattern}$", text);
        Assert.Single(Regex.Matches($"export KEY={text}; echo", GeneratedSecret.Pattern), match => match.Value == text);
        Assert.True(GeneratedSecret.HasForm(Some.Utf8(text), prefix));
    }

    [Fact]
    [Trait("R", "43")]
    public void The_checksum_is_CRC32_of_what_stands_before_it()
    {
        // zlib's crc32 of the 53 characters is 0xC0F0E673, in base 62 3X4Ayp.
        var known = "cs_secret_0000000000000000000000000000000000000000000" + "3X4Ayp";

        Assert.True(GeneratedSecret.HasForm(Some.Utf8(known), GeneratedSecret.ClientSecret));
    }

    [Fact]
    [Trait("R", "43")]
    public void Any_changed_character_is_noticed()
    {
        var text = GeneratedSecret.Create(GeneratedSecret.ClientSecret).Reveal();

        for (var i = 0; i < text.Length; i++)
        {
            var changed = text[..i] + (text[i] == 'x' ? 'y' : 'x') + text[(i + 1)..];
            Assert.False(GeneratedSecret.HasForm(Some.Utf8(changed), GeneratedSecret.ClientSecret));
            Assert.False(GeneratedSecret.HasForm(Some.Utf8(text[..i]), GeneratedSecret.ClientSecret));
        }

        Assert.False(GeneratedSecret.HasForm(Some.Utf8(text + "0"), GeneratedSecret.ClientSecret));
        Assert.False(GeneratedSecret.HasForm(Some.Utf8(text), GeneratedSecret.ApiKey));
        Assert.False(GeneratedSecret.HasForm([], GeneratedSecret.ClientSecret));
    }

    [Fact]
    [Trait("R", "43")]
    [Trait("R", "125")]
    public void The_random_part_uses_all_digits_evenly_and_never_repeats()
    {
        const int Count = 20_000;
        var texts = Enumerable.Range(0, Count).Select(_ => GeneratedSecret.Create("")).Select(secret => secret.Reveal()[..43]).ToArray();
        var digits = texts.SelectMany(text => text[1..]).GroupBy(c => c).ToDictionary(group => group.Key, group => group.Count());

        Assert.Equal(Count, texts.Distinct().Count());
        Assert.Equal(62, digits.Count);

        // The mean is 13,548; a fair digit strays by less than six standard deviations.
        Assert.All(digits, digit => Assert.InRange(digit.Value, 12_850, 14_250));
    }

    [Theory]
    [InlineData("cs_secret_0123456789wxyz", "wxyz")]
    [InlineData("nineteen-characters", "")]
    [InlineData("", "")]
    public void A_hint_is_the_last_four_characters_of_a_long_secret(string secret, string hint) =>
        Assert.Equal(hint, GeneratedSecret.Hint(Secret.FromText(secret)));
}
