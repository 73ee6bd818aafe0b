using System.Collections.Frozen;
using System.Globalization;
using System.Text;

namespace Countersign.Server.Tenants;

/// <summary>What is known of single letters for comparing names.</summary>
internal static class Letters
{
    // Letters of other scripts, and figures, that are drawn like a Latin one.
    private static readonly FrozenDictionary<char, char> s_drawnLike = FrozenDictionary.ToFrozenDictionary(
        "аaеeоoрpсcуyхxѕsіiјjԁdһhкkмmтtпnгrԛqԝwѵvӏlвbнhαaοoρpιiκkνvυuτtηnωwχxγyıiſsɡgɑaʟlɩiᴏo0o1l".Chunk(2).Select(pair => KeyValuePair.Create(pair[0], pair[1])));

    // By first and last: what Unicode defines as another spelling of plain letters, apart from the full-width ones.
    private static readonly (int First, int Last)[] s_otherSpellings =
    [
        (0x02B0, 0x02B8), (0x02E0, 0x02E4), (0x1D2C, 0x1D6A), (0x1D78, 0x1D78), (0x1D9B, 0x1DBF), (0x2071, 0x2071), (0x207F, 0x207F), (0x2090, 0x209C),
        (0x2160, 0x217F), (0x249C, 0x24E9), (0xFB00, 0xFB06), (0x1D400, 0x1D7FF), (0x1F110, 0x1F189),
    ];

    // Marks that combine with the letter before: where a composed letter exists too, the two read alike.
    private static readonly (int First, int Last)[] s_combining = [(0x0300, 0x034E), (0x0350, 0x036F), (0x1AB0, 0x1AFF), (0x1DC0, 0x1DFF), (0x20D0, 0x20FF), (0xFE20, 0xFE2F)];

    // Default_Ignorable_Code_Point, as far as it is not of the category Format.
    private static readonly (int First, int Last)[] s_ignorable =
    [
        (0x034F, 0x034F), (0x115F, 0x1160), (0x17B4, 0x17B5), (0x180B, 0x180F), (0x2065, 0x2065), (0x3164, 0x3164), (0xFE00, 0xFE0F), (0xFFA0, 0xFFA0), (0xFFF0, 0xFFF8),
        (0xE0000, 0xE0FFF),
    ];

    public static bool IsInvisible(Rune rune) =>
        (Rune.GetUnicodeCategory(rune) is UnicodeCategory.Format or UnicodeCategory.Control && !Rune.IsWhiteSpace(rune)) || IsIn(s_ignorable, rune);

    public static bool IsAmbiguous(Rune rune) =>
        IsIn(s_otherSpellings, rune) || IsIn(s_combining, rune)
        || (rune.Value is >= 0x2100 and <= 0x214F && Rune.IsLetter(rune));

    /// <summary>A letter as it is compared. Upper case first: that joins the two small sigmas.</summary>
    public static Rune Fold(Rune rune) =>
        rune.Value is >= 0xFF01 and <= 0xFF5E ? Fold(new Rune(rune.Value - 0xFEE0))
        : rune.Value == 0x2212 || Rune.GetUnicodeCategory(rune) == UnicodeCategory.DashPunctuation ? new Rune('-')
        : Rune.ToLowerInvariant(Rune.ToUpperInvariant(rune));

    /// <summary>A name in its form for comparing, with each letter as the Latin one that it is drawn like.</summary>
    public static string Skeleton(string key) => string.Create(key.Length, key, (span, from) =>
    {
        for (var i = 0; i < span.Length; i++)
        {
            span[i] = s_drawnLike.GetValueOrDefault(from[i], from[i]);
        }
    });

    private static bool IsIn((int First, int Last)[] ranges, Rune rune) => Array.Exists(ranges, r => rune.Value >= r.First && rune.Value <= r.Last);
}
