using System.Buffers;
using System.Text;

namespace Countersign.OAuth;

/// <summary>The grammar of <c>scope</c> (RFC 6749 §3.3, App. A.4): NQCHAR tokens joined by single spaces.</summary>
public static class ScopeText
{
    public const int MaxBytes = 4096;
    public const int MaxTokens = 200;

    private static readonly SearchValues<byte> TokensAndSpace =
        SearchValues.Create([.. Enumerable.Range(0x20, 0x5F).Select(c => (byte)c).Where(c => c is not ((byte)'"' or (byte)'\\'))]);

    private static readonly SearchValues<char> TokenCharacters =
        SearchValues.Create([.. Enumerable.Range(0x21, 0x5E).Select(c => (char)c).Where(c => c is not ('"' or '\\'))]);

    /// <summary>The tokens, each once, in the order first asked; none for an empty text.</summary>
    public static Result<string[]> Parse(ReadOnlySpan<byte> scope)
    {
        if (scope.IsEmpty)
        {
            return Array.Empty<string>();
        }

        if (scope.Length > MaxBytes)
        {
            return Refused("the scope is too long", $"{scope.Length} bytes", $"at most {MaxBytes} bytes");
        }

        var count = scope.Count((byte)' ') + 1;

        if (count > MaxTokens)
        {
            return Refused("the scope has too many tokens", $"{count} tokens", $"at most {MaxTokens} tokens");
        }

        if (scope.ContainsAnyExcept(TokensAndSpace) || scope[0] == ' ' || scope[^1] == ' ' || scope.IndexOf("  "u8) >= 0)
        {
            return Refused(
                "the scope is malformed", null, "tokens of printable ASCII without quotation mark and backslash, joined by single spaces");
        }

        return Split(scope, count);
    }

    /// <summary>Whether the text can be one scope.</summary>
    public static bool IsToken(ReadOnlySpan<char> text) =>
        !text.IsEmpty && text.Length <= MaxBytes && !text.ContainsAnyExcept(TokenCharacters);

    private static string[] Split(ReadOnlySpan<byte> scope, int count)
    {
        var tokens = new string[count];
        var distinct = 0;

        foreach (var range in scope.Split((byte)' '))
        {
            var token = scope[range];

            // RFC 6749 §3.3: order and repetition say nothing. Pairwise, since there are 200 at most.
            if (!Contains(tokens.AsSpan(0, distinct), token))
            {
                tokens[distinct++] = Encoding.ASCII.GetString(token);
            }
        }

        return distinct == count ? tokens : tokens[..distinct];
    }

    private static bool Contains(ReadOnlySpan<string> tokens, ReadOnlySpan<byte> token)
    {
        foreach (var known in tokens)
        {
            if (Ascii.Equals(token, known))
            {
                return true;
            }
        }

        return false;
    }

    private static OAuthError Refused(string description, string? got, string expected) =>
        OAuthError.InvalidScope(description, new FailedCheck("scope-syntax", description, got, expected));
}
