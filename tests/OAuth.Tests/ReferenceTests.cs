namespace Countersign.OAuth.Tests;

public sealed class ReferenceTests
{
    [Fact]
    public void The_protocol_knows_no_web_server_no_database_and_no_project_of_ours() => Assert.All(
        typeof(Secret).Assembly.GetReferencedAssemblies(),
        reference => Assert.True(
            reference.Name!.StartsWith("System.", StringComparison.Ordinal)
            || reference.Name is "BCrypt-Net-Next" or "Konscious.Security.Cryptography.Argon2",
            reference.Name));
}
