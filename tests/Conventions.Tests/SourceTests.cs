using System.Text.RegularExpressions;

namespace Countersign.Conventions.Tests;

public sealed class SourceTests
{
    private const int MostLines = 300;

    // Files that are long for a reason; an entry that is no longer needed fails too.
    private static readonly Dictionary<string, string> Long = new()
    {
        ["src/Server/Data/Migrations/0001_Initial.cs"] = "a migration is one step, and lists every table",
    };

    private static readonly Regex Suppression = new(@"^.*(?:#pragma warning disable|SuppressMessage\().*$", RegexOptions.Multiline);

    private static readonly Regex Reason = new(@"//\s*\S|Justification\s*=\s*""\w");

    // In a project file the reason stands on the line, or heads the properties that belong together.
    private static readonly Regex SilentProject = new(@"^[ ]*<NoWarn>(?!.*<!--)(?<!<!--[^\n]*-->[ ]*\n(?:[ ]*<\w+>[^\n]*\n)*[ ]*<NoWarn>).*$", RegexOptions.Multiline);

    private static readonly Regex LooseLog = new(@"\.Log(?:Trace|Debug|Information|Warning|Error|Critical)\(");

    private static readonly Regex Clock = new(@"\b(?:TimeProvider|DateTime(?:Offset)?\.(?:Utc)?Now)\b");

    [Fact]
    public void Files_are_short() =>
        Faults.None(
            [
                .. from file in Repository.Under("src/", ".cs")
                   let lines = file.Lines.Count() - 1
                   where lines > MostLines && !Long.ContainsKey(file.Path)
                   select $"{file.Path}: {lines} lines",
                .. from path in Long.Keys
                   where Repository.Under(path).All(file => file.Lines.Count() - 1 <= MostLines)
                   select $"{path}: is listed as long and is not",
            ],
            $"Look again over 200 lines; over {MostLines} split the file, or list it in SourceTests with the reason.");

    [Fact]
    public void A_suppression_states_its_reason_on_its_line() =>
        Faults.None(
            [
                .. from file in Repository.Under("", ".cs")
                   where !file.Path.StartsWith("tests/Conventions.Tests/", StringComparison.Ordinal)
                   from fault in file.Faults(Suppression, match => Reason.IsMatch(match.Value) ? null : match.Value.Trim())
                   select fault,
                .. Repository.Files.Where(file => Path.GetExtension(file.Path) is ".csproj" or ".props")
                    .SelectMany(file => file.Faults(SilentProject, match => match.Value.Trim())),
            ],
            "Say why behind it: // reason, Justification = \"reason\", or <!-- reason -->.");

    [Fact]
    public void The_protocol_has_no_clock() =>
        Faults.None(
            Repository.Under("src/OAuth/", ".cs").SelectMany(file => file.Faults(Clock, match => match.Value, inCode: true)),
            "Code in src/OAuth takes a DateTimeOffset now.");

    [Fact]
    public void Logging_goes_through_LoggerMessage_methods() =>
        Faults.None(
            Repository.Under("src/", ".cs").SelectMany(file => file.Faults(LooseLog, match => match.Value, inCode: true)),
            "Write a [LoggerMessage] method at the foot of the class.");

    [Fact]
    public void Nothing_names_a_place_on_the_machine_that_it_was_written_on()
    {
        var path = new Regex(@"(?<![\w.~-])/(?:work|tmp/art)(?:/|-|\b)|file:///");
        Faults.None(
            Repository.Files.Where(file => !file.Path.StartsWith("tests/Conventions.Tests/", StringComparison.Ordinal))
                .SelectMany(file => file.Faults(path, match => match.Value)),
            "Use a path relative to the repository.");
    }

    [Fact]
    public void Lock_files_name_no_download_address() =>
        Faults.None(
            Repository.Files.Where(file => file.Name is "package-lock.json" or "packages.lock.json")
                .SelectMany(file => file.Faults(new Regex(@"""resolved"": ""https?:.*"), match => match.Value)),
            "npm install with omit-lockfile-registry-resolved=true: whoever installs chooses the registry.");
}
