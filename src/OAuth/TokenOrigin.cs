namespace Countersign.OAuth;

/// <summary>A party that got a token by exchange, and what it exchanged: the token ends with each of them.</summary>
/// <param name="AccountId">The account that exchanged.</param>
/// <param name="CredentialId">The credential by which it proved itself.</param>
/// <param name="SubjectToken">The token that was exchanged; null where it was another issuer's.</param>
public sealed record TokenOrigin(Guid AccountId, Guid CredentialId, TokenId? SubjectToken)
{
    /// <summary>So many exchanges may follow one another.</summary>
    public const int Most = 8;
}
