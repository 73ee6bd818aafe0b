namespace Countersign.Cel;

/// <summary>Why an evaluation came to nothing.</summary>
/// <param name="Message">A sentence; it may show a part of the values.</param>
/// <param name="Start">Where in the text, from 0 in UTF-16 code units; -1 where nothing in the text is to blame.</param>
/// <param name="Length">In UTF-16 code units.</param>
public sealed record CelError(string Message, int Start = -1, int Length = 0)
{
    public override string ToString() => Message;
}
