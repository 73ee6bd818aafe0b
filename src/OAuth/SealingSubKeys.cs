using System.Buffers.Binary;
using System.Security.Cryptography;

namespace Countersign.OAuth;

/// <summary>The one key that this process seals with, and those of other processes whose tokens it has opened.</summary>
internal sealed class SealingSubKeys : IDisposable
{
    // Other processes, and this one before it started again. Beyond these, opening derives the key anew.
    private const int MostRemembered = 64;

    private readonly byte[] _key;
    private readonly byte[] _info;
    private readonly long _mostSeals;
    private readonly Lock _changing = new();
    private volatile SealingSubKey _sealing;
    private volatile SealingSubKey[] _remembered = [];
    private bool _disposed;

    public SealingSubKeys(ReadOnlySpan<byte> key, byte[] info, long mostSeals)
    {
        (_key, _info, _mostSeals) = (key.ToArray(), info, mostSeals);
        _sealing = Draw();
    }

    public int Remembered => _remembered.Length;

    /// <summary>The key for one more seal; another one is drawn when it has sealed as often as it may.</summary>
    public SealingSubKey ForOneSeal()
    {
        var subKey = _sealing;

        while (!subKey.TryCount(_mostSeals))
        {
            lock (_changing)
            {
                if (_sealing == subKey)
                {
                    Remember(subKey);
                    _sealing = Draw();
                }
            }

            subKey = _sealing;
        }

        return subKey;
    }

    /// <summary>The key of that salt; a new one must be settled after use.</summary>
    public SealingSubKey ForSalt(ReadOnlySpan<byte> salt, out bool isNew)
    {
        var known = Find(BinaryPrimitives.ReadUInt128BigEndian(salt));
        isNew = known is null;

        return known ?? new SealingSubKey(_key, salt, _info);
    }

    /// <summary>Keeps a new key, or lets it go.</summary>
    public void Settle(SealingSubKey subKey, bool keep)
    {
        lock (_changing)
        {
            // Another thread may have kept the same one meanwhile.
            if (keep && !_disposed && Find(subKey.Salt) is null)
            {
                Remember(subKey);

                return;
            }
        }

        subKey.Dispose();
    }

    public void Dispose()
    {
        lock (_changing)
        {
            _disposed = true;
            _sealing.Dispose();
            Array.ForEach(_remembered, subKey => subKey.Dispose());
            CryptographicOperations.ZeroMemory(_key);
        }
    }

    private SealingSubKey Draw() => new(_key, RandomNumberGenerator.GetBytes(SealingSubKey.SaltLength), _info);

    private SealingSubKey? Find(UInt128 salt)
    {
        var sealing = _sealing;

        return sealing.Salt == salt ? sealing : Array.Find(_remembered, subKey => subKey.Salt == salt);
    }

    // The one left out is not disposed: another thread may be opening a token with it.
    private void Remember(SealingSubKey subKey) =>
        _remembered = [.. _remembered.AsSpan(_remembered.Length < MostRemembered ? 0 : 1), subKey];
}
