using System.Text;
using System.Text.Json.Nodes;
using Countersign.OAuth;
using Countersign.Server.Admin;
using Countersign.Server.Data;
using Countersign.Server.Tenants;
using Microsoft.AspNetCore.Http;
using Microsoft.EntityFrameworkCore;

namespace Countersign.Server.ServiceAccounts;

/// <summary>The rules of an account's public keys: which are taken, how many, what they are called.</summary>
internal sealed class AccountKeys(Db db, ClientSecrets secrets)
{
    /// <summary>Keys that one account may have.</summary>
    public const int Most = 50;

    private const int LongestPem = 16 * 1024;

    // A large RSA pair takes a core for seconds: one at a time, whoever asks.
    private static readonly SemaphoreSlim s_making = new(1);

    /// <summary>A row to add, and the private half where the server has made it.</summary>
    public sealed record Made(AccountKeyRow Row, SigningKey? Private) : IDisposable
    {
        public void Dispose() => Private?.Dispose();
    }

    public sealed record Found(ServiceAccountRow Account, AccountKeyRow Key);

    public async Task<Outcome<Found>> FindAsync(AdminCaller caller, HttpContext http, Guid id, Guid keyId, CancellationToken ct)
    {
        if (!(await secrets.AccountAsync(caller, id, ct)).Is(out var account, out var refusal))
        {
            return refusal;
        }

        if (await db.AccountKeys.SingleOrDefaultAsync(k => k.Id == keyId && k.AccountId == id, ct) is not { } key)
        {
            return Refusal.NotFound("key");
        }

        return Precondition.Check(http, caller, key) is { } stale ? stale : new Found(account, key);
    }

    public async Task<Outcome<Made>> NewAsync(AdminCaller caller, ServiceAccountRow account, KeyCreate body, CancellationToken ct)
    {
        if ((body.Jwk is null ? 0 : 1) + (body.Pem is null ? 0 : 1) + (body.Generate is null ? 0 : 1) != 1)
        {
            return new Refusal(StatusCodes.Status400BadRequest, "give one of jwk, pem, generate");
        }

        if (Fault(body.Name) is { } nameFault)
        {
            return Refusal.Invalid("name", nameFault);
        }

        if (Expiry(caller, body.ExpiresAt) is { } expiryFault)
        {
            return Refusal.Invalid("expires_at", expiryFault);
        }

        if (body.Kid is { Length: 0 or > VerificationKey.MaxKidLength } || body.Kid?.Any(char.IsControl) == true)
        {
            return Refusal.Invalid("kid", $"must have 1 to {VerificationKey.MaxKidLength} characters, no control characters");
        }

        if (body.Alg is not null && SigningAlgorithm.ByName(body.Alg) is null)
        {
            return Refusal.Invalid("alg", $"must be one of {string.Join(", ", SigningAlgorithm.All)}");
        }

        if (body.Pem is { Length: > LongestPem })
        {
            return Refusal.Invalid("pem", $"must have at most {LongestPem} characters");
        }

        var held = await db.AccountKeys.AsNoTracking().Where(k => k.AccountId == account.Id).Select(k => new Held(k.Kid, k.Thumbprint)).ToListAsync(ct);

        // Before anything is computed.
        if (held.Count >= Most)
        {
            return Refusal.Conflict($"the account has {held.Count} keys, the most that it may: delete one first");
        }

        if (held.Exists(k => k.Kid == body.Kid))
        {
            return Clash(body.Kid!);
        }

        if (!(body.Generate is { } generate ? await GenerateAsync(caller, account, generate, body, ct) : Read(caller, account, body)).Is(out var made, out var refusal))
        {
            return refusal;
        }

        if (held.Exists(k => k.Kid == made.Row.Kid))
        {
            return Clash(made.Row.Kid);
        }

        if (held.Exists(k => k.Thumbprint == made.Row.Thumbprint))
        {
            return Refusal.Conflict("the account has this key already, by another kid");
        }

        db.AccountKeys.Add(made.Row);

        return made;
    }

    /// <summary>Whether the JWK can be written again: half of a surrogate pair cannot.</summary>
    public static bool IsText(JsonObject? jwk)
    {
        try
        {
            jwk?.ToJsonString();

            return true;
        }
        catch (InvalidOperationException)
        {
            return false;
        }
    }

    /// <summary>A name for people, or null.</summary>
    public static string? Fault(string? name) => name is null ? null : Names.Fault(name);

    public static string? Expiry(AdminCaller caller, DateTimeOffset? asked) => asked <= caller.Now ? "must be ahead" : null;

    private static Refusal Clash(string kid) => Refusal.Conflict($"the account has a key with the kid {kid}: kids are unique in an account");

    private static async Task<Outcome<Made>> GenerateAsync(
        AdminCaller caller, ServiceAccountRow account, KeyGenerate generate, KeyCreate body, CancellationToken ct)
    {
        await s_making.WaitAsync(ct);

        try
        {
            return Generate(caller, account, generate, body);
        }
        finally
        {
            s_making.Release();
        }
    }

    private static Outcome<Made> Read(AdminCaller caller, ServiceAccountRow account, KeyCreate body)
    {
        var alg = SigningAlgorithm.ByName(body.Alg);
        var key = body.Jwk is { } jwk
            ? VerificationKey.FromJwk(Encoding.UTF8.GetBytes(jwk.ToJsonString()), out var fault, alg?.KeyType == "RSA" ? alg : null)
            : VerificationKey.FromPem(body.Pem!, body.Kid, alg, out fault);

        if (key is null)
        {
            return Refusal.Invalid(body.Jwk is null ? "pem" : "jwk", fault);
        }

        if (alg is not null && alg != key.Algorithm)
        {
            return Refusal.Invalid("alg", $"the key is for {key.Algorithm}");
        }

        if (body.Kid is not null && key.Kid is not null && key.Kid != body.Kid)
        {
            return Refusal.Invalid("kid", "differs from the kid of the JWK");
        }

        if (key.Kid?.Any(char.IsControl) == true)
        {
            return Refusal.Invalid("jwk", "kid must not hold control characters");
        }

        return new Made(Row(caller, account, body, key.Kid ?? body.Kid ?? key.Thumbprint, key.Algorithm, key.Thumbprint, key.PublicJwk), null);
    }

    private static Outcome<Made> Generate(AdminCaller caller, ServiceAccountRow account, KeyGenerate generate, KeyCreate body)
    {
        if (generate.Format is not (null or "key_file" or "pem" or "jwk"))
        {
            return Refusal.Invalid("generate.format", "must be key_file, pem or jwk");
        }

        var alg = SigningAlgorithm.ByName(body.Alg);

        switch (generate)
        {
            case { Kty: "RSA", Size: null or 2048 or 3072 or 4096, Crv: null }:
                alg ??= SigningAlgorithm.ByName("RS256")!;
                break;
            case { Kty: "EC", Size: null, Crv: null or "P-256" or "P-384" or "P-521" }:
                alg ??= SigningAlgorithm.All.First(a => a.Curve == (generate.Crv ?? "P-256"));
                break;
            default:
                return Refusal.Invalid("generate", "must be {kty: RSA, size: 2048, 3072 or 4096} or {kty: EC, crv: P-256, P-384 or P-521}");
        }

        if (alg.KeyType != generate.Kty || (alg.Curve is not null && alg.Curve != (generate.Crv ?? "P-256")))
        {
            return Refusal.Invalid("alg", "is not for keys of this type");
        }

        var key = SigningKey.Create(alg, generate.Size ?? SigningKey.DefaultRsaBits, body.Kid);
        var row = Row(caller, account, body, key.Kid, alg, key.Thumbprint, key.PublicJwk);
        row.Origin = "generated";

        return new Made(row, key);
    }

    private static AccountKeyRow Row(
        AdminCaller caller, ServiceAccountRow account, KeyCreate body, string kid, SigningAlgorithm alg, string thumbprint, byte[] publicJwk) => new()
        {
            Id = Guid.CreateVersion7(caller.Now),
            TenantId = caller.TenantId,
            AccountId = account.Id,
            Kid = kid,
            Alg = alg.Name,
            Thumbprint = thumbprint,
            PublicJwk = WithKid(publicJwk, kid),
            Name = body.Name,
            Origin = "added",
            CreatedAt = caller.Now,
            ExpiresAt = body.ExpiresAt,
        };

    // A key that came without a kid is stored under the one that it got.
    private static string WithKid(byte[] publicJwk, string kid)
    {
        var jwk = JsonNode.Parse(publicJwk)!;
        jwk["kid"] = kid;

        return jwk.ToJsonString();
    }

    private sealed record Held(string Kid, string Thumbprint);
}
