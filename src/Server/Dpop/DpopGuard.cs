using Countersign.OAuth;
using Countersign.Server.Audit;
using Countersign.Server.Clients;
using Countersign.Server.Introspection;
using Countersign.Server.Tenants;
using Countersign.Server.Token;
using Microsoft.AspNetCore.Http;

namespace Countersign.Server.Dpop;

/// <summary>Why a proof is not taken.</summary>
/// <param name="Error">The error code of RFC 9449 §5 and §7.</param>
/// <param name="Failed">The check.</param>
/// <param name="Nonce">The nonce to use instead, where that is what is missing.</param>
internal sealed record DpopFault(string Error, FailedCheck Failed, string? Nonce = null);

/// <param name="Proof">The proof of a token request, good so far; null where there is none.</param>
internal sealed record ShownProof(DpopProof? Proof)
{
    public static readonly ShownProof None = new((DpopProof?)null);
}

/// <summary>
/// Asks for proofs of possession (RFC 9449): where a token is to be bound, and where a bound one is used. A proof says who holds a key, and never who the
/// client is (R144).
/// </summary>
internal sealed class DpopGuard(UsedAssertions used, DpopNonces nonces)
{
    public const string Header = "DPoP";
    public const string NonceHeader = "DPoP-Nonce";

    public const string InvalidToken = "invalid_token";
    public const string InvalidProof = "invalid_dpop_proof";
    public const string UseNonce = "use_dpop_nonce";

    /// <summary>The algorithms of proofs, for challenges and metadata.</summary>
    public static readonly string[] Algorithms = [.. SigningAlgorithm.All.Select(a => a.Name)];

    /// <summary>
    /// The proof that stands in a token request, looked at before anything else, so that a client which is only told a nonce has used up nothing; null where
    /// there is none.
    /// </summary>
    public Result<ShownProof> Look(HttpRequest request, Exchange exchange)
    {
        if (request.Headers[Header].Count == 0)
        {
            return ShownProof.None;
        }

        var (proof, fault) = Prove(request, exchange.Snapshot, exchange.Now);

        return fault is null ? new ShownProof(proof) : Refuse(fault);
    }

    /// <summary>The key that the token is to be bound to; without one it is not bound, and neither its client nor its subject need be.</summary>
    public async ValueTask<Result<TokenGrant>> BindAsync(HttpContext http, ShownProof shown, ProvenClient client, TokenGrant grant, Exchange exchange)
    {
        var needed = grant.Exchanged?.BoundTo;

        if (shown.Proof is not { } proof)
        {
            return needed is not null || client.Account.RequiresDpop || grant.Exchanged is { Subject.RequiresDpop: true } ? Refuse(Missing()) : grant;
        }

        var tenant = exchange.Snapshot;

        // R111: whoever exchanges a bound token holds its key too.
        var fault = needed is null || needed == proof.Thumbprint ? null : OtherKey(needed, proof.Thumbprint);

        if ((fault ?? await UseAsync(proof, http.Request, tenant, exchange.Now)) is { } failed)
        {
            return Refuse(failed);
        }

        exchange.Passed("dpop-proof", proof.Thumbprint);
        TellNext(http, tenant, exchange.Now);

        return grant with { KeyThumbprint = proof.Thumbprint };
    }

    /// <summary>The next nonce, so that a client need not be refused to learn it.</summary>
    public void TellNext(HttpContext http, TenantSnapshot tenant, DateTimeOffset now)
    {
        if (tenant.RequireDpopNonce)
        {
            http.Response.Headers[NonceHeader] = nonces.Create(tenant.Id, now);
        }
    }

    /// <summary>Why a token may not be used in the way in which it was sent; null when it may (R143).</summary>
    public async ValueTask<DpopFault?> UseFaultAsync(HttpRequest request, PresentedToken presented, AccessToken token, TenantSnapshot tenant, DateTimeOffset now)
    {
        if (token.KeyThumbprint is not { } bound)
        {
            return presented.IsDpop ? new DpopFault(InvalidToken, new FailedCheck("dpop-binding", "the token is not bound to a key, and was sent as if it were", "DPoP", "Bearer")) : null;
        }

        if (!presented.IsDpop)
        {
            return new DpopFault(InvalidToken, new FailedCheck("dpop-binding", "the token is bound to a key, and was sent without proof of it", "Bearer", "DPoP", "have the client send it by the scheme DPoP, with a proof"));
        }

        if (request.Headers[Header].Count == 0)
        {
            return Missing();
        }

        var (proof, fault) = Prove(request, tenant, now);

        return fault
            ?? (proof!.Thumbprint != bound ? OtherKey(bound, proof.Thumbprint) with { Error = InvalidToken }
                : !proof.IsFor(presented.Text) ? new DpopFault(InvalidProof, new FailedCheck("dpop-token", "ath is absent, or not the hash of this token", Hint: "have the client put the SHA-256 of the access token into ath"))
                : await UseAsync(proof, request, tenant, now));
    }

    private (DpopProof? Proof, DpopFault? Fault) Prove(HttpRequest request, TenantSnapshot tenant, DateTimeOffset now)
    {
        var header = request.Headers[Header];

        if (OAuthForm.IsRepeated(header))
        {
            return (null, new DpopFault(InvalidProof, new FailedCheck("dpop-form", "there is more than one proof")));
        }

        if (DpopProof.Read(System.Text.Encoding.UTF8.GetBytes(header.ToString()), out var failed) is not { } proof)
        {
            return (null, new DpopFault(InvalidProof, failed!));
        }

        var isGood = proof.Nonce is { } nonce && nonces.IsGood(tenant.Id, nonce, now);

        if (!isGood && (proof.Nonce is not null || tenant.RequireDpopNonce))
        {
            var why = proof.Nonce is null ? "the proof has no nonce" : "the nonce is not one of this server's, or older than five minutes";

            return (null, new DpopFault(UseNonce, new FailedCheck("dpop-nonce", why, Hint: "the client is told a nonce and repeats the request with it"), nonces.Create(tenant.Id, now)));
        }

        var url = new Uri(new Uri(tenant.Issuer), request.PathBase.Add(request.Path).ToUriComponent());

        return proof.Check(request.Method, url, now, isGood) is { } wrong ? (null, new DpopFault(InvalidProof, wrong)) : (proof, null);
    }

    // Last of all, so that a proof that is refused for something else is not used up (R138).
    private async ValueTask<DpopFault?> UseAsync(DpopProof proof, HttpRequest request, TenantSnapshot tenant, DateTimeOffset now) =>
        await used.TryUseAsync(tenant.Id, proof, request.Path, now) ? null : new DpopFault(InvalidProof, new FailedCheck("dpop-unused", "the proof was used before", Hint: "have the client make a proof, with its own jti, for each request"));

    private static DpopFault Missing() => new(InvalidProof, new FailedCheck("dpop-present", "the request holds no proof", Expected: "the header DPoP (RFC 9449)"));

    private static DpopFault OtherKey(string bound, string got) => new(InvalidProof, new FailedCheck("dpop-binding", "the proof is by another key than the token's", got, bound));

    private static OAuthError Refuse(DpopFault fault) => fault.Nonce is { } nonce ? OAuthError.UseDpopNonce(nonce, fault.Failed) : OAuthError.InvalidDpopProof(fault.Failed);
}
