using System.Security.Cryptography;
using System.Text;

namespace Countersign.Server.Tests.Framework;

/// <summary>Hashes as other systems stored them, so that a test may choose the secret.</summary>
internal static class ImportedSecret
{
    public static string Pbkdf2(string secret, int rounds = 5_000, bool sha512 = false)
    {
        var salt = RandomNumberGenerator.GetBytes(16);
        var hash = Rfc2898DeriveBytes.Pbkdf2(
            Encoding.UTF8.GetBytes(secret), salt, rounds, sha512 ? HashAlgorithmName.SHA512 : HashAlgorithmName.SHA256, sha512 ? 64 : 32);

        return $"$pbkdf2-sha{(sha512 ? 512 : 256)}${rounds}${Base64(salt)}${Base64(hash)}";
    }

    // Passlib's alphabet: '.' for '+', no padding.
    private static string Base64(byte[] bytes) => Convert.ToBase64String(bytes).TrimEnd('=').Replace('+', '.');
}
