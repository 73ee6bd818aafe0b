using System.Buffers;
using System.Runtime.InteropServices;
using System.Text;

namespace Countersign.OAuth;

/// <summary>
/// The parameters of a form body (RFC 6749 App. B), decoded strictly into one buffer. Names are case-sensitive; a parameter
/// without a value counts as absent (RFC 6749 §3.2).
/// </summary>
public sealed class FormParameters
{
    // So few names are compared each with each; more are sorted, because a body can hold tens of thousands.
    private const int ComparedPairwise = 16;

    private static readonly SearchValues<byte> NameCharacters = SearchValues.Create("abcdefghijklmnopqrstuvwxyz_"u8);
    private static readonly FormParameters Empty = new([], [], 0);

    private readonly byte[] _text;
    private readonly Parameter[] _parameters;
    private readonly int _count;

    private FormParameters(byte[] text, Parameter[] parameters, int count) => (_text, _parameters, _count) = (text, parameters, count);

    /// <summary>Decodes a body. A name may occur twice only if it is listed as repeatable (RFC 6749 §3.2).</summary>
    public static Result<FormParameters> Decode(ReadOnlySpan<byte> body, params ReadOnlySpan<string> repeatable)
    {
        if (body.IsEmpty)
        {
            return Empty;
        }

        if (FormEncoding.Fault(body) is { } fault)
        {
            return Malformed(fault);
        }

        var text = body.ToArray();
        var parameters = new Parameter[body.Count((byte)'&') + 1];
        var count = 0;

        for (int start = 0, end; start < text.Length; start = end + 1)
        {
            var length = text.AsSpan(start).IndexOf((byte)'&');
            end = length < 0 ? text.Length : start + length;

            if (end == start)
            {
                continue;
            }

            var name = text.AsSpan(start, end - start);
            var equals = name.IndexOf((byte)'=');
            var value = equals < 0 ? [] : name[(equals + 1)..];
            name = equals < 0 ? name : name[..equals];
            var valueStart = end - value.Length;

            fault = FormEncoding.Decode(name, out var nameLength);
            fault ??= FormEncoding.Decode(value, out length);

            if (fault is not null)
            {
                return Malformed(fault);
            }

            parameters[count++] = new Parameter(start, nameLength, valueStart, value.IsEmpty ? 0 : length);
        }

        var form = new FormParameters(text, parameters, count);

        return form.Repeated(repeatable) is { } repeated ? repeated : form;
    }

    /// <summary>Whether the parameter is present and not empty.</summary>
    public bool Has(ReadOnlySpan<byte> name) => !Value(name).IsEmpty;

    /// <summary>The value, the first of them where the name is repeatable; empty when absent.</summary>
    public ReadOnlySpan<byte> Value(ReadOnlySpan<byte> name)
    {
        foreach (var parameter in _parameters.AsSpan(0, _count))
        {
            if (parameter.ValueLength > 0 && NameOf(parameter).SequenceEqual(name))
            {
                return ValueOf(parameter);
            }
        }

        return [];
    }

    /// <summary>The value as text; null when absent or empty.</summary>
    public string? Text(ReadOnlySpan<byte> name) => Value(name) is { IsEmpty: false } value ? Encoding.UTF8.GetString(value) : null;

    /// <summary>All values of a repeatable parameter, in the order sent, without the empty ones.</summary>
    public string[] Texts(ReadOnlySpan<byte> name)
    {
        List<string>? texts = null;

        foreach (var parameter in _parameters.AsSpan(0, _count))
        {
            if (parameter.ValueLength > 0 && NameOf(parameter).SequenceEqual(name))
            {
                (texts ??= []).Add(Encoding.UTF8.GetString(ValueOf(parameter)));
            }
        }

        return texts is null ? [] : [.. texts];
    }

    /// <summary>Never the values: a form holds secrets.</summary>
    public override string ToString() => $"(form of {_count} parameters)";

    private ReadOnlySpan<byte> NameOf(Parameter parameter) => _text.AsSpan(parameter.NameStart, parameter.NameLength);

    private ReadOnlySpan<byte> ValueOf(Parameter parameter) => _text.AsSpan(parameter.ValueStart, parameter.ValueLength);

    private OAuthError? Repeated(ReadOnlySpan<string> repeatable)
    {
        if (_count > ComparedPairwise)
        {
            return RepeatedOfMany(repeatable);
        }

        for (var i = 1; i < _count; i++)
        {
            for (var j = 0; j < i; j++)
            {
                if (SameName(_parameters[i], _parameters[j], repeatable) is { } error)
                {
                    return error;
                }
            }
        }

        return null;
    }

    private OAuthError? RepeatedOfMany(ReadOnlySpan<string> repeatable)
    {
        var rented = ArrayPool<Parameter>.Shared.Rent(_count);
        var sorted = rented.AsSpan(0, _count);
        _parameters.AsSpan(0, _count).CopyTo(sorted);
        sorted.Sort(new ByName(_text));
        OAuthError? error = null;

        for (var i = 1; i < sorted.Length && error is null; i++)
        {
            error = SameName(sorted[i - 1], sorted[i], repeatable);
        }

        ArrayPool<Parameter>.Shared.Return(rented);

        return error;
    }

    private OAuthError? SameName(Parameter one, Parameter other, ReadOnlySpan<string> repeatable)
    {
        var name = NameOf(one);

        if (!name.SequenceEqual(NameOf(other)))
        {
            return null;
        }

        foreach (var allowed in repeatable)
        {
            if (Ascii.Equals(name, allowed))
            {
                return null;
            }
        }

        return OAuthError.InvalidRequest(
            "a parameter is repeated",
            new FailedCheck("form-parameter-once", "a parameter occurs more than once in the body", Shown(name), "each parameter once"));
    }

    // Only what reads like a parameter's name: a client's mistake can put a secret where a name belongs.
    private static string? Shown(ReadOnlySpan<byte> name) =>
        name.Length <= 64 && !name.ContainsAnyExcept(NameCharacters) ? Encoding.ASCII.GetString(name) : null;

    private static OAuthError Malformed(string fault) => OAuthError.InvalidRequest(
        $"the form is malformed: {fault}", new FailedCheck("form-syntax", fault, Hint: "the client must form-encode its parameters"));

    [StructLayout(LayoutKind.Auto)]
    private readonly record struct Parameter(int NameStart, int NameLength, int ValueStart, int ValueLength);

    private readonly struct ByName(byte[] text) : IComparer<Parameter>
    {
        public int Compare(Parameter x, Parameter y) => x.NameLength != y.NameLength
            ? x.NameLength.CompareTo(y.NameLength)
            : text.AsSpan(x.NameStart, x.NameLength).SequenceCompareTo(text.AsSpan(y.NameStart, y.NameLength));
    }
}
