using System.Globalization;
using System.Text.Json;

namespace Countersign.Cel.Tests.Vectors;

/// <summary>The values and types of the conformance data.</summary>
internal static class VectorValue
{
    public static CelValue Of(JsonElement json)
    {
        var member = json.EnumerateObject().Single();
        var value = member.Value;

        return member.Name switch
        {
            "nullValue" => CelValue.Null,
            "boolValue" => CelValue.Of(value.GetBoolean()),
            "int64Value" => CelValue.Of(long.Parse(value.GetString()!, CultureInfo.InvariantCulture)),
            "uint64Value" => CelValue.Of(ulong.Parse(value.GetString()!, CultureInfo.InvariantCulture)),
            "doubleValue" => CelValue.Of(value.ValueKind == JsonValueKind.String ? double.Parse(value.GetString()!, CultureInfo.InvariantCulture) : value.GetDouble()),
            "stringValue" => CelValue.Of(value.GetString()!),
            "bytesValue" => CelValue.Of(value.GetBytesFromBase64()),
            "listValue" => CelValue.Of(value.TryGetProperty("values", out var values) ? values.EnumerateArray().Select(Of).ToArray() : []),
            "mapValue" => CelValue.Of(Map(value)),
            "typeValue" => CelValue.Of(CelType.ByName(value.GetString()!) ?? throw new FormatException(value.GetString())),
            _ => throw new FormatException(member.Name),
        };
    }

    public static CelType Type(JsonElement json)
    {
        var member = json.EnumerateObject().Single();

        return member.Name switch
        {
            "primitive" => member.Value.GetString() switch
            {
                "INT64" => CelType.Int,
                "STRING" => CelType.String,
                "UINT64" => CelType.Uint,
                "DOUBLE" => CelType.Double,
                "BYTES" => CelType.Bytes,
                "BOOL" => CelType.Bool,
                var other => throw new FormatException(other),
            },
            "null" => CelType.Null,
            "listType" => CelType.List(Type(member.Value.GetProperty("elemType"))),
            "mapType" => CelType.Map(Type(member.Value.GetProperty("keyType")), Type(member.Value.GetProperty("valueType"))),
            _ => throw new FormatException(member.Name),
        };
    }

    /// <summary>The same kind and the same value, NaN being the same as itself.</summary>
    public static bool AreSame(CelValue one, CelValue other) => one.Kind == other.Kind && one.Kind switch
    {
        CelKind.Double => one.AsDouble().Equals(other.AsDouble()) || one.AsDouble() == other.AsDouble(),
        CelKind.List => one.AsList().Count == other.AsList().Count && one.AsList().Zip(other.AsList(), AreSame).All(same => same),
        CelKind.Map => one.Map.Count == other.Map.Count && one.AsMap().All(entry => other.Map.Find(entry.Key, out var value) && AreSame(entry.Value, value)),
        _ => one.IsEqualTo(other),
    };

    private static CelMap Map(JsonElement json)
    {
        var map = new CelMap();

        if (json.TryGetProperty("entries", out var entries))
        {
            foreach (var entry in entries.EnumerateArray())
            {
                map.Set(Of(entry.GetProperty("key")), Of(entry.GetProperty("value")));
            }
        }

        return map;
    }
}
