namespace Countersign.Cel;

/// <summary>Keeps what the parts of an expression came to.</summary>
internal sealed class TraceLog(string text)
{
    private readonly List<CelStep> _steps = [];

    public IReadOnlyList<CelStep> Steps => _steps;

    public bool IsCut { get; private set; }

    public void Add(Syntax part, CelValue value)
    {
        if (_steps.Count >= CelLimits.MostSteps)
        {
            IsCut = true;

            return;
        }

        _steps.Add(new CelStep(part.Start, part.End - part.Start, text[part.Start..part.End], value.ToString()));
    }
}
