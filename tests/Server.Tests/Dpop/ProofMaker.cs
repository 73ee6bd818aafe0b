using System.Security.Cryptography;
using System.Text;
using System.Text.Json.Nodes;
using Countersign.OAuth;
using Countersign.Server.Tests.Framework;

namespace Countersign.Server.Tests.Dpop;

/// <summary>A client's key for proofs of possession, and the requests that carry them.</summary>
internal sealed class ProofMaker(TestServer server, string alg = "ES256")
{
    public SigningKey Key { get; } = Signer.NewKey(alg);

    public string Proof(string method = "POST", string path = "/oauth2/token", string? token = null, string? nonce = null, Action<JsonObject>? change = null)
    {
        var claims = new JsonObject
        {
            ["jti"] = Guid.NewGuid().ToString(),
            ["htm"] = method,
            ["htu"] = TestServer.Issuer + path,
            ["iat"] = server.Clock.GetUtcNow().ToUnixTimeSeconds(),
        };

        if (token is not null)
        {
            claims["ath"] = StrictBase64Url.Encode(SHA256.HashData(Encoding.ASCII.GetBytes(token)));
        }

        if (nonce is not null)
        {
            claims["nonce"] = nonce;
        }

        change?.Invoke(claims);

        return Signer.Signed($$"""{"typ":"dpop+jwt","alg":"{{Key.Algorithm}}","jwk":{{Encoding.UTF8.GetString(Key.PublicJwk)}}}""", claims.ToJsonString(), Key);
    }

    /// <summary>Asks for a token by the account's secret, with these proofs.</summary>
    public async Task<Answer> TokenAsync(TestAccount account, string?[]? proofs = null, params (string Name, string Value)[] more)
    {
        var request = TestServer.Form("/oauth2/token", [("grant_type", "client_credentials"), .. more]);
        request.Headers.Authorization = TestServer.Basic(account.ClientId, account.Secret);
        Add(request, proofs ?? [Proof()]);

        return await server.SendAsync(request);
    }

    public async Task<Answer> GetAsync(string path, string scheme, string token, params string?[] proofs)
    {
        var request = new HttpRequestMessage(HttpMethod.Get, path);
        request.Headers.TryAddWithoutValidation("Authorization", $"{scheme} {token}");
        Add(request, proofs);

        return await server.SendAsync(request);
    }

    private static void Add(HttpRequestMessage request, string?[] proofs)
    {
        foreach (var proof in proofs.OfType<string>())
        {
            request.Headers.TryAddWithoutValidation("DPoP", proof);
        }
    }
}
