using System.Globalization;
using System.Text.Json;
using System.Text.Json.Serialization;
using System.Text.Json.Serialization.Metadata;

namespace Countersign.Server.Admin;

/// <summary>How the admin API reads and writes JSON: strict, snake_case, times in UTC.</summary>
internal static class AdminJson
{
    public static readonly JsonSerializerOptions Options = Create();

    public static void Configure(JsonSerializerOptions options)
    {
        options.PropertyNamingPolicy = JsonNamingPolicy.SnakeCaseLower;
        options.PropertyNameCaseInsensitive = false;
        options.UnmappedMemberHandling = JsonUnmappedMemberHandling.Disallow;
        options.AllowDuplicateProperties = false;
        options.NumberHandling = JsonNumberHandling.Strict;
        options.RespectNullableAnnotations = true;
        options.RespectRequiredConstructorParameters = true;
        options.MaxDepth = 32;
        options.Converters.Add(new UtcConverter());
        options.Converters.Add(new PatchConverter());
        options.TypeInfoResolver = (options.TypeInfoResolver ?? new DefaultJsonTypeInfoResolver()).WithAddedModifier(RefuseNullElements);
    }

    private static JsonSerializerOptions Create()
    {
        var options = new JsonSerializerOptions(JsonSerializerDefaults.Web);
        Configure(options);

        return options;
    }

    // The serialiser's own check of nullability does not look into arrays.
    private static void RefuseNullElements(JsonTypeInfo type)
    {
        if (type.Kind != JsonTypeInfoKind.Object)
        {
            return;
        }

        var lists = type.Properties.Where(p => p.PropertyType.IsArray && p.Get is not null).Select(p => p.Get!).ToArray();

        if (lists.Length > 0)
        {
            type.OnDeserialized = made =>
            {
                foreach (var list in lists)
                {
                    RefuseNullElements(list(made));
                }
            };
        }
    }

    private static void RefuseNullElements(object? list)
    {
        if (list is object?[] items && Array.IndexOf(items, null) >= 0)
        {
            throw new JsonException("a list holds a null");
        }
    }

    private sealed class UtcConverter : JsonConverter<DateTimeOffset>
    {
        public override DateTimeOffset Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options) =>
            reader.TokenType == JsonTokenType.String && reader.TryGetDateTimeOffset(out var time) && HasOffset(reader.GetString()!)
                ? time.ToUniversalTime()
                : throw new JsonException("a time is written in ISO 8601 with its offset: 2027-01-31T12:00:00Z");

        // Without one the time would be taken as the server's own.
        private static bool HasOffset(string text) => text[^1] == 'Z' || (text.Contains('T', StringComparison.Ordinal) && text.Length > 6 && text[^6] is '+' or '-');

        public override void Write(Utf8JsonWriter writer, DateTimeOffset value, JsonSerializerOptions options) =>
            writer.WriteStringValue(value.UtcDateTime.ToString("yyyy-MM-dd'T'HH:mm:ss.FFFFFF'Z'", CultureInfo.InvariantCulture));
    }

    private sealed class PatchConverter : JsonConverterFactory
    {
        public override bool CanConvert(Type typeToConvert) => typeToConvert.IsGenericType && typeToConvert.GetGenericTypeDefinition() == typeof(Patch<>);

        public override JsonConverter CreateConverter(Type typeToConvert, JsonSerializerOptions options) =>
            (JsonConverter)Activator.CreateInstance(typeof(Of<>).MakeGenericType(typeToConvert.GetGenericArguments()))!;

        private sealed class Of<T> : JsonConverter<Patch<T>>
        {
            public override bool HandleNull => true;

            public override Patch<T> Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options)
            {
                var value = JsonSerializer.Deserialize<T>(ref reader, options);
                RefuseNullElements(value);

                return new Patch<T>(value);
            }

            public override void Write(Utf8JsonWriter writer, Patch<T> value, JsonSerializerOptions options) =>
                JsonSerializer.Serialize(writer, value.Value, options);
        }
    }
}

/// <summary>A member of a merge patch (RFC 7396): absent, or there, perhaps as null.</summary>
internal readonly struct Patch<T>(T? value)
{
    public bool IsSet { get; } = true;

    public T? Value { get; } = value;

    public bool Is(out T? value)
    {
        value = Value;

        return IsSet;
    }
}
