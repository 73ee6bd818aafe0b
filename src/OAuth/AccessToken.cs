namespace Countersign.OAuth;

/// <summary>What an access token says, in both formats (RFC 9068 §2.2).</summary>
public sealed class AccessToken
{
    /// <summary>SHA-256 in base64url.</summary>
    internal const int ThumbprintLength = 43;

    /// <summary>The <c>jti</c>.</summary>
    public required TokenId Id { get; init; }

    /// <summary>The tenant; not a claim, but bound by the key.</summary>
    public required Guid TenantId { get; init; }

    /// <summary>The <c>sub</c>.</summary>
    public required Guid AccountId { get; init; }

    /// <summary>The <c>client_id</c> (RFC 8693 §4.3).</summary>
    public required string ClientId { get; init; }

    /// <summary>The <c>cred</c>: which credential obtained the token.</summary>
    public required Guid CredentialId { get; init; }

    /// <summary>The <c>aud</c>, never empty (RFC 9068 §3).</summary>
    public required string[] Audience
    {
        get;
        init => field = value.Length > 0 ? value : throw new ArgumentException("an access token has an audience", nameof(value));
    }

    /// <summary>The <c>scope</c>, tokens joined by spaces; empty when none was granted.</summary>
    public required string Scope { get; init; }

    /// <summary>The <c>iat</c>, Unix seconds.</summary>
    public required long IssuedAt { get; init; }

    /// <summary>The <c>exp</c>, Unix seconds.</summary>
    public required long ExpiresAt { get; init; }

    /// <summary>The <c>act</c>: who acts for the subject; null where it acts itself (RFC 8693 §4.1).</summary>
    public Actor? Act
    {
        get;
        init => field = Actor.IsSound(value) ? value : throw new ArgumentException($"an actor has a subject, and at most {Actor.MaxDepth - 1} before it", nameof(value));
    }

    /// <summary>The <c>via</c>: the exchanges that led to the token, the first one first; it ends with each.</summary>
    public TokenOrigin[] Via
    {
        get;
        init => field = value.Length <= TokenOrigin.Most ? value : throw new ArgumentException($"a token went through at most {TokenOrigin.Most} exchanges", nameof(value));
    } = [];

    /// <summary>The <c>cnf.jkt</c>: the RFC 7638 thumbprint of the key whose holder alone may use the token; null where anybody may (RFC 9449 §6.1).</summary>
    public string? KeyThumbprint
    {
        get;
        init => field = value is null or { Length: ThumbprintLength } ? value : throw new ArgumentException("a thumbprint is 43 characters of base64url", nameof(value));
    }

    public override string ToString() => Id.ToString();
}
