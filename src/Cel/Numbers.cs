using System.Globalization;

namespace Countersign.Cel;

/// <summary>Numbers in digits.</summary>
internal static class Numbers
{
    /// <summary>The value of a literal; null when it is out of range.</summary>
    public static CelValue? Of(Token token, bool isNegative)
    {
        if (token.Kind == TokenKind.Double)
        {
            var number = double.Parse(token.Text, NumberStyles.AllowDecimalPoint | NumberStyles.AllowExponent, CultureInfo.InvariantCulture);

            return double.IsFinite(number) ? CelValue.Of(isNegative ? -number : number) : null;
        }

        var isHex = token.Text.StartsWith("0x", StringComparison.OrdinalIgnoreCase);
        var digits = isHex ? token.Text.AsSpan(2) : token.Text;

        if (!ulong.TryParse(digits, isHex ? NumberStyles.AllowHexSpecifier : NumberStyles.None, CultureInfo.InvariantCulture, out var size))
        {
            return null;
        }

        if (token.Kind == TokenKind.Uint)
        {
            return CelValue.Of(size);
        }

        const ulong Least = 1UL << 63;

        return isNegative && size == Least ? CelValue.Of(long.MinValue)
            : size >= Least ? null
            : CelValue.Of(isNegative ? -(long)size : (long)size);
    }

    public static bool Read(string text, out long value) =>
        long.TryParse(text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out value);

    public static bool Read(string text, out ulong value) => ulong.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out value);

    public static bool Read(string text, out double value) =>
        double.TryParse(
            text,
            NumberStyles.AllowLeadingSign | NumberStyles.AllowDecimalPoint | NumberStyles.AllowExponent,
            CultureInfo.InvariantCulture,
            out value);
}
