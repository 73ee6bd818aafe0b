using System.Collections.Concurrent;
using System.Reflection;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Mvc;

namespace Countersign.Server.Admin;

/// <summary>
/// The query parameters that a route reads. A filter that is misspelt, empty or repeated would be passed over, and show everything: it is refused
/// (R220).
/// </summary>
internal static class QueryRules
{
    private static readonly ConcurrentDictionary<MethodInfo, HashSet<string>> s_known = new();

    /// <summary>What is wrong with the query, or null.</summary>
    public static string? Fault(HttpContext http)
    {
        if (!http.Request.QueryString.HasValue || http.GetEndpoint()?.Metadata.GetMetadata<MethodInfo>() is not { } handler)
        {
            return null;
        }

        var known = s_known.GetOrAdd(handler, Read);

        foreach (var (name, values) in http.Request.Query)
        {
            if (!known.Contains(name))
            {
                return $"the query parameter {new string([.. name.Take(40).Where(c => char.IsAsciiLetterOrDigit(c) || c == '_')])} is not one of this route";
            }

            // An empty cursor is the beginning.
            if (values is not [{ } value] || (value.Length == 0 && name != "cursor"))
            {
                return $"{name} must have one value";
            }

            // No text in a database holds one, and PostgreSQL refuses to look for it.
            if (value.Contains('\0', StringComparison.Ordinal))
            {
                return $"{name} holds a null character";
            }
        }

        return null;
    }

    private static HashSet<string> Read(MethodInfo handler)
    {
        var names = new HashSet<string>(StringComparer.Ordinal);

        foreach (var parameter in handler.GetParameters())
        {
            if (parameter.ParameterType == typeof(PageRequest))
            {
                names.UnionWith(["limit", "cursor"]);
            }
            else if (parameter.GetCustomAttribute<AsParametersAttribute>() is not null)
            {
                names.UnionWith(parameter.ParameterType.GetProperties().Select(p => Name(p.GetCustomAttribute<FromQueryAttribute>(), p.Name)));
            }
            else if (parameter.ParameterType == typeof(string) || Nullable.GetUnderlyingType(parameter.ParameterType) is not null)
            {
                names.Add(Name(parameter.GetCustomAttribute<FromQueryAttribute>(), parameter.Name!));
            }
        }

        return names;
    }

    private static string Name(FromQueryAttribute? attribute, string name) => attribute?.Name ?? char.ToLowerInvariant(name[0]) + name[1..];
}
