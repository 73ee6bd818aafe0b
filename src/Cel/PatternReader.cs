using System.Buffers;
using System.Text;

namespace Countersign.Cel;

/// <summary>
/// RE2 syntax to that of .NET. What means another thing there is written out: classes are ASCII, the end is the very end, a dot and a negated
/// class take a whole code point. What cannot be written out is refused.
/// </summary>
internal sealed class PatternReader(string pattern)
{
    private const string Pair = @"[\uD800-\uDBFF][\uDC00-\uDFFF]";

    private static readonly SearchValues<char> s_special = SearchValues.Create(@"\*+?|{}[]()^$.# ");

    private readonly StringBuilder _out = new();
    private readonly Stack<Group> _groups = new();
    private int _at;

    // Of the last part; 0 where there is nothing to repeat.
    private int _last;
    private Flags _flags;

    [Flags]
    private enum Flags
    {
        None = 0,
        ManyLines = 1,
        DotIsAll = 2,
    }

    public string Fault { get; private set; } = "";

    /// <summary>How many characters it has when repetitions are written out.</summary>
    public int Size { get; private set; }

    public string? Translate()
    {
        while (_at < pattern.Length && Fault.Length == 0)
        {
            Part();
        }

        if (Fault.Length == 0 && _groups.Count > 0)
        {
            Fail("a group is not closed: add )");
        }

        return Fault.Length == 0 ? _out.ToString() : null;
    }

    private char Peek(int ahead = 0) => _at + ahead < pattern.Length ? pattern[_at + ahead] : '\0';

    private void Part()
    {
        var first = pattern[_at];

        switch (first)
        {
            case '(':
                Open();
                break;
            case ')':
                Close();
                break;
            case '|':
                _at++;
                _out.Append('|');
                _last = 0;
                break;
            case '*' or '+' or '?':
                _at++;
                Repeat(first.ToString(), first == '?' ? 1 : 2);
                break;
            case '{' when Counted():
                break;
            case '[':
                var set = new PatternClass(pattern, _at);

                if (set.Read() is { } text)
                {
                    _at = set.At;
                    Add(text);
                }
                else
                {
                    Fail(set.Fault);
                }

                break;
            case '.':
                _at++;
                Add(_flags.HasFlag(Flags.DotIsAll) ? $@"(?:{Pair}|[^\uD800-\uDFFF])" : $@"(?:{Pair}|[^\n\uD800-\uDFFF])");
                break;
            case '^':
                _at++;
                Anchor(_flags.HasFlag(Flags.ManyLines) ? "(?m:^)" : @"\A");
                break;
            case '$':
                _at++;
                Anchor(_flags.HasFlag(Flags.ManyLines) ? "(?m:$)" : @"\z");
                break;
            case '\\':
                Escape();
                break;
            default:
                Literal();
                break;
        }
    }

    private void Literal()
    {
        if (char.IsHighSurrogate(Peek()) && char.IsLowSurrogate(Peek(1)))
        {
            Add($"(?:{pattern.AsSpan(_at, 2)})");
            _at += 2;

            return;
        }

        var character = pattern[_at++];
        Add(s_special.Contains(character) ? $@"\{character}" : character.ToString());
    }

    private void Escape()
    {
        var escape = Peek(1);

        if (escape is 'A' or 'z')
        {
            _at += 2;
            Anchor($@"\{escape}");
        }
        else if (escape is 'b' or 'B')
        {
            Fail(@"\b differs between implementations: write what may stand there, as in (^|[^a-z])");
        }
        else if (PatternClass.Escape(pattern, ref _at) is { } set)
        {
            Add(set);
        }
        else
        {
            Fail($@"\{escape} is not supported: look-around and references to groups are not, and characters are written as \x41");
        }
    }

    private void Open()
    {
        var outer = new Group(Size, _flags);
        _at++;

        if (Peek() != '?')
        {
            _out.Append('(');
        }
        else if (Peek(1) is 'P' && Peek(2) == '<' && pattern.IndexOf('>', _at) is > 0 and var end)
        {
            // A group's name has no use here.
            _out.Append('(');
            _at = end + 1;
        }
        else if (!WithFlags())
        {
            return;
        }

        _groups.Push(outer);
        _last = 0;
    }

    // (?flags) and (?flags:…); true when it opens a group.
    private bool WithFlags()
    {
        var isOn = true;
        var ignoresCase = (bool?)null;

        for (_at++; _at < pattern.Length; _at++)
        {
            switch (pattern[_at])
            {
                case '-' when isOn:
                    isOn = false;
                    break;
                case 'i':
                    ignoresCase = isOn;
                    break;
                case 'm':
                    _flags = isOn ? _flags | Flags.ManyLines : _flags & ~Flags.ManyLines;
                    break;
                case 's':
                    _flags = isOn ? _flags | Flags.DotIsAll : _flags & ~Flags.DotIsAll;
                    break;
                case ')' or ':':
                    var opens = pattern[_at++] == ':';
                    var flag = ignoresCase switch { true => "i", false => "-i", null => "" };
                    _out.Append(opens ? $"(?{flag}:" : flag.Length > 0 ? $"(?{flag})" : "");
                    _last = 0;

                    return opens;
                default:
                    Fail("groups that look around or ahead are not supported: write (…), (?:…) or (?i)");

                    return false;
            }
        }

        Fail("a group is not closed: add )");

        return false;
    }

    private void Close()
    {
        if (!_groups.TryPop(out var group))
        {
            Fail(@"there is no group to close: write \) for the character");

            return;
        }

        _at++;
        _out.Append(')');
        _flags = group.Flags;
        _last = Math.Max(1, Size - group.SizeBefore);
    }

    private bool Counted()
    {
        // Anything else in braces is text.
        if (PatternCount.Read(pattern, _at) is not { } count)
        {
            _at++;
            Add(@"\{");
        }
        else if (!count.IsSound)
        {
            Fail($"a part is repeated at most {PatternCount.Most} times: use smaller counts, the smaller one first");
        }
        else
        {
            var text = pattern[_at..count.End];
            _at = count.End;
            Repeat(text, count.Times);
        }

        return true;
    }

    private void Repeat(string sign, int times)
    {
        if (_last == 0)
        {
            Fail($@"there is nothing that {sign} could repeat: write \{sign[0]} for the character");

            return;
        }

        _out.Append(sign);
        Grow((long)_last * (times - 1));
        _last = 0;

        // Whether a repetition takes much or little does not matter where only the answer counts.
        _at += Peek() == '?' ? 1 : 0;
    }

    private void Add(string text)
    {
        _out.Append(text);
        _last = 1;
        Grow(1);
    }

    private void Anchor(string text)
    {
        _out.Append(text);
        _last = 0;
    }

    private void Grow(long by)
    {
        if (by > CelLimits.MostPatternSize - Size)
        {
            Fail($"the pattern is over {CelLimits.MostPatternSize} characters when its repetitions are written out: use smaller counts, or + and *");

            return;
        }

        Size += (int)by;
    }

    private void Fail(string message) => Fault = Fault.Length == 0 ? message : Fault;

    private readonly record struct Group(int SizeBefore, Flags Flags);
}
