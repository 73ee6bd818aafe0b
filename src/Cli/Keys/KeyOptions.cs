using System.CommandLine;
using Countersign.OAuth;

namespace Countersign.Cli.Keys;

/// <summary>What a file may not say of its key: its name and its algorithm.</summary>
internal sealed class KeyOptions
{
    private readonly Option<string> _kid = new("--kid")
    {
        Description = "Name of the key (the one in the file, else the thumbprint).",
        HelpName = "kid",
    };

    private readonly Option<string> _alg = Algorithms("--alg", "Algorithm of an RSA key that names none (RS256 unless given); for EC keys the curve says it.");

    public IEnumerable<Option> Options => [_kid, _alg];

    public static Option<string> Algorithms(string name, string description) =>
        new Option<string>(name) { Description = description, HelpName = "alg" }.AcceptOnlyFromAmong([.. SigningAlgorithm.All.Select(alg => alg.Name)]);

    public string? Kid(Call call) => call.Get(_kid);

    public SigningAlgorithm? Algorithm(Call call) => call.Get(_alg) is { } name ? SigningAlgorithm.ByName(name) : null;
}
