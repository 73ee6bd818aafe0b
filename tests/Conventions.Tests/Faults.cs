namespace Countersign.Conventions.Tests;

internal static class Faults
{
    /// <summary>Fails with every fault on a line of its own, and then with what to do about them.</summary>
    public static void None(IEnumerable<string> faults, string remedy)
    {
        var all = faults.ToList();
        if (all.Count > 0)
        {
            Assert.Fail(string.Join('\n', [.. all, $"→ {remedy}"]));
        }
    }
}
