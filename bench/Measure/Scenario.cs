using System.Text.Json;

namespace Countersign.Measure;

/// <summary>A request of the hot path, the ceiling that it is held against, and the ratio that it must reach.</summary>
internal sealed record Scenario(string Name, string Ceiling, double Budget, Posted Posted, AssertionSigner? Signer = null)
{
    /// <summary>What to post next: where each request needs an assertion of its own, so many new ones.</summary>
    public Posted Fresh(string folder, int count)
    {
        if (Signer is null)
        {
            return Posted;
        }

        var file = Path.Combine(folder, "forms.txt");
        File.WriteAllLines(file, Enumerable.Range(0, count).Select(_ => Signer.Form()));

        return Posted with { Body = File.ReadLines(file).First(), BodiesFile = file };
    }

    public bool IssuesTokens => Posted.Path == "/oauth2/token";

    public static async Task<IReadOnlyList<Scenario>> PrepareAsync(CountersignDev server, bool secretInForm)
    {
        var opaque = await server.AccountAsync("bench opaque", new { format = "opaque" });
        var es256 = await server.AccountAsync("bench ES256", new { format = "jwt", alg = "ES256" });
        var rs256 = await server.AccountAsync("bench RS256", new { format = "jwt", alg = "RS256" });
        var ec = await server.SigningAccountAsync("bench ES256 assertion", "ES256");
        var rsa = await server.SigningAccountAsync("bench RS256 assertion", "RS256");
        var ask = Post(opaque, "/oauth2/token", "grant_type=client_credentials");
        var token = JsonSerializer.Deserialize<JsonElement>(await server.PostAsync(ask)).GetProperty("access_token").GetString();

        return
        [
            new("secret → opaque token", "fixed", 0.70, ask),
            new("secret → ES256 JWT", "es256", 0.75, Post(es256, "/oauth2/token", "grant_type=client_credentials")),
            new("secret → RS256 JWT", "rs256", 0.90, Post(rs256, "/oauth2/token", "grant_type=client_credentials")),
            new("ES256 assertion → ES256 JWT", "verify-sign", 0.50, new Posted("/oauth2/token", ec.Form()), ec),
            new("RS256 assertion → ES256 JWT", "verify-rsa-sign", 0.50, new Posted("/oauth2/token", rsa.Form()), rsa),
            new("introspection, opaque token", "fixed", 0.70, Post(opaque, "/oauth2/introspect", $"token={token}")),
        ];

        Posted Post(Client client, string path, string form) => secretInForm
            ? new Posted(path, $"{form}&client_id={client.ClientId}&client_secret={client.Secret}")
            : new Posted(path, form, $"Basic {client.Basic}");
    }
}
