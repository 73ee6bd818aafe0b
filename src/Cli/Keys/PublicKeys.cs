using System.CommandLine;
using Countersign.OAuth;

namespace Countersign.Cli.Keys;

/// <summary>The keys that a signature is checked with: from a file, or from the address that publishes them.</summary>
internal static class PublicKeys
{
    // What a server would take at most (R189).
    private const int Longest = 256 * 1024;

    public static Option<string> Option(bool required) => new("--keys")
    {
        Description = "Who may have signed: a file (key file, JWK, JWK set, PEM, certificate) or the URL of a JWK set.",
        HelpName = "file|url",
        Required = required,
    };

    public static async Task<IReadOnlyList<VerificationKey>> ReadAsync(Call call, string source, CancellationToken ct) =>
        source.Contains("://", StringComparison.Ordinal)
            ? await FetchAsync(source, ct)
            : [.. (await KeyReader.AllAsync(call, source, null, null, ct)).Select(found => found.Public)];

    private static async Task<IReadOnlyList<VerificationKey>> FetchAsync(string url, CancellationToken ct)
    {
        using var http = Wire.NewClient();
        using var request = new HttpRequestMessage(HttpMethod.Get, Wire.CheckedUrl(url));
        using var response = await Wire.SendAsync(http, request, ct);
        var body = await response.Content.ReadAsByteArrayAsync(ct);

        if (!response.IsSuccessStatusCode || body.Length > Longest)
        {
            throw CommandFault.Refused($"{url} gives no keys: status {(int)response.StatusCode}, {body.Length} bytes");
        }

        return VerificationKeySet.Read(body, out var fault)?.Keys ?? throw CommandFault.Refused($"{url} gives no JWK set: {fault}");
    }
}
