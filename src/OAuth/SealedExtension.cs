using System.Text;

namespace Countersign.OAuth;

/// <summary>
/// What stands behind the claims of an opaque token that was exchanged or is bound: actors, outermost first, origins, and the thumbprint of the key. Nothing
/// where it is neither.
/// </summary>
internal static class SealedExtension
{
    // Account, credential, and whether a token's id follows.
    private const int OriginLength = 16 + 16 + 1;

    // SHA-256.
    private const int ThumbprintLength = 32;

    public static int Length(AccessToken token)
    {
        if (IsPlain(token))
        {
            return 0;
        }

        var length = token.KeyThumbprint is null ? 2 : 2 + ThumbprintLength;

        for (var actor = token.Act; actor is not null; actor = actor.Next)
        {
            length += 2 + Encoding.UTF8.GetByteCount(actor.Subject) + 2 + Encoding.UTF8.GetByteCount(actor.Issuer ?? "");
        }

        foreach (var origin in token.Via)
        {
            length += OriginLength + (origin.SubjectToken is null ? 0 : TokenId.ByteLength);
        }

        return length;
    }

    public static int Write(AccessToken token, Span<byte> destination)
    {
        if (IsPlain(token))
        {
            return 0;
        }

        var at = 0;
        destination[at++] = (byte)(token.Act?.Depth ?? 0);

        for (var actor = token.Act; actor is not null; actor = actor.Next)
        {
            at += SealedClaims.WriteText(actor.Subject, destination[at..]);
            at += SealedClaims.WriteText(actor.Issuer ?? "", destination[at..]);
        }

        destination[at++] = (byte)token.Via.Length;

        foreach (var origin in token.Via)
        {
            origin.AccountId.TryWriteBytes(destination[at..], bigEndian: true, out _);
            origin.CredentialId.TryWriteBytes(destination[(at + 16)..], bigEndian: true, out _);
            destination[at + 32] = origin.SubjectToken is null ? (byte)0 : (byte)1;
            at += OriginLength;

            if (origin.SubjectToken is { } id)
            {
                id.Write(destination[at..]);
                at += TokenId.ByteLength;
            }
        }

        if (token.KeyThumbprint is { } thumbprint)
        {
            StrictBase64Url.TryDecode(Encoding.ASCII.GetBytes(thumbprint), destination[at..], out var written);
            at += written;
        }

        return at;
    }

    /// <summary>Reads what was authenticated, to its end; false when it was written by a version that says more.</summary>
    public static bool TryRead(ReadOnlySpan<byte> rest, out Actor? act, out TokenOrigin[] via, out string? thumbprint)
    {
        (act, via, thumbprint) = (null, [], null);

        if (rest.IsEmpty)
        {
            return true;
        }

        if (!TryReadActors(ref rest, out act) || !TryReadVia(ref rest, out via) || rest.Length is not (0 or ThumbprintLength))
        {
            return false;
        }

        thumbprint = rest.IsEmpty ? null : StrictBase64Url.Encode(rest);

        return act is not null || via.Length > 0 || thumbprint is not null;
    }

    private static bool IsPlain(AccessToken token) => token.Act is null && token.Via.Length == 0 && token.KeyThumbprint is null;

    private static bool TryReadActors(ref ReadOnlySpan<byte> rest, out Actor? act)
    {
        act = null;

        if (rest[0] > Actor.MaxDepth)
        {
            return false;
        }

        var actors = new (string Subject, string Issuer)[rest[0]];
        rest = rest[1..];

        for (var i = 0; i < actors.Length; i++)
        {
            if (!SealedClaims.TryReadText(ref rest, out actors[i].Subject) || !SealedClaims.TryReadText(ref rest, out actors[i].Issuer) || actors[i].Subject.Length == 0)
            {
                return false;
            }
        }

        for (var i = actors.Length - 1; i >= 0; i--)
        {
            act = new Actor(actors[i].Subject, actors[i].Issuer.Length == 0 ? null : actors[i].Issuer, act);
        }

        return true;
    }

    private static bool TryReadVia(ref ReadOnlySpan<byte> rest, out TokenOrigin[] via)
    {
        via = [];

        if (rest.IsEmpty || rest[0] > TokenOrigin.Most)
        {
            return false;
        }

        via = new TokenOrigin[rest[0]];
        rest = rest[1..];

        for (var i = 0; i < via.Length; i++)
        {
            if (rest.Length < OriginLength || rest[OriginLength - 1] > 1 || (rest[OriginLength - 1] == 1 && rest.Length < OriginLength + TokenId.ByteLength))
            {
                return false;
            }

            var hasToken = rest[OriginLength - 1] == 1;
            via[i] = new TokenOrigin(
                new Guid(rest[..16], bigEndian: true), new Guid(rest.Slice(16, 16), bigEndian: true), hasToken ? TokenId.Read(rest[OriginLength..]) : null);
            rest = rest[(hasToken ? OriginLength + TokenId.ByteLength : OriginLength)..];
        }

        return true;
    }
}
