using System.Buffers;

namespace Countersign.OAuth;

/// <summary>
/// The grammar of <c>resource</c> (RFC 8707 §2): an absolute URI (RFC 3986 §4.3) without fragment, compared byte for byte.
/// </summary>
public static class ResourceIndicator
{
    public const int MaxLength = 1024;
    public const int MaxCount = 10;

    private const string Letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
    private const string Unreserved = Letters + "0123456789-._~";
    private const string SubDelims = "!$&'()*+,;=";

    private static readonly SearchValues<char> SchemeCharacters = SearchValues.Create(Letters + "0123456789+-.");
    private static readonly SearchValues<char> PathCharacters = SearchValues.Create(Unreserved + SubDelims + ":@/%");
    private static readonly SearchValues<char> QueryCharacters = SearchValues.Create(Unreserved + SubDelims + ":@/?%");
    private static readonly SearchValues<char> HostCharacters = SearchValues.Create(Unreserved + SubDelims + "%");
    private static readonly SearchValues<char> LiteralCharacters = SearchValues.Create("0123456789ABCDEFabcdef:.");
    private static readonly SearchValues<char> NamespaceCharacters = SearchValues.Create(Letters + "0123456789-");

    /// <summary>The indicators, each once, in the order first sent.</summary>
    public static Result<string[]> Parse(string[] resources)
    {
        if (resources.Length > MaxCount)
        {
            return OAuthError.InvalidTarget(
                new FailedCheck("resource-count", "too many resources", $"{resources.Length} resources", $"at most {MaxCount} resources"));
        }

        foreach (var resource in resources)
        {
            if (!IsValid(resource))
            {
                return OAuthError.InvalidTarget(new FailedCheck(
                    "resource-syntax",
                    "a resource is not an absolute URI",
                    Shown(resource),
                    "an absolute URI without fragment, at most 1024 characters"));
            }
        }

        return resources.Length < 2 ? resources : [.. resources.Distinct(StringComparer.Ordinal)];
    }

    /// <summary>Whether the text is an absolute URI without fragment and not too long.</summary>
    public static bool IsValid(string resource)
    {
        var colon = resource.IndexOf(':');

        // A scheme of one letter is a drive of Windows, not a scheme.
        if (colon < 2 || resource.Length > MaxLength || !char.IsAsciiLetter(resource[0])
            || resource.AsSpan(0, colon).ContainsAnyExcept(SchemeCharacters) || !HasStrictEscapes(resource))
        {
            return false;
        }

        var scheme = resource.AsSpan(0, colon);
        var rest = resource.AsSpan(colon + 1);
        var question = rest.IndexOf('?');

        if (question >= 0 && rest[(question + 1)..].ContainsAnyExcept(QueryCharacters))
        {
            return false;
        }

        rest = question < 0 ? rest : rest[..question];

        if (rest.StartsWith("//"))
        {
            var slash = rest[2..].IndexOf('/');
            var authority = slash < 0 ? rest[2..] : rest[2..(2 + slash)];
            rest = slash < 0 ? [] : rest[(2 + slash)..];

            return IsAuthority(authority) && !rest.ContainsAnyExcept(PathCharacters);
        }

        if (rest.IsEmpty || rest.ContainsAnyExcept(PathCharacters) || scheme.Equals("http", StringComparison.OrdinalIgnoreCase)
            || scheme.Equals("https", StringComparison.OrdinalIgnoreCase))
        {
            return false;
        }

        return !scheme.Equals("urn", StringComparison.OrdinalIgnoreCase) || IsUrn(rest);
    }

    // User information is refused: a resource names an API and carries no password (RFC 9110 §4.2.4).
    private static bool IsAuthority(ReadOnlySpan<char> authority)
    {
        var closing = authority.StartsWith('[') ? authority.IndexOf(']') : -1;
        var colon = authority[(closing + 1)..].IndexOf(':');
        var host = colon < 0 ? authority : authority[..(closing + 1 + colon)];
        var port = colon < 0 ? [] : authority[(closing + 2 + colon)..];

        if (host.IsEmpty || port.Length > 5 || port.ContainsAnyExceptInRange('0', '9'))
        {
            return false;
        }

        return closing < 0
            ? !host.ContainsAnyExcept(HostCharacters)
            : closing == host.Length - 1 && closing > 2 && !host[1..closing].ContainsAnyExcept(LiteralCharacters);
    }

    // RFC 8141 §2: a namespace of 2 to 32 characters, then something in it.
    private static bool IsUrn(ReadOnlySpan<char> rest)
    {
        var colon = rest.IndexOf(':');

        return colon is >= 2 and <= 32 && colon < rest.Length - 1 && rest[0] != '-' && rest[colon - 1] != '-'
            && !rest[..colon].ContainsAnyExcept(NamespaceCharacters);
    }

    private static bool HasStrictEscapes(ReadOnlySpan<char> text)
    {
        for (var at = text.IndexOf('%'); at >= 0; at = text.IndexOf('%'))
        {
            if (at + 2 >= text.Length || !char.IsAsciiHexDigit(text[at + 1]) || !char.IsAsciiHexDigit(text[at + 2]))
            {
                return false;
            }

            text = text[(at + 3)..];
        }

        return true;
    }

    private static string? Shown(string resource) => resource.Contains('@') ? null : resource[..Math.Min(resource.Length, 200)];
}
