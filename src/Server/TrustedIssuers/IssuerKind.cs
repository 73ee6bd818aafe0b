namespace Countersign.Server.TrustedIssuers;

/// <summary>What a foreign issuer is: what is filled in for it, and which claims the linter and a proposal look at.</summary>
/// <param name="Name">As it stands in the API.</param>
/// <param name="Issuer">Its usual <c>iss</c>, where all use one.</param>
/// <param name="Replay">How often a token of its is taken unless said otherwise.</param>
/// <param name="RequireJti">Whether its tokens have a <c>jti</c>.</param>
internal sealed record IssuerKind(string Name, string? Issuer, string Replay, bool RequireJti)
{
    public const string Generic = "generic";
    public const string GitHub = "github";
    public const string GitLab = "gitlab";
    public const string Kubernetes = "kubernetes";
    public const string Spiffe = "spiffe";

    public static readonly IssuerKind[] All =
    [
        new(Generic, null, Replays.Once, RequireJti: true),

        // A job asks for a new token each time that it needs one.
        new(GitHub, "https://token.actions.githubusercontent.com", Replays.Once, RequireJti: true),

        // A job gets its token once, and uses it until it ends.
        new(GitLab, "https://gitlab.com", Replays.UntilExpiry, RequireJti: true),

        // The file holds the same token for most of an hour.
        new(Kubernetes, null, Replays.UntilExpiry, RequireJti: true),

        // A JWT-SVID has no jti, and agents hand out the same one for a while.
        new(Spiffe, null, Replays.UntilExpiry, RequireJti: false),
    ];

    /// <summary>Whether discovery is what is meant when the source of the keys is not named.</summary>
    public bool IsDiscovered => Name is GitHub or GitLab;

    public static IssuerKind? ByName(string name) => Array.Find(All, k => k.Name == name);
}

/// <summary>How often a foreign token is taken.</summary>
internal static class Replays
{
    /// <summary>One time.</summary>
    public const string Once = "once";

    /// <summary>As often as it is sent until it expires; nothing is recorded.</summary>
    public const string UntilExpiry = "until-expiry";

    /// <summary>For some seconds from its first use.</summary>
    public const string Window = "window";

    public static readonly string[] All = [Once, UntilExpiry, Window];
}
