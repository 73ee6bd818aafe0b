using System.Buffers.Binary;
using System.Text;

namespace Countersign.OAuth;

/// <summary>What stands inside an opaque access token: fixed fields, then texts with their lengths. Nobody else reads it.</summary>
internal static class SealedClaims
{
    private const int FixedLength = TokenId.ByteLength + 16 + 16 + 8 + 8;

    public static int Length(AccessToken token)
    {
        var length = FixedLength + 2 + Encoding.UTF8.GetByteCount(token.ClientId) + 2 + Encoding.UTF8.GetByteCount(token.Scope) + 1;

        foreach (var audience in token.Audience)
        {
            length += 2 + Encoding.UTF8.GetByteCount(audience);
        }

        return length + SealedExtension.Length(token);
    }

    public static int Write(AccessToken token, Span<byte> destination)
    {
        token.Id.Write(destination);
        token.AccountId.TryWriteBytes(destination[TokenId.ByteLength..], bigEndian: true, out _);
        token.CredentialId.TryWriteBytes(destination[(TokenId.ByteLength + 16)..], bigEndian: true, out _);
        BinaryPrimitives.WriteInt64BigEndian(destination[(FixedLength - 16)..], token.IssuedAt);
        BinaryPrimitives.WriteInt64BigEndian(destination[(FixedLength - 8)..], token.ExpiresAt);

        var at = FixedLength;
        at += WriteText(token.ClientId, destination[at..]);
        at += WriteText(token.Scope, destination[at..]);
        destination[at++] = checked((byte)token.Audience.Length);

        foreach (var audience in token.Audience)
        {
            at += WriteText(audience, destination[at..]);
        }

        return at + SealedExtension.Write(token, destination[at..]);
    }

    /// <summary>Reads what was authenticated; null when it was written by a version that says more.</summary>
    public static AccessToken? Read(ReadOnlySpan<byte> claims, Guid tenantId)
    {
        if (claims.Length < FixedLength)
        {
            return null;
        }

        var rest = claims[FixedLength..];

        if (!TryReadText(ref rest, out var clientId) || !TryReadText(ref rest, out var scope) || rest.IsEmpty || rest[0] == 0)
        {
            return null;
        }

        var audience = new string[rest[0]];
        rest = rest[1..];

        for (var i = 0; i < audience.Length; i++)
        {
            if (!TryReadText(ref rest, out audience[i]))
            {
                return null;
            }
        }

        return !SealedExtension.TryRead(rest, out var act, out var via, out var thumbprint) ? null : new AccessToken
        {
            Id = TokenId.Read(claims),
            TenantId = tenantId,
            AccountId = new Guid(claims.Slice(TokenId.ByteLength, 16), bigEndian: true),
            ClientId = clientId,
            CredentialId = new Guid(claims.Slice(TokenId.ByteLength + 16, 16), bigEndian: true),
            Audience = audience,
            Scope = scope,
            IssuedAt = BinaryPrimitives.ReadInt64BigEndian(claims[(FixedLength - 16)..]),
            ExpiresAt = BinaryPrimitives.ReadInt64BigEndian(claims[(FixedLength - 8)..]),
            Act = act,
            Via = via,
            KeyThumbprint = thumbprint,
        };
    }

    internal static int WriteText(string text, Span<byte> destination)
    {
        var length = Encoding.UTF8.GetBytes(text, destination[2..]);
        BinaryPrimitives.WriteUInt16BigEndian(destination, checked((ushort)length));

        return 2 + length;
    }

    internal static bool TryReadText(ref ReadOnlySpan<byte> rest, out string text)
    {
        text = "";

        if (rest.Length < 2 || BinaryPrimitives.ReadUInt16BigEndian(rest) is var length && rest.Length < 2 + length)
        {
            return false;
        }

        text = Encoding.UTF8.GetString(rest.Slice(2, length));
        rest = rest[(2 + length)..];

        return true;
    }
}
