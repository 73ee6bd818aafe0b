namespace Countersign.Resilience.Tests;

/// <summary>What the server acknowledged about one account and everything that hangs on it.</summary>
internal sealed class AccountEntry(string id, string clientId)
{
    public string Id { get; } = id;

    public string ClientId { get; } = clientId;

    public Fact<bool> Exists { get; } = new(true);

    public Fact<bool> Disabled { get; } = new(false);

    // Whether tokens from before a pause or from a grant since gone are still good is not what these tests are about.
    public bool Unsteady { get; set; }

    /// <summary>What was being made for it when the server died, at most one of each kind in one life.</summary>
    public Unanswered Making { get; } = new();

    public List<SecretEntry> Secrets { get; } = [];

    public List<GrantEntry> Grants { get; } = [];

    public List<TokenEntry> Tokens { get; } = [];

    /// <summary>The last round in which something was done to it.</summary>
    public int Touched { get; set; }

    /// <summary>How many refused tries it has seen in this life of the server, which slows guessing down after ten.</summary>
    public int Refusals { get; set; }

    public bool MayAuthenticate => Exists.Value && !Disabled.Value;

    public bool Holds(string scope) => Grants.Any(grant => grant.Exists.Value && grant.Scope == scope);
}

internal sealed record SecretEntry(string Id, string Text)
{
    public Fact<bool> Exists { get; } = new(true);
}

internal sealed record GrantEntry(string Id, string Scope)
{
    public Fact<bool> Exists { get; } = new(true);
}

internal sealed record TokenEntry(string Text, SecretEntry Secret)
{
    public Fact<bool> Revoked { get; } = new(false);
}
