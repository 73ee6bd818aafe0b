using System.Security.Cryptography;
using System.Text;
using Countersign.Server.Hosting;

namespace Countersign.Server.Keys;

/// <summary>
/// Encrypts what is secret at rest: AES-256-GCM, bound to a context that names row, tenant and purpose, so that a value moved to
/// another row opens nowhere. Older keys can still open, so a change of master key needs no downtime (R173, R174).
/// </summary>
internal sealed class MasterKey
{
    private const int IdLength = 8;
    private const int NonceLength = 12;
    private const int TagLength = 16;

    private readonly byte[] _key;
    private readonly byte[] _id;
    private readonly Dictionary<string, byte[]> _all = [];

    public MasterKey(byte[] key, params IEnumerable<byte[]> previous)
    {
        _key = key;
        _id = IdOf(key);

        foreach (var each in previous.Prepend(key))
        {
            if (each.Length != 32)
            {
                throw new ArgumentException("a master key has 32 bytes", nameof(key));
            }

            _all[Convert.ToHexString(IdOf(each))] = each;
        }
    }

    /// <summary>A key for one purpose of this server, as strong as the master key and telling nothing of it.</summary>
    public byte[] Derive(string purpose) => HKDF.DeriveKey(HashAlgorithmName.SHA256, _key, 32, info: Encoding.UTF8.GetBytes(purpose));

    public byte[] Wrap(ReadOnlySpan<byte> plain, string context)
    {
        var wrapped = new byte[IdLength + NonceLength + plain.Length + TagLength];
        _id.CopyTo(wrapped, 0);
        var nonce = wrapped.AsSpan(IdLength, NonceLength);
        RandomNumberGenerator.Fill(nonce);

        using var aes = new AesGcm(_key, TagLength);
        aes.Encrypt(
            nonce, plain, wrapped.AsSpan(IdLength + NonceLength, plain.Length), wrapped.AsSpan(^TagLength..), Encoding.UTF8.GetBytes(context));

        return wrapped;
    }

    /// <exception cref="CryptographicException">Not wrapped by a key at hand, altered, or moved to another context.</exception>
    public byte[] Unwrap(ReadOnlySpan<byte> wrapped, string context)
    {
        if (wrapped.Length < IdLength + NonceLength + TagLength
            || !_all.TryGetValue(Convert.ToHexString(wrapped[..IdLength]), out var key))
        {
            throw new CryptographicException("the value was encrypted under a master key that is not configured");
        }

        var plain = new byte[wrapped.Length - IdLength - NonceLength - TagLength];
        using var aes = new AesGcm(key, TagLength);
        aes.Decrypt(
            wrapped.Slice(IdLength, NonceLength),
            wrapped[(IdLength + NonceLength)..^TagLength],
            wrapped[^TagLength..],
            plain,
            Encoding.UTF8.GetBytes(context));

        return plain;
    }

    public bool IsCurrent(ReadOnlySpan<byte> wrapped) => wrapped.StartsWith(_id);

    public override string ToString() => "(master key)";

    /// <summary>Reads the file, or makes it with mode 0600 at the first start.</summary>
    public static byte[] ReadOrCreate(string path)
    {
        if (!File.Exists(path))
        {
            var fresh = RandomNumberGenerator.GetBytes(32);

            try
            {
                PrivateFile.Write(path, Convert.ToBase64String(fresh) + "\n", FileMode.CreateNew);

                return fresh;
            }
            catch (IOException) when (File.Exists(path))
            {
                // Another process was first; its key is the key.
            }
        }

        if (PrivateFile.IsReadByOthers(path))
        {
            throw new InvalidOperationException($"the master key file {path} can be read by others: chmod 600 it");
        }

        return Parse(File.ReadAllText(path)) ?? throw new InvalidOperationException($"{path} holds no master key: 32 bytes in base64 are expected");
    }

    public static byte[]? Parse(string text)
    {
        var bytes = new byte[33];

        return Convert.TryFromBase64String(text.Trim(), bytes, out var length) && length == 32 ? bytes[..32] : null;
    }

    private static byte[] IdOf(byte[] key) => SHA256.HashData([.. "countersign master key id"u8, .. key])[..IdLength];
}
