using System.Text;
using Countersign.OAuth;
using Microsoft.AspNetCore.Http;

namespace Countersign.Server.Introspection;

/// <summary>A token in the Authorization header; nowhere else is one read (R132).</summary>
internal static class BearerToken
{
    /// <summary>Under what failures of bearer tokens of one address are counted: they name no client.</summary>
    public const string FailuresName = "(bearer token)";

    private static readonly string[] s_schemes = ["Bearer", "DPoP"];

    /// <summary>The token, or null when the request carries none in the form of RFC 6750 §2.1.</summary>
    public static PresentedToken? Read(HttpRequest request)
    {
        if (request.Headers.Authorization.Count != 1 || request.Headers.Authorization[0] is not { } header
            || Array.Find(s_schemes, s => header.Length > s.Length + 1 && header[s.Length] == ' ' && header.StartsWith(s, StringComparison.OrdinalIgnoreCase)) is not { } scheme)
        {
            return null;
        }

        var token = header.AsSpan(scheme.Length).TrimStart(' ');

        return token.IsEmpty || token.ContainsAnyExceptInRange('!', '~') || token.Contains(',')
            ? null
            : new PresentedToken(Encoding.ASCII.GetBytes(token.ToString()), scheme != s_schemes[0]);
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
