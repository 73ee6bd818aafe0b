namespace Countersign.OAuth;

/// <summary>The grammar of <c>client_id</c> (RFC 6749 App. A.1): printable ASCII, never trimmed or folded.</summary>
public static class ClientIdText
{
    public const int MaxLength = 255;

    public static bool IsValid(ReadOnlySpan<byte> clientId) =>
        clientId.Length is > 0 and <= MaxLength && !clientId.ContainsAnyExceptInRange((byte)0x20, (byte)0x7E);
}
