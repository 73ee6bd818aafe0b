namespace Countersign.Server.TrustedIssuers;

/// <summary>A SPIFFE ID (SPIFFE-ID §2): <c>spiffe://trust-domain/path</c>, in the one spelling that the standard allows.</summary>
internal static class SpiffeId
{
    private const string Scheme = "spiffe://";
    private const int MaxLength = 2048;

    /// <summary>The trust domain with its scheme; null when the text is no SPIFFE ID of a workload.</summary>
    public static string? TrustDomain(string? text)
    {
        if (text is null || text.Length > MaxLength || !text.StartsWith(Scheme, StringComparison.Ordinal))
        {
            return null;
        }

        var slash = text.IndexOf('/', Scheme.Length);

        return slash > 0 && IsTrustDomain(text[..slash]) && IsPath(text.AsSpan(slash)) ? text[..slash] : null;
    }

    /// <summary>Whether it is a trust domain alone, without path: lower-case letters, digits, dots, hyphens and underscores.</summary>
    public static bool IsTrustDomain(string text)
    {
        if (!text.StartsWith(Scheme, StringComparison.Ordinal) || text.Length - Scheme.Length is < 1 or > 255)
        {
            return false;
        }

        foreach (var c in text.AsSpan(Scheme.Length))
        {
            if (!char.IsAsciiLetterLower(c) && !char.IsAsciiDigit(c) && c is not ('.' or '-' or '_'))
            {
                return false;
            }
        }

        return true;
    }

    // Segments are neither empty nor dots, and of letters, digits, dots, hyphens and underscores.
    private static bool IsPath(ReadOnlySpan<char> path)
    {
        foreach (var range in path[1..].Split('/'))
        {
            var segment = path[1..][range];

            if (segment.IsEmpty || segment is "." or "..")
            {
                return false;
            }

            foreach (var c in segment)
            {
                if (!char.IsAsciiLetterOrDigit(c) && c is not ('.' or '-' or '_'))
                {
                    return false;
                }
            }
        }

        return true;
    }
}
