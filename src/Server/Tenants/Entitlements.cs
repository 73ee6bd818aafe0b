using System.Collections.Frozen;

namespace Countersign.Server.Tenants;

/// <summary>How far a permission reaches: the whole tenant, or some groups and organizations.</summary>
internal sealed class Reach
{
    public static readonly Reach None = new();

    public bool WholeTenant { get; private set; }

    public HashSet<Guid> Groups { get; } = [];

    public HashSet<Guid> Organizations { get; } = [];

    public bool Covers(Guid? groupId, Guid? organizationId) =>
        WholeTenant
        || (groupId is { } group && Groups.Contains(group))
        || (organizationId is { } organization && Organizations.Contains(organization));

    /// <summary>Whether all that the other reaches is reached here too. <paramref name="groupOf"/> tells an organization's group.</summary>
    public bool Covers(Reach other, Func<Guid, Guid?> groupOf) =>
        WholeTenant
        || (!other.WholeTenant
            && other.Groups.IsSubsetOf(Groups)
            && other.Organizations.All(o => Organizations.Contains(o) || (groupOf(o) is { } group && Groups.Contains(group))));

    public void Add(Guid? groupId, Guid? organizationId)
    {
        if (organizationId is { } organization)
        {
            Organizations.Add(organization);
        }
        else if (groupId is { } group)
        {
            Groups.Add(group);
        }
        else
        {
            WholeTenant = true;
        }
    }
}

/// <summary>What an account holds: scopes by API, what it gets when it names none, and its admin permissions with their reach.</summary>
internal sealed class Entitlements
{
    private readonly FrozenDictionary<string, ApiFacts[]> _apisByScope;
    private readonly FrozenDictionary<Guid, FrozenSet<string>> _scopesByApi;
    private readonly FrozenDictionary<Guid, string[]> _defaultsByApi;

    private Entitlements(
        TenantSnapshot tenant, Dictionary<Guid, HashSet<string>> held, Dictionary<Guid, List<string>> defaults, Dictionary<string, Reach> permissions)
    {
        Tenant = tenant;
        Permissions = permissions;
        _scopesByApi = held.ToFrozenDictionary(h => h.Key, h => h.Value.ToFrozenSet(StringComparer.Ordinal));
        _apisByScope = held
            .SelectMany(h => h.Value, (h, scope) => (Scope: scope, Api: tenant.Apis[h.Key]))
            .GroupBy(p => p.Scope, p => p.Api, StringComparer.Ordinal)
            .ToFrozenDictionary(g => g.Key, g => g.ToArray(), StringComparer.Ordinal);
        _defaultsByApi = defaults.ToFrozenDictionary(d => d.Key, d => d.Value.Distinct().ToArray());
        Defaults = DefaultsWithoutResource(tenant, _defaultsByApi);
    }

    public TenantSnapshot Tenant { get; }

    /// <summary>The admin permissions, by scope of the admin API.</summary>
    public IReadOnlyDictionary<string, Reach> Permissions { get; }

    /// <summary>APIs and scopes of a request that names neither; empty where nothing is configured (R31).</summary>
    public IReadOnlyList<(ApiFacts Api, string[] Scopes)> Defaults { get; }

    public bool Holds(Guid apiId) => _scopesByApi.ContainsKey(apiId);

    public bool Holds(Guid apiId, string scope) => _scopesByApi.TryGetValue(apiId, out var scopes) && scopes.Contains(scope);

    public string[] DefaultsOf(Guid apiId) => _defaultsByApi.GetValueOrDefault(apiId) ?? [];

    public ApiFacts[] ApisWith(string scope) => _apisByScope.GetValueOrDefault(scope) ?? [];

    public IReadOnlyCollection<string> AllScopes => _apisByScope.Keys;

    public Reach ReachOf(string permission) => Permissions.GetValueOrDefault(permission) ?? Reach.None;

    public static Entitlements Of(Account account, TenantSnapshot tenant)
    {
        var held = new Dictionary<Guid, HashSet<string>>();
        var defaults = new Dictionary<Guid, List<string>>();
        var permissions = new Dictionary<string, Reach>(StringComparer.Ordinal);

        foreach (var grant in account.Grants)
        {
            if (tenant.Apis.TryGetValue(grant.ApiId, out var api) && !api.IsAdmin)
            {
                Hold(held, api, grant.Scopes);
                defaults.TryAdd(api.Id, []);
                defaults[api.Id].AddRange(grant.DefaultScopes.Where(s => api.Scopes.Contains(s) && held[api.Id].Contains(s)));
            }
        }

        foreach (var assignment in account.Roles)
        {
            foreach (var (apiId, scope) in tenant.Roles.GetValueOrDefault(assignment.RoleId)?.Scopes ?? [])
            {
                if (!tenant.Apis.TryGetValue(apiId, out var api) || !api.Scopes.Contains(scope))
                {
                    continue;
                }

                Hold(held, api, scope);

                if (api.IsAdmin)
                {
                    // An administrator gets all that it holds when it asks for nothing in particular.
                    defaults.TryAdd(apiId, []);
                    defaults[apiId].Add(scope);
                    permissions.TryAdd(scope, new Reach());
                    permissions[scope].Add(assignment.ReachGroupId, assignment.ReachOrganizationId);
                }
            }
        }

        return new Entitlements(tenant, held, defaults, permissions);
    }

    private static void Hold(Dictionary<Guid, HashSet<string>> held, ApiFacts api, params IEnumerable<string> scopes)
    {
        if (!held.TryGetValue(api.Id, out var set))
        {
            held[api.Id] = set = new HashSet<string>(StringComparer.Ordinal);
        }

        set.UnionWith(scopes.Where(api.Scopes.Contains));
    }

    private static List<(ApiFacts Api, string[] Scopes)> DefaultsWithoutResource(
        TenantSnapshot tenant, FrozenDictionary<Guid, string[]> defaults)
    {
        var ordinary = defaults
            .Where(d => d.Value.Length > 0 && !tenant.Apis[d.Key].IsAdmin)
            .Select(d => (tenant.Apis[d.Key], d.Value))
            .OrderBy(d => d.Item1.Identifier, StringComparer.Ordinal)
            .ToList();

        // A token for the admin API is for nothing else (R227).
        return ordinary.Count > 0
            ? ordinary
            : [.. defaults.Where(d => d.Value.Length > 0).Select(d => (tenant.Apis[d.Key], d.Value))];
    }
}
