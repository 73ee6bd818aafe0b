using System.Security.Cryptography;
using System.Text;
using Countersign.OAuth;

namespace Countersign.Cli.Keys;

/// <summary>A JWK set as it is sent.</summary>
internal sealed record PublishedSet(byte[] Body, string Tag, IReadOnlyList<VerificationKey> Keys);

/// <summary>The public halves of the keys in some files and a folder, read again when these change.</summary>
internal sealed class PublishedKeys(string[] files, string? folder, TimeProvider time, Action<string> remark)
{
    private static readonly TimeSpan Look = TimeSpan.FromSeconds(1);
    private static readonly string[] Endings = [".pem", ".pub", ".jwk", ".jwks", ".json"];

    private readonly Lock _lock = new();
    private PublishedSet? _set;
    private (string Path, DateTime Written, long Length)[] _read = [];
    private string? _told;
    private long _looked;

    /// <exception cref="CommandFault">The files do not make a set, and none was read before.</exception>
    public PublishedSet Current()
    {
        lock (_lock)
        {
            if (_set is not null && time.GetElapsedTime(_looked) < Look)
            {
                return _set;
            }

            _looked = time.GetTimestamp();

            try
            {
                LookAgain();
            }
            catch (Exception e) when (_set is not null && e is CommandFault or IOException or UnauthorizedAccessException)
            {
                // Half-written files are met again at the next look; what was published before stays until then.
                Tell($"the keys stay as they were: {e.Message}");
            }

            return _set!;
        }
    }

    private void LookAgain()
    {
        (string Path, DateTime Written, long Length)[] there =
            [.. Paths().Select(path => new FileInfo(path)).Select(file => (file.FullName, file.LastWriteTimeUtc, file.Length))];

        if (_set is not null && there.AsSpan().SequenceEqual(_read))
        {
            return;
        }

        var keys = new Dictionary<string, VerificationKey>(StringComparer.Ordinal);

        foreach (var (path, _, _) in there)
        {
            foreach (var key in Read(path))
            {
                // A pair and its public half may both be there.
                if (!keys.TryAdd(key.Kid!, key) && keys[key.Kid!].Thumbprint != key.Thumbprint)
                {
                    throw CommandFault.Usage($"{path}: another key has the kid {key.Kid} already");
                }
            }
        }

        if (keys.Count is 0 or > VerificationKeySet.MostKeys)
        {
            throw CommandFault.Usage($"there are {keys.Count} keys to publish: 1 to {VerificationKeySet.MostKeys} make a set");
        }

        var body = Encoding.UTF8.GetBytes(KeyForm.Set(keys.Values));
        _set = new PublishedSet(body, $"\"{StrictBase64Url.Encode(SHA256.HashData(body).AsSpan(0, 16))}\"", [.. keys.Values]);
        _read = there;
        Tell($"published: {string.Join(", ", keys.Keys)}");
    }

    private IEnumerable<string> Paths() => folder is null ? files : files.Concat(Directory.EnumerateFiles(folder)
        .Where(path => Endings.Contains(Path.GetExtension(path)) && !Path.GetFileName(path).StartsWith('.'))
        .Order(StringComparer.Ordinal));

    private static List<VerificationKey> Read(string path)
    {
        var found = KeyReader.All(File.ReadAllText(path), null, null, out var fault) ?? throw CommandFault.Usage($"{path}: {fault}");

        // Nothing private leaves this line.
        List<VerificationKey> keys = [.. found.Select(key => key.Named)];

        foreach (var key in found)
        {
            key.Dispose();
        }

        return keys;
    }

    private void Tell(string sentence)
    {
        if (sentence != _told)
        {
            remark(_told = sentence);
        }
    }
}
