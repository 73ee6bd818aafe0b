using System.Collections.Concurrent;
using System.Reflection;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Mvc;

namespace Countersign.Server.Admin;

/// <summary>
/// The query parameters that a route reads. A misspelt filter that is passed over would show everything: what a route does not read is refused.
/// </summary>
internal static class QueryNames
{
    private static readonly ConcurrentDictionary<MethodInfo, HashSet<string>> s_known = new();

    /// <summary>The first name in the query that the route does not read, or null.</summary>
    public static string? Unknown(HttpContext http)
    {
        if (!http.Request.QueryString.HasValue || http.GetEndpoint()?.Metadata.GetMetadata<MethodInfo>() is not { } handler)
        {
            return null;
        }

        var known = s_known.GetOrAdd(handler, Read);

        return http.Request.Query.Keys.FirstOrDefault(name => !known.Contains(name));
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
