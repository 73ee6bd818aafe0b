namespace Countersign.Cel.Tests;

public sealed class ReferenceTests
{
    [Fact]
    [Trait("R", "207")]
    public void The_language_knows_no_web_server_no_files_and_no_network() => Assert.All(
        typeof(CelExpression).Assembly.GetReferencedAssemblies(),
        reference => Assert.True(
            reference.Name is "System.Runtime" or "System.Collections" or "System.Linq" or "System.Memory" or "System.Text.Json" or "System.Text.RegularExpressions",
            reference.Name));
}
