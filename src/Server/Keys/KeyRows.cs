using System.Security.Cryptography;
using Countersign.OAuth;
using Countersign.Server.Data;

namespace Countersign.Server.Keys;

/// <summary>Makes the rows of new keys.</summary>
internal static class KeyRows
{
    /// <summary>What a wrapped key is bound to.</summary>
    public static string Context(Guid id, Guid tenantId, string alg) => $"tenant key {id} of {tenantId} for {alg}";

    public static TenantKeyRow Create(
        MasterKey master, Guid tenantId, string alg, int generation, DateTimeOffset now, DateTimeOffset activatesAt)
    {
        var id = Guid.CreateVersion7(now);
        byte[] secret;
        string kid;
        string? jwk = null;

        if (alg == KeyRing.Sealing)
        {
            secret = RandomNumberGenerator.GetBytes(32);
            kid = id.ToString();
        }
        else
        {
            using var key = SigningKey.Create(SigningAlgorithm.ByName(alg) ?? throw new ArgumentException("not an algorithm of the table", nameof(alg)));
            secret = key.ExportPkcs8();
            kid = key.Kid;
            jwk = System.Text.Encoding.UTF8.GetString(key.PublicJwk);
        }

        var wrapped = master.Wrap(secret, Context(id, tenantId, alg));
        CryptographicOperations.ZeroMemory(secret);

        return new TenantKeyRow
        {
            Id = id,
            TenantId = tenantId,
            Alg = alg,
            Kid = kid,
            Generation = generation,
            Wrapped = wrapped,
            PublicJwk = jwk,
            CreatedAt = now,
            ActivatesAt = activatesAt,
        };
    }
}
