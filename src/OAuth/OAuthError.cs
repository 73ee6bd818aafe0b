namespace Countersign.OAuth;

/// <summary>
/// A refusal in two halves: <see cref="Code"/>, <see cref="Description"/> and <see cref="Status"/> are sent (RFC 6749 §5.2);
/// <see cref="Failed"/> is for the operator and stays in the audit event.
/// </summary>
public sealed record OAuthError
{
    private OAuthError(string code, string description, int status, FailedCheck failed) =>
        (Code, Description, Status, Failed) = (code, description, status, failed);

    /// <summary>The error code of the answer, an OAuth error code.</summary>
    public string Code { get; }

    /// <summary>One sentence for the caller; holds only characters of RFC 6749 §5.2 and never anything the caller sent.</summary>
    public string Description { get; }

    /// <summary>The HTTP status of the answer.</summary>
    public int Status { get; }

    /// <summary>The check that failed, with the values compared. Never sent.</summary>
    public FailedCheck Failed { get; }

    /// <summary>How long the caller should wait before the next try, for 429 and 503.</summary>
    public TimeSpan? RetryAfter { get; init; }

    /// <summary>The nonce that the next proof needs; sent in its own header.</summary>
    public string? DpopNonce { get; private init; }

    /// <summary>One public sentence for every cause: an answer must not tell a wrong secret from an unknown client (R38).</summary>
    public static OAuthError InvalidClient(FailedCheck failed) => new("invalid_client", "client authentication failed", 401, failed);

    public static OAuthError InvalidRequest(string description, FailedCheck failed) => new("invalid_request", description, 400, failed);

    public static OAuthError InvalidGrant(FailedCheck failed) => new("invalid_grant", "the grant is not valid", 400, failed);

    /// <summary>An unknown scope and one not granted read the same (R30).</summary>
    public static OAuthError InvalidScope(string description, FailedCheck failed) => new("invalid_scope", description, 400, failed);

    public static OAuthError InvalidTarget(FailedCheck failed) =>
        new("invalid_target", "the resource is malformed, unknown or not allowed", 400, failed);

    public static OAuthError UnauthorizedClient(FailedCheck failed) =>
        new("unauthorized_client", "the client may not use this grant type", 400, failed);

    public static OAuthError UnsupportedGrantType(FailedCheck failed) =>
        new("unsupported_grant_type", "the grant type is not supported", 400, failed);

    public static OAuthError UnsupportedTokenType(FailedCheck failed) =>
        new("unsupported_token_type", "tokens of this type cannot be revoked", 400, failed);

    /// <summary>429, and not <c>invalid_client</c>, which is always 401: nothing was looked at.</summary>
    public static OAuthError TooManyFailures(TimeSpan retryAfter, FailedCheck failed) =>
        new("temporarily_unavailable", "too many failed attempts from this address", 429, failed) { RetryAfter = retryAfter };

    public static OAuthError TemporarilyUnavailable(FailedCheck failed) =>
        new("temporarily_unavailable", "the server cannot answer now", 503, failed) { RetryAfter = TimeSpan.FromSeconds(5) };

    /// <summary>No proof, or one that is not good (RFC 9449 §5.2).</summary>
    public static OAuthError InvalidDpopProof(FailedCheck failed) => new("invalid_dpop_proof", "the DPoP proof is absent or not valid", 400, failed);

    /// <summary>The client repeats its request with this nonce in the proof (RFC 9449 §8).</summary>
    public static OAuthError UseDpopNonce(string nonce, FailedCheck failed) =>
        new("use_dpop_nonce", "the DPoP proof needs the nonce of this answer", 400, failed) { DpopNonce = nonce };

    /// <summary>The media type, charset or content coding of the body is not taken (415).</summary>
    public static OAuthError UnsupportedMedia(string description, FailedCheck failed) => new("invalid_request", description, 415, failed);

    public static OAuthError TooLarge(FailedCheck failed) => new("invalid_request", "the request is too large", 413, failed);

    public static OAuthError ServerError(FailedCheck failed) => new("server_error", "the server met an unexpected condition", 500, failed);
}

/// <summary>
/// The private half of a refusal: which check, what was seen, what would have passed, and what the operator can do.
/// <see cref="Got"/> never holds a secret.
/// </summary>
/// <param name="Check">The stable name of the check, in words joined by hyphens: <c>secret-matches</c>.</param>
/// <param name="Detail">The private reason, one sentence.</param>
/// <param name="Got">The value seen, where showing it is safe.</param>
/// <param name="Expected">The value or the condition that would have passed.</param>
/// <param name="Hint">What would make it pass, addressed to the operator.</param>
public sealed record FailedCheck(string Check, string Detail, string? Got = null, string? Expected = null, string? Hint = null);
