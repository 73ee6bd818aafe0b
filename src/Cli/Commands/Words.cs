using System.Buffers;

namespace Countersign.Cli.Commands;

/// <summary>A command line to copy: words as a POSIX shell reads them.</summary>
internal static class Words
{
    private static readonly SearchValues<char> Bare = SearchValues.Create("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_./:@%+,");

    public static string Joined(IEnumerable<string> words) => string.Join(' ', words.Select(Quoted));

    public static string Quoted(string? word) =>
        word is { Length: > 0 } && !word.AsSpan().ContainsAnyExcept(Bare) ? word : $"'{word?.Replace("'", @"'\''", StringComparison.Ordinal)}'";
}
