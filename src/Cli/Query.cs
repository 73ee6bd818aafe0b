namespace Countersign.Cli;

/// <summary>A query string; a parameter without a value is left out.</summary>
internal sealed class Query : Dictionary<string, string?>
{
    public Query()
    {
    }

    public Query(Query other)
        : base(other)
    {
    }

    public override string ToString()
    {
        var given = this.Where(parameter => parameter.Value is not null);

        return string.Concat(
            given.Select((parameter, n) => $"{(n == 0 ? '?' : '&')}{parameter.Key}={Uri.EscapeDataString(parameter.Value!)}"));
    }
}
