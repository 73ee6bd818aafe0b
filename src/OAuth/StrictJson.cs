using System.Text.Json;
using System.Text.Unicode;

namespace Countersign.OAuth;

/// <summary>
/// What JSON must be before anything in it counts (R73, R74): one object of UTF-8 without BOM, bounded in depth and members, each name once in
/// its object however it is escaped, no NUL and no lone surrogate in a text, no number that is longer than its reader.
/// </summary>
public static class StrictJson
{
    /// <summary>The members of all objects together.</summary>
    public const int MostMembers = 256;

    private const int MostDepth = 16;
    private const int LongestNumber = 20;

    /// <summary>What is wrong, or null.</summary>
    public static string? Fault(ReadOnlySpan<byte> json)
    {
        var members = MostMembers;

        return Fault(json, ref members);
    }

    /// <param name="json">The text.</param>
    /// <param name="members">How many members it may have; less those that it has, afterwards.</param>
    internal static string? Fault(ReadOnlySpan<byte> json, ref int members)
    {
        // The reader looks at the encoding of a text only when it is asked for it.
        if (!Utf8.IsValid(json))
        {
            return "it is not UTF-8";
        }

        try
        {
            return Walk(json, ref members);
        }
        catch (JsonException)
        {
            return json.StartsWith("\uFEFF"u8) ? "it begins with a byte order mark" : $"it is not one JSON object, at most {MostDepth} deep";
        }
        catch (InvalidOperationException)
        {
            return "a text holds half of a surrogate pair";
        }
    }

    private static string? Walk(ReadOnlySpan<byte> json, ref int members)
    {
        var reader = new Utf8JsonReader(json, new JsonReaderOptions { MaxDepth = MostDepth });
        var names = new Names(stackalloc Name[Math.Max(1, members)]);
        Span<int> objects = stackalloc int[MostDepth + 1];
        var made = 0;

        if (!reader.Read() || reader.TokenType != JsonTokenType.StartObject)
        {
            return "it is not a JSON object";
        }

        do
        {
            switch (reader.TokenType)
            {
                case JsonTokenType.StartObject:
                    objects[reader.CurrentDepth + 1] = ++made;
                    break;
                case JsonTokenType.PropertyName:
                    if (--members < 0)
                    {
                        return $"it has more than {MostMembers} members";
                    }

                    // Behind the quotation mark.
                    var name = new Name(objects[reader.CurrentDepth], (int)reader.TokenStartIndex + 1, reader.ValueSpan.Length);

                    if (names.Fault(json, name, reader.ValueIsEscaped ? Unescaped(ref reader) : null) is { } fault)
                    {
                        return fault;
                    }

                    break;
                case JsonTokenType.Number when reader.ValueSpan.Length > LongestNumber:
                    return $"a number has more than {LongestNumber} characters";
                case JsonTokenType.String when reader.ValueIsEscaped && Unescaped(ref reader).Contains((byte)0):
                    return "a text holds NUL";
            }
        }
        while (reader.Read());

        return null;
    }

    private static byte[] Unescaped(ref Utf8JsonReader reader)
    {
        var text = new byte[reader.ValueSpan.Length];

        return text[..reader.CopyString(text)];
    }

    private readonly record struct Name(int Object, int Start, int Length);

    /// <summary>The names seen so far. Those without escapes are looked up in the text itself.</summary>
    private ref struct Names(Span<Name> seen)
    {
        private readonly Span<Name> _seen = seen;
        private int _count;
        private Dictionary<int, byte[]>? _unescaped;

        /// <summary>Keeps the name; what is wrong with it, or null.</summary>
        public string? Fault(scoped ReadOnlySpan<byte> json, Name name, byte[]? unescaped)
        {
            if (unescaped is not null)
            {
                (_unescaped ??= []).Add(_count, unescaped);
            }

            var text = Text(json, name, _count);

            for (var i = 0; i < _count; i++)
            {
                if (_seen[i].Object == name.Object && Text(json, _seen[i], i).SequenceEqual(text))
                {
                    return "a member stands twice in one object";
                }
            }

            _seen[_count++] = name;

            return text.Contains((byte)0) ? "a text holds NUL" : null;
        }

        private readonly ReadOnlySpan<byte> Text(ReadOnlySpan<byte> json, Name name, int at) =>
            _unescaped is not null && _unescaped.TryGetValue(at, out var text) ? text : json.Slice(name.Start, name.Length);
    }
}
