using Countersign.OAuth;
using Countersign.Server.Tenants;

namespace Countersign.Server.Token;

/// <summary>What was decided: the token to issue.</summary>
internal sealed record TokenGrant(string[] Audience, string Scope, bool Opaque, int LifetimeSeconds, string Alg)
{
    public string AudienceText { get; } = Audience.Length == 1 ? Audience[0] : string.Join(' ', Audience);

    /// <summary>The thumbprint of the key that the token is bound to; null: to none (RFC 9449 §6).</summary>
    public string? KeyThumbprint { get; init; }

    /// <summary>Of an exchange, whose token the new one takes the place of; null where the client acts for itself.</summary>
    public ExchangedToken? Exchanged { get; init; }
}

/// <summary>What a token that was got by exchange takes over (RFC 8693).</summary>
/// <param name="Subject">Whom the token is about.</param>
/// <param name="CredentialId">The subject's credential.</param>
/// <param name="Act">Who acts, and for whom before; null where nobody but the subject shows.</param>
/// <param name="Via">What the token ends with.</param>
/// <param name="NotAfter">When the token that was exchanged expires, in Unix seconds.</param>
/// <param name="BoundTo">The key that the token which is exchanged is bound to; null: to none.</param>
/// <param name="IsImpersonation">Whether another client than the subject hides behind it.</param>
internal sealed record ExchangedToken(Account Subject, Guid CredentialId, Actor? Act, TokenOrigin[] Via, long NotAfter, string? BoundTo, bool IsImpersonation)
{
    /// <summary>Whether the answer says JWT, as was asked for, and not access token.</summary>
    public bool IsNamedJwt { get; init; }
}
