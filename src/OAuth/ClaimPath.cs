using System.Buffers;
using System.Globalization;
using System.Text;
using System.Text.Json;

namespace Countersign.OAuth;

/// <summary>
/// Where a claim stands: a JSON pointer (RFC 6901) when it begins with a slash, otherwise names joined by dots. A name may hold dots itself, so
/// every reading of those is tried, and one that is not the only one that is there finds nothing.
/// </summary>
public sealed class ClaimPath
{
    public const int MaxLength = 255;
    public const int MaxParts = 16;

    // The names of a pointer, or where the parts of a dotted text end.
    private readonly string[]? _names;
    private readonly int[] _ends;

    private ClaimPath(string text, string[]? names, int[] ends) => (Text, _names, _ends) = (text, names, ends);

    /// <summary>As it was written.</summary>
    public string Text { get; }

    /// <summary>The path of that text; null, and what to change, when it is none.</summary>
    public static ClaimPath? Parse(string text, out string fault)
    {
        fault = text.Length is 0 or > MaxLength ? $"a claim has 1 to {MaxLength} characters"
            : !IsUnicode(text) ? "a claim holds no NUL and no half of a surrogate pair"
            : text.AsSpan(1).Count(text[0] == '/' ? '/' : '.') >= MaxParts ? $"a claim has at most {MaxParts} parts"
            : "";

        return fault.Length > 0 ? null : text[0] == '/' ? Pointer(text, out fault) : Dotted(text, out fault);
    }

    /// <summary>The claim, when exactly one reading of the path is there.</summary>
    /// <param name="claims">A JSON object.</param>
    /// <param name="value">The claim, of any type.</param>
    /// <param name="ambiguous">Whether it was not found for being there more than once.</param>
    public bool TryFind(JsonElement claims, out JsonElement value, out bool ambiguous)
    {
        value = default;
        ambiguous = false;

        try
        {
            if (_names is not null)
            {
                return TryFollow(claims, _names, out value);
            }

            var found = 0;
            Search(claims, 0, ref value, ref found);
            ambiguous = found > 1;

            return found == 1;
        }
        catch (InvalidOperationException)
        {
            // A name that holds half of a surrogate pair: what cannot be read is not there (R203).
            return false;
        }
    }

    /// <summary>Whether it can only be read as these names, or also as these.</summary>
    public bool CanMean(params ReadOnlySpan<string> names) =>
        _names is null ? Text == string.Join('.', names) : names.SequenceEqual(_names);

    public override string ToString() => Text;

    /// <summary>Whether the text can stand in JSON that is taken (R74).</summary>
    internal static bool IsUnicode(ReadOnlySpan<char> text)
    {
        while (!text.IsEmpty)
        {
            if (text[0] == '\0' || Rune.DecodeFromUtf16(text, out _, out var length) != OperationStatus.Done)
            {
                return false;
            }

            text = text[length..];
        }

        return true;
    }

    private static ClaimPath? Dotted(string text, out string fault)
    {
        var ends = new List<int>();

        for (var i = 0; i <= text.Length; i++)
        {
            if (i == text.Length || text[i] == '.')
            {
                ends.Add(i);
            }
        }

        fault = text[0] == '.' || text[^1] == '.' || text.Contains("..", StringComparison.Ordinal)
            ? "a part of the claim is empty: if the dot belongs to a name, write a JSON pointer, /name"
            : "";

        return fault.Length > 0 ? null : new ClaimPath(text, null, [.. ends]);
    }

    private static ClaimPath? Pointer(string text, out string fault)
    {
        // RFC 6901 §3: ~0 is a tilde and ~1 a slash; no other escape.
        for (var at = text.IndexOf('~'); at >= 0; at = text.IndexOf('~', at + 1))
        {
            if (at + 1 == text.Length || text[at + 1] is not ('0' or '1'))
            {
                fault = "in a JSON pointer a tilde is written ~0, and a slash within a name ~1";

                return null;
            }
        }

        fault = "";
        var names = text[1..].Split('/');

        return new ClaimPath(text, Array.ConvertAll(names, n => n.Replace("~1", "/", StringComparison.Ordinal).Replace("~0", "~", StringComparison.Ordinal)), []);
    }

    private static bool TryFollow(JsonElement at, string[] names, out JsonElement value)
    {
        value = at;

        foreach (var name in names)
        {
            if (value.ValueKind == JsonValueKind.Array && TryIndex(name, value.GetArrayLength(), out var index))
            {
                value = value[index];
            }
            else if (value.ValueKind != JsonValueKind.Object || !value.TryGetProperty(name, out value))
            {
                value = default;

                return false;
            }
        }

        return true;
    }

    // RFC 6901 §4: digits without a leading zero.
    private static bool TryIndex(string name, int length, out int index) =>
        int.TryParse(name, NumberStyles.None, CultureInfo.InvariantCulture, out index) && index < length && (name.Length == 1 || name[0] != '0');

    // Two readings never meet in one member, so no more is looked at than is there.
    private void Search(JsonElement at, int part, ref JsonElement value, ref int found)
    {
        if (at.ValueKind != JsonValueKind.Object)
        {
            return;
        }

        var start = part == 0 ? 0 : _ends[part - 1] + 1;

        for (var last = part; last < _ends.Length; last++)
        {
            if (!at.TryGetProperty(Text.AsSpan(start, _ends[last] - start), out var member))
            {
                continue;
            }

            if (last == _ends.Length - 1)
            {
                value = found++ == 0 ? member : default;
            }
            else
            {
                Search(member, last + 1, ref value, ref found);
            }
        }
    }
}
