using System.Security.Cryptography;
using System.Text;
using System.Text.RegularExpressions;

namespace Countersign.OAuth.Tests;

/// <summary>A JWT before it is signed, in raw JSON, so that any part of it can be made wrong.</summary>
internal sealed class Draft
{
    /// <summary>Stands for a byte that is no UTF-8.</summary>
    public const char Broken = '\uE000';

    public required SigningKey Key { get; set; }

    /// <summary>The key of an HMAC in place of the signature.</summary>
    public byte[]? Secret { get; set; }

    public List<(string Name, string Json)> Header { get; init; } = [];

    public List<(string Name, string Json)> Claims { get; init; } = [];

    public Func<string, string> HeaderText { get; set; } = text => text;

    public Func<string, string> ClaimsText { get; set; } = text => text;

    public Func<byte[], byte[]> Signature { get; set; } = signature => signature;

    /// <summary>The message once it is signed, by its segments.</summary>
    public Func<string[], string> Message { get; set; } = segments => string.Join('.', segments);

    public static void Set(List<(string Name, string Json)> members, string name, string json)
    {
        members.RemoveAll(member => Regex.Unescape(member.Name) == name);
        members.Add((name, json));
    }

    public string Signed()
    {
        var (header, claims) = (Encoded(HeaderText(Text(Header))), Encoded(ClaimsText(Text(Claims))));
        var input = Some.Utf8($"{header}.{claims}");
        var signature = new byte[Key.SignatureLength];
        Key.Sign(input, signature);

        return Message([header, claims, StrictBase64Url.Encode(Signature(Secret is null ? signature : HMACSHA256.HashData(Secret, input)))]);
    }

    private static string Text(List<(string Name, string Json)> members) => $"{{{string.Join(',', members.Select(member => $"\"{member.Name}\":{member.Json}"))}}}";

    private static string Encoded(string text) =>
        StrictBase64Url.Encode([.. text.Split(Broken).Select(Encoding.UTF8.GetBytes).Aggregate((all, next) => [.. all, 0xFF, .. next])]);
}
