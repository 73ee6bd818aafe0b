using System.Text;
using Countersign.OAuth;
using Microsoft.AspNetCore.Http;

namespace Countersign.Server.Introspection;

/// <summary>A token in the Authorization header; nowhere else is one read (R132).</summary>
internal static class BearerToken
{
    /// <summary>Under what failures of bearer tokens of one address are counted: they name no client.</summary>
    public const string FailuresName = "(bearer token)";

    private const string Scheme = "Bearer";

    /// <summary>The token, or null when the request carries none in the form of RFC 6750 §2.1.</summary>
    public static byte[]? Read(HttpRequest request)
    {
        if (request.Headers.Authorization.Count != 1 || request.Headers.Authorization[0] is not { } header
            || header.Length <= Scheme.Length + 1
            || header[Scheme.Length] != ' '
            || !header.StartsWith(Scheme, StringComparison.OrdinalIgnoreCase))
        {
            return null;
        }

        var token = header.AsSpan(Scheme.Length).TrimStart(' ');

        return token.IsEmpty || token.ContainsAnyExceptInRange('!', '~') || token.Contains(',') ? null : Encoding.ASCII.GetBytes(token.ToString());
    }

    public static bool HasScope(AccessToken token, string scope)
    {
        foreach (var range in token.Scope.AsSpan().Split(' '))
        {
            if (token.Scope.AsSpan()[range].SequenceEqual(scope))
            {
                return true;
            }
        }

        return false;
    }
}
