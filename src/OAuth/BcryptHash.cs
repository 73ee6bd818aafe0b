using System.Buffers;
using System.Text;

namespace Countersign.OAuth;

/// <summary>bcrypt in its modular crypt form, for import only: it is never made here.</summary>
internal sealed class BcryptHash : ImportedHash
{
    // "$2b$12$" and 22 characters of salt stand before 31 of hash.
    private const int SaltTextLength = 29;
    private const int TextLength = 60;
    private const int MaxSecretLength = 72;

    private static readonly SearchValues<char> Alphabet =
        SearchValues.Create("./0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz");

    private readonly string _salt;

    private BcryptHash(string stored) => (_salt, Expected) = (stored[..SaltTextLength], Encoding.ASCII.GetBytes(stored[SaltTextLength..]));

    protected override byte[] Expected { get; }

    public static BcryptHash? Parse(string stored, string[] parts) =>
        stored.Length == TextLength
        && parts is [_, _, { Length: 2 } cost, { Length: 53 } rest]
        && TryNumber(cost.AsSpan().TrimStart('0'), 4, 16, out _)
        && !rest.AsSpan().ContainsAnyExcept(Alphabet)
            ? new BcryptHash(stored)
            : null;

    // bcrypt reads 72 bytes, so a longer secret would match with any tail; and it repeats a short one with a NUL behind it.
    protected override byte[] Hash(Secret secret) => secret.Length > MaxSecretLength || secret.RevealUtf8().Contains((byte)0)
        ? []
        : Encoding.ASCII.GetBytes(BCrypt.Net.BCrypt.HashPassword(secret.Reveal(), _salt)[SaltTextLength..]);
}
