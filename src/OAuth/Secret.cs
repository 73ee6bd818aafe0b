using System.Diagnostics;
using System.Text;
using System.Text.Json;
using System.Text.Json.Serialization;

namespace Countersign.OAuth;

/// <summary>Text that neither interpolation nor a serialiser nor a debugger shows. The two Reveal methods are the only way to it.</summary>
[DebuggerDisplay("(secret)")]
[JsonConverter(typeof(NeverWritten))]
public sealed class Secret
{
    [DebuggerBrowsable(DebuggerBrowsableState.Never)]
    private readonly byte[] _utf8;

    private Secret(byte[] utf8) => _utf8 = utf8;

    /// <summary>The length in bytes.</summary>
    public int Length => _utf8.Length;

    public static Secret FromUtf8(ReadOnlySpan<byte> utf8) => new(utf8.ToArray());

    public static Secret FromText(string text) => new(Encoding.UTF8.GetBytes(text));

    /// <summary>The text, for hashing and for the one answer that shows it.</summary>
    public ReadOnlySpan<byte> RevealUtf8() => _utf8;

    /// <summary>The text, for the one answer that shows it.</summary>
    public string Reveal() => Encoding.UTF8.GetString(_utf8);

    public override string ToString() => "(secret)";

    // Throws rather than writing a placeholder, so that a response which forgot to reveal fails in its first test.
    private sealed class NeverWritten : JsonConverter<Secret>
    {
        public override Secret Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options) =>
            throw new NotSupportedException("a secret is not read from JSON");

        public override void Write(Utf8JsonWriter writer, Secret value, JsonSerializerOptions options) =>
            throw new NotSupportedException("a secret is not written to JSON");
    }
}
