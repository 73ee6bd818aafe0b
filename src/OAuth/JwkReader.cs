using System.Text.Json;

namespace Countersign.OAuth;

/// <summary>The members of one JWK (RFC 7517 §4) that say what key it is; what else stands there is passed over.</summary>
internal sealed class JwkReader
{
    // RFC 7518 §6.2.2, §6.3.2, §6.4.
    private static readonly string[] s_private = ["d", "p", "q", "dp", "dq", "qi", "oth", "k"];
    private static readonly string[] s_texts = ["kty", "use", "alg", "kid", "crv", "x", "y", "n", "e", "d", "p", "q", "dp", "dq", "qi"];

    private readonly Dictionary<string, string> _texts = new(StringComparer.Ordinal);
    private List<string>? _operations;

    private JwkReader()
    {
    }

    /// <summary>Whether it holds a private or a symmetric key, or a part of one.</summary>
    public bool HasPrivate { get; private set; }

    /// <summary>Null, and what is wrong, when it is not a strict JSON object whose known members have their types.</summary>
    public static JwkReader? Read(ReadOnlySpan<byte> json, out string fault)
    {
        if (StrictJson.Fault(json) is { } wrong)
        {
            fault = $"the JWK is not sound: {wrong}";

            return null;
        }

        var read = new JwkReader();
        var reader = new Utf8JsonReader(json);
        reader.Read();

        while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
        {
            var name = reader.GetString()!;
            reader.Read();
            read.HasPrivate |= Array.IndexOf(s_private, name) >= 0;

            if (name == "key_ops")
            {
                if (!read.ReadOperations(ref reader))
                {
                    fault = "key_ops must be a list of texts";

                    return null;
                }
            }
            else if (Array.IndexOf(s_texts, name) < 0)
            {
                reader.Skip();
            }
            else if (reader.TokenType != JsonTokenType.String)
            {
                fault = $"{name} must be a text";

                return null;
            }
            else
            {
                read._texts[name] = reader.GetString()!;
            }
        }

        fault = "";

        return read;
    }

    public string? Text(string name) => _texts.GetValueOrDefault(name);

    /// <summary>The bytes of a member in base64url; null when it is absent, empty or not strict.</summary>
    public byte[]? Bytes(string name) => Text(name) is { Length: > 0 } text && StrictBase64Url.Decode(text) is { Length: > 0 } bytes ? bytes : null;

    /// <summary>Whether the key says that it is not for this use, or not for checking signatures (R86). One that names no use is for <c>sig</c>.</summary>
    public bool IsForSomethingElse(string use) => (Text("use") ?? "sig") != use || _operations?.Contains("verify") == false;

    /// <summary>The one algorithm of the key, or why there is none.</summary>
    public SigningAlgorithm? Algorithm(SigningAlgorithm? rsaAlgorithm, out string fault)
    {
        fault = "";
        var byType = Text("kty") switch
        {
            "EC" => SigningAlgorithm.ByCurve(Text("crv")),
            "RSA" => rsaAlgorithm ?? SigningAlgorithm.ByName("RS256"),
            _ => null,
        };

        if (byType is null)
        {
            fault = "kty must be RSA, or EC with crv P-256, P-384 or P-521";

            return null;
        }

        if (Text("alg") is not { } name)
        {
            return byType;
        }

        // R75, R77: the curve leaves one algorithm, RSA leaves six.
        var named = SigningAlgorithm.ByName(name);

        if (named is null || named.Family != byType.Family || named.Curve != byType.Curve)
        {
            fault = $"alg must be {(byType.Curve is null ? string.Join(", ", SigningAlgorithm.All.Where(a => a.Curve is null)) : byType.Name)} for this key";

            return null;
        }

        return named;
    }

    private bool ReadOperations(ref Utf8JsonReader reader)
    {
        if (reader.TokenType != JsonTokenType.StartArray)
        {
            return false;
        }

        _operations = [];

        while (reader.Read() && reader.TokenType == JsonTokenType.String)
        {
            _operations.Add(reader.GetString()!);
        }

        return reader.TokenType == JsonTokenType.EndArray;
    }
}
