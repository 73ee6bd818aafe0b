namespace Countersign.Cel;

/// <summary>How an evaluation went.</summary>
/// <param name="Outcome">What it came to, as without a trace.</param>
/// <param name="Steps">What the parts came to, in the order in which they did; literals are left out.</param>
/// <param name="IsCut">Whether there were more than 200 steps and the later ones are left out.</param>
public sealed record CelTrace(CelOutcome Outcome, IReadOnlyList<CelStep> Steps, bool IsCut);

/// <summary>What a part of an expression came to.</summary>
/// <param name="Start">Where it begins in the text, from 0 in UTF-16 code units.</param>
/// <param name="Length">In UTF-16 code units.</param>
/// <param name="Text">The part itself.</param>
/// <param name="Value">The value or the error for people, at most 200 characters.</param>
public sealed record CelStep(int Start, int Length, string Text, string Value);
