using System.Buffers.Text;
using System.Text;
using Countersign.OAuth;

namespace Countersign.Server.Tests.Jwks;

/// <summary>Signed messages as far as finding their key goes: nothing here looks at the signature.</summary>
internal static class Messages
{
    public static CompactJws By(SigningKey key) => WithHeader($$"""{"alg":"ES256","kid":"{{key.Kid}}"}""");

    public static CompactJws WithKid(string kid) => WithHeader($$"""{"alg":"ES256","kid":"{{kid}}"}""");

    public static CompactJws WithHeader(string header)
    {
        var text = $"{Base64Url.EncodeToString(Encoding.UTF8.GetBytes(header))}.{Base64Url.EncodeToString("{}"u8)}.{Base64Url.EncodeToString(new byte[64])}";

        return CompactJws.Parse(Encoding.ASCII.GetBytes(text), out var failed) ?? throw new InvalidOperationException(failed!.Detail);
    }

    public static SigningKey NewKey() => SigningKey.Create(SigningAlgorithm.ByName("ES256")!);
}
