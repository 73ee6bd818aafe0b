using System.Text;
using System.Text.Json;

namespace Countersign.OAuth;

/// <summary>
/// A signed message in the compact form (RFC 7515 §7.1), taken apart strictly and not yet verified. What the header says beyond algorithm,
/// key and type is either refused or without effect: no header selects, adds or fetches a key (R83).
/// </summary>
public sealed class CompactJws
{
    /// <summary>A longer one is refused before any work, in characters (R72).</summary>
    public const int MaxLength = 16 * 1024;

    // Nobody has vouched for it yet: what is kept of it is short.
    private const int LongestShown = 32;

    private CompactJws(SigningAlgorithm algorithm, string? kid, string? type) => (Algorithm, Kid, Type) = (algorithm, kid, type);

    public SigningAlgorithm Algorithm { get; }

    /// <summary>The name of the key, or null.</summary>
    public string? Kid { get; }

    /// <summary>The <c>typ</c> as it stands, or null.</summary>
    public string? Type { get; }

    /// <summary>The header, a strict JSON object.</summary>
    public ReadOnlyMemory<byte> Header { get; private init; }

    /// <summary>What is signed: the first two segments with the dot between.</summary>
    public ReadOnlyMemory<byte> SigningInput { get; private init; }

    public ReadOnlyMemory<byte> Payload { get; private init; }

    public ReadOnlyMemory<byte> Signature { get; private init; }

    /// <summary>Members that header and claims may have together are counted from the header on (R73).</summary>
    internal int MembersLeft { get; private init; }

    /// <summary>Takes a message apart; null, and the check that failed, when it is not one.</summary>
    public static CompactJws? Parse(ReadOnlyMemory<byte> message, out FailedCheck? failed)
    {
        var text = message.Span;

        if (text.Length > MaxLength)
        {
            failed = Form("it is too long", $"{text.Length} characters", $"at most {MaxLength} characters");

            return null;
        }

        var first = text.IndexOf((byte)'.');
        var last = text.LastIndexOf((byte)'.');
        var dots = text.Count((byte)'.');

        if (dots != 2 || first == 0 || last == first + 1 || last == text.Length - 1)
        {
            failed = dots == 4
                ? Form("it is encrypted (five segments), which is not taken", "5 segments", "3 segments: sign it, do not encrypt it")
                : Form("it is not three segments joined by dots", $"{dots + 1} segments", "3 segments, none empty");

            return null;
        }

        var buffer = new byte[StrictBase64Url.DecodedLength(text.Length)];

        if (!StrictBase64Url.TryDecode(text[..first], buffer, out var headerLength)
            || !StrictBase64Url.TryDecode(text[(first + 1)..last], buffer.AsSpan(headerLength), out var payloadLength)
            || !StrictBase64Url.TryDecode(text[(last + 1)..], buffer.AsSpan(headerLength + payloadLength), out var signatureLength))
        {
            failed = Form("a segment is not base64url without padding");

            return null;
        }

        var members = StrictJson.MostMembers;
        var header = buffer.AsSpan(0, headerLength);

        if (StrictJson.Fault(header, ref members) is { } fault)
        {
            failed = new FailedCheck("assertion-header", $"the header is not sound: {fault}");

            return null;
        }

        return ReadHeader(header, out failed) is not { } read ? null : new CompactJws(read.Algorithm, read.Kid, read.Type)
        {
            Header = buffer.AsMemory(0, headerLength),
            SigningInput = message[..last],
            Payload = buffer.AsMemory(headerLength, payloadLength),
            Signature = buffer.AsMemory(headerLength + payloadLength, signatureLength),
            MembersLeft = members,
        };
    }

    /// <summary>Signs the payload with the key, whose <c>kid</c> goes into the header.</summary>
    public static byte[] Sign(SigningKey key, string type, ReadOnlySpan<byte> payload, bool withKid = true)
    {
        var header = new List<JwkMember> { new("typ", type), new("alg", key.Algorithm.Name) };

        if (withKid)
        {
            header.Add(new("kid", key.Kid));
        }

        return Signed(key, PublicJwkText.Written([.. header], []), payload);
    }

    /// <summary>The same with a header of the caller's, which names the key's algorithm.</summary>
    internal static byte[] Signed(SigningKey key, ReadOnlySpan<byte> header, ReadOnlySpan<byte> payload)
    {
        var input = Encoding.ASCII.GetBytes($"{StrictBase64Url.Encode(header)}.{StrictBase64Url.Encode(payload)}");
        var signature = new byte[key.SignatureLength];
        key.Sign(input, signature);

        return [.. input, (byte)'.', .. Encoding.ASCII.GetBytes(StrictBase64Url.Encode(signature))];
    }

    private static FailedCheck Form(string detail, string? got = null, string? expected = null) =>
        new("assertion-form", detail, got, expected ?? "a signed JWT in compact form (RFC 7515 §7.1)");

    private static (SigningAlgorithm Algorithm, string? Kid, string? Type)? ReadHeader(ReadOnlySpan<byte> header, out FailedCheck? failed)
    {
        var json = new Utf8JsonReader(header);
        json.Read();
        var (alg, kid, type) = ((string?)null, (string?)null, (string?)null);
        failed = null;

        while (json.Read() && json.TokenType == JsonTokenType.PropertyName)
        {
            // RFC 7515 §4.1.11: what must be understood and is not; there is nothing here that crit could name.
            // A nested or compressed message would need to be opened before it can be judged (R87).
            if (json.ValueTextEquals("crit"u8) || json.ValueTextEquals("b64"u8) || json.ValueTextEquals("zip"u8)
                || json.ValueTextEquals("enc"u8) || json.ValueTextEquals("cty"u8))
            {
                failed = new FailedCheck("assertion-header", "the header has a member that is not taken", json.GetString(), "alg, kid, typ");

                return null;
            }

            var isAlg = json.ValueTextEquals("alg"u8);
            var isKid = json.ValueTextEquals("kid"u8);
            var isType = json.ValueTextEquals("typ"u8);
            json.Read();

            if (!isAlg && !isKid && !isType)
            {
                json.Skip();
            }
            else if (json.TokenType != JsonTokenType.String)
            {
                failed = new FailedCheck("assertion-header", $"{(isAlg ? "alg" : isKid ? "kid" : "typ")} is not a text");

                return null;
            }
            else
            {
                _ = isAlg ? alg = json.GetString() : isKid ? kid = json.GetString() : type = json.GetString();
            }
        }

        if (SigningAlgorithm.ByName(alg) is not { } algorithm)
        {
            failed = new FailedCheck(
                "assertion-algorithm",
                alg is null ? "the header names no algorithm" : "the algorithm is not one that is taken",
                alg?.Length > LongestShown ? alg[..LongestShown] : alg,
                string.Join(", ", SigningAlgorithm.All),
                "have the client sign with the algorithm of its key");

            return null;
        }

        if (kid is not null && VerificationKey.KidFault(kid) is { } fault)
        {
            failed = new FailedCheck("assertion-header", fault);

            return null;
        }

        return (algorithm, kid, type);
    }
}
