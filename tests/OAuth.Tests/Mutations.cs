using System.Globalization;
using System.Text.Json.Nodes;

namespace Countersign.OAuth.Tests;

/// <summary>The ways in which a token is made wrong, or only unusual, by name.</summary>
internal static class Mutations
{
    public static readonly SigningKey Ec = SigningKey.Create(SigningAlgorithm.ByName("ES256")!, kid: "ec");
    public static readonly SigningKey Ec384 = SigningKey.Create(SigningAlgorithm.ByName("ES384")!, kid: "ec384");
    public static readonly SigningKey Rsa = SigningKey.Create(SigningAlgorithm.ByName("RS256")!, kid: "rsa");
    public static readonly SigningKey Pss = SigningKey.Create(SigningAlgorithm.ByName("PS256")!, kid: "pss");

    public static readonly (string Name, Action<Draft, Random> Apply)[] All = [.. Header(), .. Claims(), .. Both("header", d => d.Header), .. Both("claims", d => d.Claims), .. Form()];

    private static readonly SigningKey s_stranger = SigningKey.Create(SigningAlgorithm.ByName("ES256")!, kid: "ec");
    private static readonly string[] s_algorithms = [.. SigningAlgorithm.All.Select(a => a.Name), "none", "None", "nOnE", "HS256", "HS512", "es256", "rs256", "ES256K", "EdDSA", ""];
    private static readonly string[] s_times = ["\"T\"", "null", "true", "-1", "1e9", "1.8e9", "1E400", "1e20", "9223372036854775807", "9223372036854775808", "-9223372036854775808", "T.5", "T.0", "253402300799.5", "[T]", "{}", "0"];

    public static Draft Good(Random random)
    {
        var key = One(random, Ec, Ec384, Rsa, Pss);
        var now = The.Now.ToUnixTimeSeconds();

        return new Draft
        {
            Key = key,
            Header = [("alg", $"\"{key.Algorithm}\""), ("kid", $"\"{key.Kid}\""), ("typ", "\"JWT\"")],
            Claims =
            [
                ("iss", "\"client\""), ("sub", "\"client\""), ("aud", $"\"{The.Issuer}\""), ("jti", $"\"{random.Next()}\""),
                ("exp", $"{now + 60}"), ("iat", $"{now}"), ("nbf", $"{now}"),
            ],
        };
    }

    private static IEnumerable<(string, Action<Draft, Random>)> Header() =>
    [
        ("alg absent", (d, _) => d.Header.RemoveAll(m => m.Name == "alg")),
        ("alg swapped", (d, r) => Draft.Set(d.Header, "alg", $"\"{One(r, s_algorithms)}\"")),
        ("alg not a text", (d, r) => Draft.Set(d.Header, "alg", One(r, "1", "null", "[\"ES256\"]", "{}"))),
        ("alg none, unsigned", (d, r) => d.Message = s => $"{Replaced(d, "none")}.{s[1]}.{One(r, "", s[2])}"),
        ("HMAC by a public key", (d, r) =>
        {
            Draft.Set(d.Header, "alg", "\"HS256\"");
            d.Secret = r.Next(2) == 0 ? d.Key.PublicJwk : Some.Utf8(PrivateKeyText.PublicPem(d.Key));
        }),
        ("other algorithm of the key's type", (d, _) =>
        {
            var other = SigningAlgorithm.ByName(d.Key.Algorithm.Name switch { "RS256" => "PS256", "PS256" => "RS256", _ => d.Key.Algorithm.Name })!;
            d.Key = SigningKey.Import(other, d.Key.Kid, d.Key.ExportPkcs8());
            Draft.Set(d.Header, "alg", $"\"{other}\"");
        }),
        ("longer hash of the key's type", (d, _) =>
        {
            if (d.Key.Algorithm.KeyType == "RSA")
            {
                d.Key = SigningKey.Import(SigningAlgorithm.ByName("RS512")!, d.Key.Kid, d.Key.ExportPkcs8());
                Draft.Set(d.Header, "alg", "\"RS512\"");
            }
        }),
        ("signed by a stranger", (d, _) => (d.Key, d.Header[0], d.Header[^1]) = (s_stranger, ("alg", "\"ES256\""), ("jwk", Some.Text(s_stranger.PublicJwk)))),
        ("kid absent", (d, _) => d.Header.RemoveAll(m => m.Name == "kid")),
        ("kid unknown", (d, r) => Draft.Set(d.Header, "kid", One(r, "\"other\"", "\"../../x\"", "\"' OR 1=1--\"", "\"EC\"", "\"ec \"", "\"RSA\"", $"\"{new string('k', 300)}\"", "\"\""))),
        ("kid of another key", (d, r) => Draft.Set(d.Header, "kid", One(r, "\"ec\"", "\"ec384\"", "\"rsa\"", "\"pss\""))),
        ("kid not a text", (d, r) => Draft.Set(d.Header, "kid", One(r, "1", "null", "[\"ec\"]", "{\"a\":1}"))),
        ("typ absent", (d, _) => d.Header.RemoveAll(m => m.Name == "typ")),
        ("typ written otherwise", (d, r) => Draft.Set(d.Header, "typ", One(r, "\"jwt\"", "\"application/JWT\"", "\"client-authentication+jwt\""))),
        ("typ of another kind", (d, r) => Draft.Set(d.Header, "typ", One(r, "\"at+jwt\"", "\"dpop+jwt\"", "\"logout+jwt\"", "\"JOSE\"", "\"\""))),
        ("typ not a text", (d, r) => Draft.Set(d.Header, "typ", One(r, "1", "null", "[\"JWT\"]"))),
        ("crit", (d, r) => Draft.Set(d.Header, "crit", One(r, "[]", "[\"exp\"]", "[\"b64\"]", "\"alg\"", "null"))),
        ("b64", (d, r) => Draft.Set(d.Header, "b64", One(r, "true", "false"))),
        ("zip", (d, _) => Draft.Set(d.Header, "zip", "\"DEF\"")),
        ("enc or cty", (d, r) => Draft.Set(d.Header, One(r, "enc", "cty"), One(r, "\"JWT\"", "\"A256GCM\""))),
        ("a member that points at keys", (d, r) => d.Header.Add(One(r, ("jku", "\"https://evil.example\""), ("x5u", "\"https://evil.example\""), ("x5c", "[\"AAAA\"]"), ("x5t#S256", "\"AAAA\"")))),
    ];

    private static IEnumerable<(string, Action<Draft, Random>)> Claims() =>
    [
        ("a required claim absent", (d, r) => d.Claims.RemoveAll(m => m.Name == One(r, "iss", "aud", "exp"))),
        ("sub absent", (d, _) => d.Claims.RemoveAll(m => m.Name == "sub")),
        ("jti absent", (d, _) => d.Claims.RemoveAll(m => m.Name == "jti")),
        ("iat or nbf absent", (d, r) => d.Claims.RemoveAll(m => m.Name == One(r, "iat", "nbf"))),
        ("iss another", (d, r) => Draft.Set(d.Claims, "iss", One(r, "\"other\"", "\"Client\"", "\"client/\"", "\"\""))),
        ("sub another", (d, r) => Draft.Set(d.Claims, "sub", One(r, "\"other\"", "\"Client\"", "\"\""))),
        ("iss, sub or jti not a text", (d, r) => Draft.Set(d.Claims, One(r, "iss", "sub", "jti"), One(r, "1", "null", "true", "[\"client\"]", "{\"a\":1}"))),
        ("jti empty or too long", (d, r) => Draft.Set(d.Claims, "jti", One(r, "\"\"", $"\"{new string('j', 256)}\""))),
        ("aud in a list", (d, _) => Draft.Set(d.Claims, "aud", $"[\"{The.Issuer}\"]")),
        ("aud with another", (d, r) => Draft.Set(d.Claims, "aud", One(r, $"[\"{The.Issuer}\",\"https://other.example\"]", $"[\"https://other.example\",\"{The.Issuer}\"]"))),
        ("aud with null", (d, _) => Draft.Set(d.Claims, "aud", $"[\"{The.Issuer}\",null]")),
        ("aud with a slash", (d, _) => Draft.Set(d.Claims, "aud", $"\"{The.Issuer}/\"")),
        ("aud another", (d, r) => Draft.Set(d.Claims, "aud", One(r, "\"https://other.example\"", "\"https://AS.example.com\"", $"\"{The.Issuer}.evil\"", $"\"{The.Issuer}/oauth2/token\"", "\"\"", "\"https://as.ex\\u0430mple.com\""))),
        ("aud not of its type", (d, r) => Draft.Set(d.Claims, "aud", One(r, "1", "null", "{}", "[]", "true", "[1]", "[null]", $"[[\"{The.Issuer}\"]]", $"[\"{The.Issuer}\",1]", $"{{\"a\":\"{The.Issuer}\"}}"))),
        ("exp near", (d, r) => Draft.Set(d.Claims, "exp", At(r.Next(-15, 15)))),
        ("exp far", (d, r) => Draft.Set(d.Claims, "exp", At(One(r, -100_000, 600, 609, 610, 611, 612, 86400, 1_000_000_000)))),
        ("iat near or far", (d, r) => Draft.Set(d.Claims, "iat", At(One(r, -100_000, -612, -611, -610, -609, r.Next(-15, 15), 60, 86400)))),
        ("nbf near or far", (d, r) => Draft.Set(d.Claims, "nbf", At(One(r, -100_000, r.Next(-15, 15), 60, 86400)))),
        ("exp of another form", (d, r) => Draft.Set(d.Claims, "exp", Time(r))),
        ("nbf of another form", (d, r) => Draft.Set(d.Claims, "nbf", Time(r))),
        ("iat of another form", (d, r) => Draft.Set(d.Claims, "iat", Time(r))),
        ("a large claim", (d, r) => d.Claims.Add(("large", $"\"{new string('x', One(r, 100, 10_000, 11_000, 20_000))}\""))),
    ];

    /// <summary>What can be wrong in any JSON.</summary>
    private static IEnumerable<(string, Action<Draft, Random>)> Both(string what, Func<Draft, List<(string Name, string Json)>> members)
    {
        (string, Action<Draft, Random>) More(string name, Func<Random, (string, string)> member) => ($"{what}: {name}", (d, r) => members(d).Add(member(r)));
        (string, Action<Draft, Random>) Text(string name, Func<string, Random, string> change) =>
            ($"{what}: {name}", (d, r) => _ = what == "header" ? d.HeaderText = text => change(text, r) : d.ClaimsText = text => change(text, r));

        return
        [
            ($"{what}: a name twice", (d, r) => members(d).Insert(r.Next(members(d).Count + 1), One(r, [.. members(d)]))),
            ($"{what}: a name twice by an escape", (d, r) => members(d).Add(Escaped(One(r, [.. members(d)])))),
            ($"{what}: a name by an escape", (d, r) =>
            {
                var at = r.Next(members(d).Count);
                members(d)[at] = Escaped(members(d)[at]);
            }),
            ($"{what}: a name in capitals", (d, r) =>
            {
                var at = r.Next(members(d).Count);
                members(d)[at] = (members(d)[at].Name.ToUpperInvariant(), members(d)[at].Json);
            }),
            ($"{what}: in another order", (d, r) => r.Shuffle(System.Runtime.InteropServices.CollectionsMarshal.AsSpan(members(d)))),
            More("a further member", r => One(r, ("a", "1"), ("b", "{\"iss\":1,\"alg\":2}"), ("c", "[[1,{}],null]"), ("d", "\"\\ud83d\\ude00\""), ("e", "1.25"), ("", "true"))),
            More("NUL", r => One(r, ("a", "\"\\u0000\""), ("a\\u0000", "1"))),
            More("half a surrogate pair", r => One(r, ("a", "\"\\ud83d\""), ("\\ude00", "1"))),
            More("a long number", r => ("a", One(r, new string('9', 21), "0." + new string('3', 19), "-" + new string('1', 300)))),
            More("deep", r => ("a", new string('[', 16) + new string(']', 16))),
            More("very deep", r => ("a", new string('[', 70) + new string(']', 70))),
            More("too many members", r => ("a", $"{{{string.Join(',', Enumerable.Range(0, 256).Select(i => $"\"{i}\":0"))}}}")),
            More("no UTF-8", r => ("a", $"\"{Draft.Broken}\"")),
            Text("white space", (text, r) => One(r, " ", "\n", "\t") + text.Replace(":", " :\r\n") + " "),
            Text("byte order mark", (text, _) => "\uFEFF" + text),
            Text("something after it", (text, r) => text + One(r, "{}", "x", ",", "null", "}", "\"a\"")),
            Text("a comment", (text, r) => One(r, text + "//", text.Replace("{", "{/**/"))),
            Text("a comma too many", (text, _) => text[..^1] + ",}"),
            Text("cut short", (text, r) => text[..r.Next(text.Length)]),
            Text("no object", (text, r) => One(r, $"[{text}]", "null", "1", "\"a\"", "foo")),
        ];
    }

    private static IEnumerable<(string, Action<Draft, Random>)> Form()
    {
        (string, Action<Draft, Random>) Of(string name, Func<string[], Random, string> message) => (name, (d, r) => d.Message = segments => message(segments, r));

        return
        [
            Of("padding", (s, r) => Joined(s, r.Next(3), x => x + One(r, "=", "=="))),
            Of("white space around", (s, r) => One(r, " ", "\n", "") + Joined(s) + One(r, " ", "\r\n", "\t")),
            Of("white space inside", (s, r) => Joined(s, r.Next(3), x => x.Insert(r.Next(x.Length), One(r, " ", "\n")))),
            Of("other letters", (s, r) => Joined(s, r.Next(3), x => x.Insert(r.Next(x.Length), One(r, "+", "/", "?", "%3D", "é", "\0", "\u2024")))),
            Of("other alphabet", (s, r) => Joined([s[0], s[1], s[2].Replace('-', '+').Replace('_', '/')])),
            Of("unused bits", (s, r) => Joined(s, r.Next(3), UnusedBits)),
            Of("segments more", (s, r) => One(r, Joined(s) + ".", "." + Joined(s), Joined(s) + "." + s[2], Joined(s) + "..", Joined(s) + ".a.b")),
            Of("segments fewer", (s, r) => One(r, s[0], $"{s[0]}.{s[1]}", $"{s[0]}.{s[1]}.", $"{s[0]}..{s[2]}", $".{s[1]}.{s[2]}", "")),
            Of("segments swapped", (s, r) => One(r, $"{s[1]}.{s[0]}.{s[2]}", $"{s[0]}.{s[2]}.{s[1]}")),
            Of("a scheme before it", (s, r) => One(r, "Bearer ", "\"") + Joined(s)),
            Of("in the JSON form", (s, _) => $$"""{"protected":"{{s[0]}}","payload":"{{s[1]}}","signature":"{{s[2]}}"}"""),
            Of("a letter changed", (s, r) => Joined(s, r.Next(3), x => Changed(x, r.Next(x.Length), r))),
            Of("cut anywhere", (s, r) => Joined(s)[..r.Next(Joined(s).Length)]),
            ("signature: a bit changed", (d, r) => d.Signature = s => [.. s.Select((b, i) => i == s.Length / 3 ? (byte)(b ^ (1 << r.Next(8))) : b)]),
            ("signature: longer or shorter", (d, r) => d.Signature = s => One<byte[]>(r, [.. s, 0], [0, .. s], s[1..], s[..^1], [.. s, .. s])),
            ("signature: zeros", (d, _) => d.Signature = s => new byte[s.Length]),
            ("as it is", (_, _) => { }),
        ];
    }

    private static T One<T>(Random random, params T[] of) => of[random.Next(of.Length)];

    private static string At(int seconds) => (The.Now.ToUnixTimeSeconds() + seconds).ToString(CultureInfo.InvariantCulture);

    private static string Time(Random random) => One(random, s_times).Replace("T", At(1));

    private static (string, string) Escaped((string Name, string Json) member) =>
        (member.Name.Length == 0 ? "" : $"\\u{(int)member.Name[0]:x4}{member.Name[1..]}", member.Json);

    private static string Joined(string[] segments) => string.Join('.', segments);

    private static string Joined(string[] segments, int at, Func<string, string> change) => Joined([.. segments.Select((s, i) => i == at ? change(s) : s)]);

    private static string Changed(string text, int at, Random random)
    {
        const string Letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

        return text[..at] + Letters[(Letters.IndexOf(text[at]) + random.Next(1, 64)) % 64] + text[(at + 1)..];
    }

    // The last letter of a text whose length is no multiple of four has bits that no byte takes.
    private static string UnusedBits(string text) => text.Length % 4 == 0 ? text + "A" : text[..^1] + (char)(text[^1] + 1);

    private static string Replaced(Draft draft, string alg)
    {
        var header = new JsonObject { ["alg"] = alg, ["kid"] = draft.Key.Kid };

        return StrictBase64Url.Encode(Some.Utf8(header.ToJsonString()));
    }
}
