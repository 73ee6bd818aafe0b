using System.Security.Cryptography;

namespace Countersign.Measure;

/// <summary>One secret that all hot accounts share, hashed as another system might have: importing is measured, not this program.</summary>
internal sealed class ImportedSecret
{
    private const int Rounds = 1000;

    public ImportedSecret()
    {
        var salt = RandomNumberGenerator.GetBytes(16);
        var hash = Rfc2898DeriveBytes.Pbkdf2(Text, salt, Rounds, HashAlgorithmName.SHA256, 32);
        Hash = $"$pbkdf2-sha256${Rounds}${AdaptedBase64(salt)}${AdaptedBase64(hash)}";
    }

    public string Text { get; } = Convert.ToHexString(RandomNumberGenerator.GetBytes(32));

    public string Hash { get; }

    // Passlib's alphabet: '.' for '+', no padding.
    private static string AdaptedBase64(byte[] bytes) => Convert.ToBase64String(bytes).TrimEnd('=').Replace('+', '.');
}
