using System.Globalization;
using System.Text;

namespace Countersign.Cel;

/// <summary>Values for people, never longer than <see cref="CelLimits.MostShown"/> characters.</summary>
internal static class ValueText
{
    public static string Of(CelValue value)
    {
        var text = new StringBuilder();
        Write(text, value);

        if (text.Length > CelLimits.MostShown)
        {
            // Half of a surrogate pair is not shown.
            text.Length = CelLimits.MostShown - (char.IsHighSurrogate(text[CelLimits.MostShown - 2]) ? 2 : 1);
            text.Append('…');
        }

        return text.ToString();
    }

    /// <summary>As string() and people write it, with the sign of a double where it could be taken for an int.</summary>
    public static string OfDouble(double value)
    {
        var text = value.ToString("R", CultureInfo.InvariantCulture).Replace('E', 'e');

        return text.AsSpan().ContainsAny("e.Nn") ? text : text + ".0";
    }

    private static bool IsFull(StringBuilder text) => text.Length > CelLimits.MostShown;

    private static void Write(StringBuilder text, CelValue value)
    {
        if (IsFull(text))
        {
            return;
        }

        switch (value.Kind)
        {
            case CelKind.List:
                WriteList(text, value.Items);
                break;
            case CelKind.Map:
                WriteMap(text, value.Map);
                break;
            case CelKind.String:
                WriteText(text, value.Text);
                break;
            case CelKind.Bytes:
                WriteBytes(text, value.Octets);
                break;
            default:
                text.Append(Scalar(value));
                break;
        }
    }

    private static string Scalar(CelValue value) => value.Kind switch
    {
        CelKind.Null => "null",
        CelKind.Bool => value.IsTrue ? "true" : "false",
        CelKind.Int => value.Bits.ToString(CultureInfo.InvariantCulture),
        CelKind.Uint => value.AsUint().ToString(CultureInfo.InvariantCulture) + "u",
        CelKind.Double => OfDouble(value.AsDouble()),
        CelKind.Timestamp => $"timestamp('{Moment.Text(value)}')",
        CelKind.Duration => $"duration('{Span.Text(value.Bits)}')",
        CelKind.Type => value.Text,
        _ => $"error: {value.Error.Message}",
    };

    private static void WriteList(StringBuilder text, CelValue[] items)
    {
        text.Append('[');

        for (var i = 0; i < items.Length && !IsFull(text); i++)
        {
            text.Append(i > 0 ? ", " : "");
            Write(text, items[i]);
        }

        text.Append(']');
    }

    private static void WriteMap(StringBuilder text, CelMap map)
    {
        var separator = "";
        text.Append('{');

        foreach (var (key, value) in map.Entries)
        {
            if (IsFull(text))
            {
                break;
            }

            text.Append(separator);
            Write(text, key);
            text.Append(": ");
            Write(text, value);
            separator = ", ";
        }

        text.Append('}');
    }

    private static void WriteText(StringBuilder text, string value)
    {
        text.Append('\'');

        foreach (var character in value)
        {
            if (IsFull(text))
            {
                break;
            }

            text.Append(character switch
            {
                '\'' => "\\'",
                '\\' => "\\\\",
                '\n' => "\\n",
                '\r' => "\\r",
                '\t' => "\\t",
                _ when char.IsControl(character) || IsFormat(character) => $"\\u{(int)character:X4}",
                _ => character.ToString(),
            });
        }

        text.Append('\'');
    }

    // What could turn the direction of a line or hide in it.
    private static bool IsFormat(char character) =>
        char.GetUnicodeCategory(character) is UnicodeCategory.Format or UnicodeCategory.LineSeparator or UnicodeCategory.ParagraphSeparator;

    private static void WriteBytes(StringBuilder text, byte[] value)
    {
        text.Append("b'");

        foreach (var octet in value.AsSpan(0, Math.Min(value.Length, CelLimits.MostShown)))
        {
            text.Append(octet is >= 0x20 and < 0x7F and not ((byte)'\'' or (byte)'\\')
                ? ((char)octet).ToString()
                : string.Create(CultureInfo.InvariantCulture, $"\\x{octet:x2}"));
        }

        text.Append('\'');
    }
}
