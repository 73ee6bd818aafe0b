using System.Globalization;

namespace Countersign.Server.Jwks;

/// <summary>Ports from one to another, both included; written <c>443</c> or <c>8000-8999</c>.</summary>
internal sealed record PortRange(int First, int Last)
{
    public static PortRange Https { get; } = new(443, 443);

    public static PortRange All { get; } = new(1, 65535);

    /// <exception cref="FormatException">It is neither a port nor a range.</exception>
    public static PortRange Parse(string text)
    {
        var dash = text.IndexOf('-', StringComparison.Ordinal);

        return Port(dash < 0 ? text : text[..dash]) is { } first && Port(dash < 0 ? text : text[(dash + 1)..]) is { } last && first <= last
            ? new PortRange(first, last)
            : throw new FormatException($"{text} is neither a port nor a range of ports");
    }

    public bool Contains(int port) => port >= First && port <= Last;

    public override string ToString() => First == Last ? $"{First}" : $"{First}-{Last}";

    private static int? Port(string text) =>
        int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var port) && port is >= 1 and <= 65535 ? port : null;
}
