using FsCheck;
using FsCheck.Fluent;

namespace Countersign.Cel.Tests;

/// <summary>What must hold for any input; a failure shows the smallest one found and the seed.</summary>
internal static class Property
{
    public static void Holds<T>(Arbitrary<T> inputs, Func<T, bool> property, int tries = 500) =>
        Check.One(Config.QuickThrowOnFailure.WithMaxTest(tries), Prop.ForAll(inputs, property));

    /// <summary>Texts that are made of these parts.</summary>
    public static Arbitrary<string> TextOf(params string[] parts) =>
        Gen.Elements(parts).ListOf().Select(chosen => string.Concat(chosen)).ToArbitrary();
}
