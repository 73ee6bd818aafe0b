namespace Countersign.Cel;

/// <summary>Why an expression is refused: where, and a sentence that says what to do.</summary>
public sealed record CelFault
{
    internal CelFault(string text, int start, int end, string message)
    {
        Start = Math.Clamp(start, 0, text.Length);
        Length = Math.Clamp(end, Start, text.Length) - Start;
        Message = message;
        Line = text.AsSpan(0, Start).Count('\n') + 1;
        Column = Start - (text.AsSpan(0, Start).LastIndexOf('\n') + 1) + 1;
    }

    public string Message { get; }

    /// <summary>From 1.</summary>
    public int Line { get; }

    /// <summary>From 1, in UTF-16 code units.</summary>
    public int Column { get; }

    /// <summary>From 0, in UTF-16 code units.</summary>
    public int Start { get; }

    /// <summary>In UTF-16 code units; 0 at the end of the text.</summary>
    public int Length { get; }

    public override string ToString() => $"line {Line}, column {Column}: {Message}";
}
