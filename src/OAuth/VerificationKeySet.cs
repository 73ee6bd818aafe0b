using System.Text.Json;

namespace Countersign.OAuth;

/// <summary>A JWK set (RFC 7517 §5) of somebody else.</summary>
public sealed class VerificationKeySet
{
    /// <summary>A larger set is refused (R189).</summary>
    public const int MostKeys = 100;

    private VerificationKeySet(IReadOnlyList<VerificationKey> keys) => Keys = keys;

    /// <summary>The keys that can check signatures; those for something else were passed over.</summary>
    public IReadOnlyList<VerificationKey> Keys { get; }

    /// <summary>
    /// Reads a set. A key of a type, a use or a size that is not for us is passed over, as RFC 7517 §5 wants. A private or symmetric key, or
    /// one <c>kid</c> twice, refuses the whole set (R86): whoever publishes that has lost hold of its keys.
    /// </summary>
    /// <param name="json">The set in UTF-8.</param>
    /// <param name="fault">A sentence that says what is wrong, when null is returned.</param>
    /// <param name="rsaAlgorithm">The algorithm of RSA keys that name none; RS256 when null.</param>
    /// <param name="use">The one use that counts: <c>jwt-svid</c> in the bundle of a SPIFFE trust domain (R67).</param>
    public static VerificationKeySet? Read(ReadOnlySpan<byte> json, out string fault, SigningAlgorithm? rsaAlgorithm = null, string use = "sig")
    {
        try
        {
            return ReadSet(json, out fault, rsaAlgorithm, use);
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException)
        {
            fault = "it is not one JSON object";

            return null;
        }
    }

    /// <summary>The key that the header names; without a <c>kid</c>, the one that fits its algorithm if it is the only one (R85).</summary>
    public static VerificationKey? Select(CompactJws jws, IReadOnlyList<VerificationKey> keys, out FailedCheck? failed)
    {
        VerificationKey? found = null;
        failed = null;

        foreach (var key in keys)
        {
            if (jws.Kid is null ? key.Algorithm == jws.Algorithm : key.Kid == jws.Kid)
            {
                if (found is not null)
                {
                    failed = new FailedCheck(
                        "key-known", "the header has no kid, and several keys fit its algorithm", Expected: Known(keys), Hint: "have the client set kid in the header");

                    return null;
                }

                found = key;
            }
        }

        if (found is null)
        {
            failed = jws.Kid is null
                ? new FailedCheck("key-known", "no key is for this algorithm", jws.Algorithm.Name, Known(keys), "add the client's public key, or have it sign with the algorithm of its key")
                : new FailedCheck("key-known", "the kid is none of the known keys'", jws.Kid, Known(keys), "add the key with this kid, or have the client sign with a known one");
        }
        else if (found.Algorithm != jws.Algorithm)
        {
            failed = new FailedCheck(
                "key-algorithm", "the key is for another algorithm", jws.Algorithm.Name, found.Algorithm.Name, "have the client sign with the algorithm of its key, or add the key for the other algorithm");
        }

        return failed is null ? found : null;
    }

    private static string Known(IReadOnlyList<VerificationKey> keys) =>
        keys.Count == 0 ? "there are no keys" : string.Join(", ", keys.Take(20).Select(k => $"{k.Kid ?? "(no kid)"} ({k.Algorithm})"));

    private static VerificationKeySet? ReadSet(ReadOnlySpan<byte> json, out string fault, SigningAlgorithm? rsaAlgorithm, string use)
    {
        var reader = new Utf8JsonReader(json, new JsonReaderOptions { MaxDepth = 16 });
        List<VerificationKey>? keys = null;
        fault = "it is not a JSON object";

        if (!reader.Read() || reader.TokenType != JsonTokenType.StartObject)
        {
            return null;
        }

        while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
        {
            var isKeys = reader.ValueTextEquals("keys"u8);
            reader.Read();

            if (!isKeys)
            {
                reader.Skip();
                continue;
            }

            if (keys is not null)
            {
                fault = "keys stands twice";

                return null;
            }

            keys = ReadKeys(json, ref reader, out fault, rsaAlgorithm, use);

            if (keys is null)
            {
                return null;
            }
        }

        // Whatever follows the object throws.
        reader.Read();
        fault = keys is null ? "it has no member keys" : "";

        return keys is null ? null : new VerificationKeySet(keys);
    }

    private static List<VerificationKey>? ReadKeys(
        ReadOnlySpan<byte> json, ref Utf8JsonReader reader, out string fault, SigningAlgorithm? rsaAlgorithm, string use)
    {
        var keys = new List<VerificationKey>();
        var kids = new HashSet<string>(StringComparer.Ordinal);
        const string NoList = "keys is not a list of objects";
        fault = NoList;

        if (reader.TokenType != JsonTokenType.StartArray)
        {
            return null;
        }

        for (var count = 0; reader.Read() && reader.TokenType != JsonTokenType.EndArray; count++)
        {
            if (reader.TokenType != JsonTokenType.StartObject)
            {
                fault = NoList;

                return null;
            }

            if (count == MostKeys)
            {
                fault = $"it has more than {MostKeys} keys";

                return null;
            }

            var start = (int)reader.TokenStartIndex;
            reader.Skip();

            if (JwkReader.Read(json[start..(int)reader.BytesConsumed], out fault) is not { } jwk)
            {
                return null;
            }

            if (jwk.HasPrivate || jwk.Text("kty") == "oct")
            {
                fault = "a key of the set is private or symmetric";

                return null;
            }

            if (jwk.Text("kid") is { } kid && !kids.Add(kid))
            {
                fault = "two keys of the set have the same kid";

                return null;
            }

            if (VerificationKey.FromJwk(jwk, out _, rsaAlgorithm, use) is { } key)
            {
                keys.Add(key);
            }
        }

        return keys;
    }
}
