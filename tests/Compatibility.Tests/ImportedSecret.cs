using System.Security.Cryptography;
using System.Text;

namespace Countersign.Compatibility.Tests;

/// <summary>A secret as another system would have stored it, so that a test may choose its text.</summary>
internal static class ImportedSecret
{
    private const int Rounds = 29_000;

    public static (string Text, string Hash) Hash(string secret)
    {
        var salt = RandomNumberGenerator.GetBytes(16);
        var hash = Rfc2898DeriveBytes.Pbkdf2(Encoding.UTF8.GetBytes(secret), salt, Rounds, HashAlgorithmName.SHA256, 32);
        return (secret, $"$pbkdf2-sha256${Rounds}${AdaptedBase64(salt)}${AdaptedBase64(hash)}");
    }

    // Passlib's alphabet: '.' for '+', no padding.
    private static string AdaptedBase64(byte[] bytes) => Convert.ToBase64String(bytes).TrimEnd('=').Replace('+', '.');
}
