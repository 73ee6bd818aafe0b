using System.Text;
using System.Text.Json;
using Countersign.OAuth;
using Countersign.Server.Hosting;

namespace Countersign.Cli.Keys;

/// <summary>Reads keys in every form that they come in: key file, JWK, JWK set, PEM, certificate.</summary>
internal static class KeyReader
{
    private const int Longest = 1024 * 1024;

    /// <summary>The one key in the file, or on standard input for <c>-</c>.</summary>
    public static async Task<FoundKey> OneAsync(Call call, string path, string? kid, SigningAlgorithm? alg, CancellationToken ct) =>
        await AllAsync(call, path, kid, alg, ct) is [var one]
            ? one
            : throw CommandFault.Usage($"{Shown(path)} holds a set of keys: give one key");

    /// <summary>The private key in the file.</summary>
    public static async Task<FoundKey> PairAsync(Call call, string path, string? kid, SigningAlgorithm? alg, CancellationToken ct) =>
        await OneAsync(call, path, kid, alg, ct) is { Private: not null } found
            ? found
            : throw CommandFault.Usage($"{Shown(path)} holds a public key: the private one is needed here");

    public static async Task<IReadOnlyList<FoundKey>> AllAsync(
        Call call, string path, string? kid, SigningAlgorithm? alg, CancellationToken ct)
    {
        var text = path == "-" ? await ReadAsync(call.Shell.In, ct) : await ReadAsync(File.OpenText(path), ct);
        var found = All(text, kid, alg, out var fault) ?? throw CommandFault.Usage($"{Shown(path)}: {fault}");

        if (path != "-" && found.Any(key => key.Private is not null) && PrivateFile.IsReadByOthers(path))
        {
            call.Output.Remark($"warning: others can read {path}, which holds a private key: chmod 600 {path}");
        }

        return found;
    }

    /// <summary>All keys in the text; null, and what to change, when it holds none that can be used.</summary>
    public static IReadOnlyList<FoundKey>? All(string text, string? kid, SigningAlgorithm? alg, out string fault)
    {
        var isJson = text.AsSpan().TrimStart().StartsWith("{");
        var rsa = alg?.KeyType == "RSA" ? alg : null;

        if (isJson && HasMember(text, "keys"))
        {
            return VerificationKeySet.Read(Encoding.UTF8.GetBytes(text), out fault, rsa) is not { } set ? null
                : set.Keys.Count > 0 ? [.. set.Keys.Select(key => new FoundKey(key, null, null))]
                : Nothing(out fault, "the set holds no key that signatures can be checked with");
        }

        return IsPrivate(text, isJson) ? Pair(text, kid, alg, out fault) : Half(text, isJson, kid, alg, out fault);
    }

    private static List<FoundKey>? Pair(string text, string? kid, SigningAlgorithm? alg, out string fault)
    {
        if (PrivateKeyText.Read(text, out var file, out fault, kid, alg) is not { } pair)
        {
            return null;
        }

        // The public half is judged as any server would judge it.
        return VerificationKey.FromJwk(pair.PublicJwk, out fault) is { } half ? [new FoundKey(half, pair, file)] : null;
    }

    private static List<FoundKey>? Half(string text, bool isJson, string? kid, SigningAlgorithm? alg, out string fault)
    {
        var half = isJson
            ? VerificationKey.FromJwk(Encoding.UTF8.GetBytes(text), out fault, alg?.KeyType == "RSA" ? alg : null)
            : VerificationKey.FromPem(text, kid, alg, out fault);

        if (half is null)
        {
            return null;
        }

        if (alg is not null && alg != half.Algorithm)
        {
            return Nothing(out fault, $"the key is for {half.Algorithm}, not for {alg}");
        }

        return [new FoundKey(kid is null || kid == half.Kid ? half : FoundKey.Renamed(half, kid), null, null)];
    }

    private static bool IsPrivate(string text, bool isJson) =>
        isJson ? HasMember(text, "d") || KeyFile.Read(text) is not null : text.Contains("PRIVATE KEY-----", StringComparison.Ordinal);

    private static bool HasMember(string json, string name)
    {
        try
        {
            using var document = JsonDocument.Parse(json);

            return document.RootElement.TryGetProperty(name, out _);
        }
        catch (JsonException)
        {
            // Whoever reads it says what is wrong, without quoting it.
            return false;
        }
    }

    private static List<FoundKey>? Nothing(out string fault, string why)
    {
        fault = why;

        return null;
    }

    private static string Shown(string path) => path == "-" ? "standard input" : path;

    private static async Task<string> ReadAsync(TextReader reader, CancellationToken ct)
    {
        using (reader)
        {
            var buffer = new char[Longest + 1];
            var length = await reader.ReadBlockAsync(buffer, ct);

            return length <= Longest ? new string(buffer, 0, length) : throw CommandFault.Usage("the file is too long to be a key");
        }
    }
}
