using System.Text.RegularExpressions;

namespace Countersign.Conventions.Tests;

public sealed class RequirementTests
{
    private const int Requirements = 262;

    private static readonly Regex Trait = new(@"Trait\(\s*""(?<name>[^""]*)""\s*,\s*""(?<value>[^""]*)""");

    [Fact]
    public void A_requirement_that_a_test_holds_exists() =>
        Faults.None(
            from file in Repository.Under("tests/", ".cs")
            from fault in file.Faults(
                Trait,
                match => match.Groups["name"].Value switch
                {
                    "R" when int.TryParse(match.Groups["value"].Value, out var number) && number is >= 1 and <= Requirements
                        && number.ToString() == match.Groups["value"].Value => null,
                    "R" => $"there is no requirement {match.Groups["value"].Value}",
                    "Speed" when match.Groups["value"].Value is "slow" or "fast" => null,
                    _ => $"{match.Value}) is a trait that nothing reads",
                })
            select fault,
            $"Requirements are numbered 1 to {Requirements}: [Trait(\"R\", \"33\")]. A test that ./test fast leaves out is [Trait(\"Speed\", \"slow\")].");
}
