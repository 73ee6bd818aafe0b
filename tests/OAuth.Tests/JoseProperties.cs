using System.Text;
using System.Text.Json;
using FsCheck;
using FsCheck.Fluent;

namespace Countersign.OAuth.Tests;

public sealed class JoseProperties
{
    private static readonly string[] s_json =
    [
        "{", "}", "[", "]", ":", ",", "\"", "\\", "\\u0000", "\\ud83d", "\\ude00", "\\u0073", "null", "true", "1", "-", "1e9", "0.5", " ", "\n", "é", "\0", "{\"a\":1}", "\"b\":",
        "\"keys\":[", "\"kty\":\"EC\"", "\"crv\":\"P-256\"", "\"kty\":\"RSA\"", "\"d\":\"AA\"", "\"n\":\"AQAB\"", "\"e\":\"AQAB\"", "\"x\":", "\"key\":", "\"keyId\":\"1\"", "\"kid\":\"a\"",
    ];

    private static readonly string[] s_marks = ["{", "}", "[", "]", ":", ",", "\"", "\\", "null", "-", ".", "e", "0", " ", "/", "\n"];

    private static readonly string[] s_tokens =
    [
        ".", "..", "eyJhbGciOiJFUzI1NiJ9", "eyJhbGciOiJub25lIn0", "e30", "e30.e30", "A", "AA", "AAAA", "=", "+", "_", "-", " ", "\n", "é", "\0", "eyJhbGciOiJFUzI1NiJ9.e30.AAAA",
    ];

    private static readonly string[] s_pem =
    [
        "-----BEGIN ", "-----END ", "-----", "PRIVATE KEY", "RSA PRIVATE KEY", "EC PRIVATE KEY", "PUBLIC KEY", "CERTIFICATE", "EC PARAMETERS", "\n", "AAAA", "MIIB", "MAA=", "!", "{\"keyId\":\"1\",\"key\":\"",
        "-----BEGIN PRIVATE KEY-----\n", "\n-----END PRIVATE KEY-----\n", "-----BEGIN RSA PRIVATE KEY-----\n", "\n-----END RSA PRIVATE KEY-----\n", "\"}", "\ud800",
        "-----BEGIN EC PRIVATE KEY-----\n", "\n-----END EC PRIVATE KEY-----\n", "-----BEGIN CERTIFICATE-----\n", "\n-----END CERTIFICATE-----\n", "-----BEGIN PUBLIC KEY-----\n", "\n-----END PUBLIC KEY-----\n",
    ];

    // JSON within the limits, now and then with a mistake in it.
    private static readonly Arbitrary<string> Json = Gen.Sized(size => Value(Math.Min(size, 30))).Zip(Gen.Choose(0, 3000))
        .Select(t => t.Item2 > 1000 ? $"{{\"a\":{t.Item1}}}" : Damaged($"{{\"a\":{t.Item1}}}", t.Item2)).ToArbitrary();

    [Fact]
    [Trait("R", "261")]
    public void No_bytes_make_a_reader_throw() => Property.Holds<byte[]>(bytes => Read(bytes), tries: 2000);

    [Fact]
    [Trait("R", "261")]
    public void Nothing_like_JSON_makes_a_reader_throw() => Property.Holds(Property.TextOf(s_json), text => Read(Some.Utf8(text)) && Read(Some.Utf8($"{{\"keys\":[{{{text}}}]}}")), tries: 3000);

    [Fact]
    [Trait("R", "261")]
    public void Nothing_like_a_token_makes_a_reader_throw() => Property.Holds(Property.TextOf(s_tokens), text => Read(Some.Utf8(text)), tries: 3000);

    [Fact]
    [Trait("R", "261")]
    public void Nothing_like_PEM_makes_a_reader_throw() => Property.Holds(Property.TextOf(s_pem), ReadKeys, tries: 3000);

    [Fact]
    [Trait("R", "261")]
    public void No_header_and_no_claims_make_a_reader_throw() => Property.Holds(Property.TextOf(s_json), text =>
    {
        var payload = StrictBase64Url.Encode(Some.Utf8($"{{{text}}}"));

        return Read(Some.Utf8($"{payload}.{payload}.AAAA")) && Read(Some.Utf8($"eyJhbGciOiJFUzI1NiJ9.{payload}.AAAA"));
    }, tries: 3000);

    [Fact]
    [Trait("R", "73")]
    public void Well_formed_is_what_the_platform_takes_too()
    {
        var (sound, broken) = (0, 0);

        Property.Holds(Json, text =>
        {
            var expected = Platform(text);
            (sound, broken) = expected ? (sound + 1, broken) : (sound, broken + 1);

            return expected == (StrictJson.Fault(Some.Utf8(text)) is null);
        }, tries: 3000);

        Assert.True(sound > 500 && broken > 100, $"{sound} sound, {broken} broken");
    }

    [Fact]
    public void What_is_signed_verifies_with_its_key_alone()
    {
        var keys = SigningAlgorithm.All.Select(algorithm => SigningKey.Create(algorithm)).ToList();
        var half = keys.ConvertAll(key => VerificationKey.FromJwk(key.PublicJwk, out _)!);

        Property.Holds<Tuple<NonEmptyArray<byte>, NonEmptyString>>(input =>
        {
            var (payload, type) = (input.Item1.Get, string.Concat(input.Item2.Get.Where(c => c is not '\0' && !char.IsSurrogate(c))));

            return keys.Select((key, i) =>
            {
                var jws = CompactJws.Parse(CompactJws.Sign(key, type, payload, withKid: payload.Length % 2 == 0), out _)!;

                return VerificationKeySet.Select(jws, half, out _) == half[i] && jws.Type == type && jws.Payload.Span.SequenceEqual(payload)
                    && half.Select((other, j) => other.Verify(jws.SigningInput.Span, jws.Signature.Span) == (i == j)).All(right => right);
            }).All(right => right);
        }, tries: 30);
    }

    private static bool Read(byte[] bytes)
    {
        var fault = StrictJson.Fault(bytes);
        var jws = CompactJws.Parse(bytes, out var failed);

        return (jws is null) == (failed is not null)
            && (jws is null || (JwtClaims.Read(jws, out failed) is null) == (failed is not null))
            && (VerificationKeySet.Read(bytes, out var why) is null) == (why.Length > 0)
            && (VerificationKey.FromJwk(bytes, out why) is null) == (why.Length > 0)
            && (JwkReader.Read(bytes, out why) is null) == (fault is not null || why.Length > 0)
            && ReadKeys(Encoding.Latin1.GetString(bytes))
            && ReadKeys(Encoding.UTF8.GetString(bytes));
    }

    private static bool ReadKeys(string text)
    {
        using var key = PrivateKeyText.Read(text, out _, out var fault);
        var half = VerificationKey.FromPem(text, null, null, out var why);
        KeyFile.Read(text);

        return (key is null) == (fault.Length > 0) && (half is null) == (why.Length > 0);
    }

    private static bool Platform(string text)
    {
        try
        {
            using var read = JsonDocument.Parse(text, new JsonDocumentOptions { AllowDuplicateProperties = false });

            return true;
        }
        catch (JsonException)
        {
            return false;
        }
    }

    private static Gen<string> Value(int size) => size < 2
        ? Gen.Elements("null", "true", "false", "0", "-1", "1.5", "1e3", "\"\"", "\"a\"", "\"\\n\\u00e9\"", "\"é\"", "{}", "[]")
        : Gen.OneOf(
            Value(0),
            Value(size / 3).ListOf(3).Select(items => $"[{string.Join(", ", items)}]"),
            Value(size / 3).ListOf(3).Select(items => $"{{{string.Join(',', items.Select((item, i) => $" \"{"abc"[i]}\" :\t{item}"))}}}"),
            // Two of one name, unless the values differ.
            Gen.Elements("a", "b", "\\u0061").Two().Select(names => $"{{\"{names.Item1}\":1,\"{names.Item2}\":2}}"));

    private static string Damaged(string text, int at) => (at % 3) switch
    {
        0 => text.Remove(at % text.Length, 1),
        1 => text.Insert(at % text.Length, s_marks[at / 3 % s_marks.Length]),
        _ => text[..(at % text.Length)],
    };
}
