using System.Text.RegularExpressions;

namespace Countersign.Conventions.Tests;

public sealed class NameTests
{
    private static readonly Regex Vendor = new("okta|snyk|zitadel|authentik", RegexOptions.IgnoreCase);

    private static readonly Regex VagueName = new(@"(?:Manager|Helpers?|Services?|Common|Utils?|Utilit(?:y|ies))$");

    private static readonly Regex LeftForLater = new(@"\b(?:TODO|FIXME|HACK|XXX)\b");

    [Fact]
    public void No_vendor_is_named_outside_the_dialects()
    {
        var core = Repository.Under("src/").Where(file => !file.Path.Contains("/Dialects/", StringComparison.Ordinal)).ToList();

        Faults.None(
            [
                .. core.SelectMany(file => file.Faults(Vendor, match => $"names {match.Value}")),
                .. core.Where(file => Vendor.IsMatch(file.Path)).Select(file => $"{file.Path}: names a vendor"),
            ],
            "Vendors are data at the edges: move what is theirs to a Dialects/ folder, and let the core receive it as a value.");
    }

    [Fact]
    public void No_type_folder_or_namespace_has_a_name_that_says_nothing()
    {
        var types = Repository.Under("src/", ".cs").SelectMany(file =>
            file.Faults(TypeDeclaration.Pattern, match => VagueName.IsMatch(match.Groups["name"].Value) ? match.Value.Trim() : null, inCode: true));
        var folders = from file in Repository.Under("src/")
                      from folder in file.Path.Split('/')[1..^1]
                      where VagueName.IsMatch(folder)
                      select $"{file.Path}: the folder {folder}";

        Faults.None([.. types, .. folders.Distinct()], "Name it after the RFC's noun, or after what it is about.");
    }

    [Fact]
    public void Nothing_is_left_for_later_in_the_source() =>
        Faults.None(
            Repository.Files.Where(file => !file.Path.StartsWith("tests/Conventions.Tests/", StringComparison.Ordinal))
                .SelectMany(file => file.Faults(LeftForLater, match => match.Value)),
            "Do it, or open an issue.");
}
