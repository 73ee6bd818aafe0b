using System.Diagnostics;
using System.Reflection;
using System.Text.Json;
using System.Text.Json.Serialization;

namespace Countersign.OAuth.Tests;

public sealed class SecretTests
{
    private static readonly JsonSerializerOptions WithFields = new() { IncludeFields = true };
    private static readonly Secret Hunter = Secret.FromText("hunter2-ä");

    [Fact]
    public void A_secret_is_shown_only_when_revealed()
    {
        Assert.Equal("hunter2-ä", Hunter.Reveal());
        Assert.Equal("hunter2-ä", Some.Text(Hunter.RevealUtf8()));
        Assert.Equal("hunter2-ä", Secret.FromUtf8(Some.Utf8("hunter2-ä")).Reveal());
        Assert.Equal(10, Hunter.Length);
    }

    [Fact]
    [Trait("R", "43")]
    public void A_secret_does_not_print() => Assert.Equal("(secret) (secret)", $"{Hunter} {(object)Hunter}");

    [Fact]
    [Trait("R", "43")]
    public void A_secret_is_not_written_to_JSON_nor_read_from_it()
    {
        var credential = new BasicCredential("id", Hunter);

        Assert.Throws<NotSupportedException>(() => JsonSerializer.Serialize(Hunter));
        Assert.Throws<NotSupportedException>(() => JsonSerializer.Serialize(new { Hunter }));
        Assert.Throws<NotSupportedException>(() => JsonSerializer.Serialize(credential));
        Assert.Throws<NotSupportedException>(() => JsonSerializer.Serialize(new Dictionary<string, object> { ["s"] = Hunter }));
        Assert.Throws<NotSupportedException>(() => JsonSerializer.Serialize(Hunter, WithFields));
        Assert.Throws<NotSupportedException>(() => JsonSerializer.Deserialize<Secret>("\"hunter2\""));
    }

    [Fact]
    [Trait("R", "43")]
    public void What_holds_a_secret_or_a_key_shows_none_of_it()
    {
        var hash = SecretHash.Create(Hunter);
        using var sealing = Some.SealingKey();
        var token = Some.Token();

        Assert.Equal("(secret hash)", $"{hash}");
        Assert.DoesNotContain(hash.Stored, JsonSerializer.Serialize(hash));
        Assert.DoesNotContain("hunter", $"{new BasicCredential("id", Hunter)}");
        Assert.Equal(The.SealingKeyId.ToString(), $"{sealing}");
        Assert.Equal(The.EcKey.Kid, $"{The.EcKey}");
        Assert.Equal(token.Id.ToString(), $"{token}");
    }

    [Fact]
    [Trait("R", "43")]
    public void A_debugger_shows_no_secret()
    {
        Assert.Equal("(secret)", typeof(Secret).GetCustomAttribute<DebuggerDisplayAttribute>()?.Value);
        Assert.All(typeof(Secret).GetFields(BindingFlags.Instance | BindingFlags.NonPublic), field =>
            Assert.Equal(DebuggerBrowsableState.Never, field.GetCustomAttribute<DebuggerBrowsableAttribute>()?.State));
        Assert.NotNull(typeof(Secret).GetCustomAttribute<JsonConverterAttribute>());
    }

    [Fact]
    public void A_secret_keeps_its_own_copy()
    {
        byte[] text = [.. "hunter2"u8];
        var secret = Secret.FromUtf8(text);
        text[0] = (byte)'X';

        Assert.Equal("hunter2", secret.Reveal());
    }
}
