using System.Text.Json;

namespace Countersign.OAuth.Tests.Vectors;

public sealed class JsonWebVectorTests
{
    private const string Symmetric = "R76: no HMAC key is taken";
    private const string OtherPss = "the key is for PS256, the header says PS384 (RFC 7520 figure 20)";
    private const string NoSuchName = "the key is for ES521, which is no registered name";
    private const string NoPayload = "R71: no segment may be empty, a detached payload looks the same";
    private const string Roca = "the weakness of the modulus shows only to a test for its fingerprint";

    // Where our answer is another one than the file's, and why.
    private static readonly Dictionary<string, Dictionary<int, string>> s_exceptions = new()
    {
        ["json_web_signature"] = new()
        {
            [346] = OtherPss,
            [350] = OtherPss,
            [347] = NoSuchName,
            [351] = NoSuchName,
            [259] = NoPayload,
            [264] = NoPayload,
            [268] = NoPayload,
            [272] = NoPayload,
            [320] = NoPayload,
            [325] = NoPayload,
            [1] = Symmetric,
            [348] = Symmetric,
            [352] = Symmetric,
            [357] = Symmetric,
            [358] = Symmetric,
            [359] = Symmetric,
            [376] = Symmetric,
            [377] = Symmetric,
            // Marked valid although a question mark stands in the base64url.
            [372] = Symmetric,
            [373] = Symmetric,
        },
        ["json_web_key"] = new() { [2] = Symmetric, [13] = Symmetric, [14] = Symmetric, [15] = Symmetric, [7] = Roca },
        ["json_web_crypto"] = new() { [1] = Symmetric, [48] = Symmetric, [46] = Roca },
    };

    [Theory]
    [InlineData("json_web_signature", 401, 26)]
    [InlineData("json_web_key", 26, 2)]
    [InlineData("json_web_crypto", 49, 3)]
    [Trait("R", "95")]
    public void Signed_messages_get_the_expected_answer(string file, int count, int good)
    {
        var answers = Answers(file);
        var exceptions = s_exceptions[file];

        // With none that verifies, all the refusals would mean nothing.
        Assert.Equal((count, good), (answers.Count, answers.Count(a => a.Failed is null)));
        Assert.Equal(
            exceptions.Keys.Order(),
            answers.Where(a => a.Test.Text("result") == "valid" != a.Failed is null).Select(a => a.Test.Number()).Order());
        Assert.All(answers, a => Assert.True(
            exceptions.GetValueOrDefault(a.Test.Number()) switch
            {
                Symmetric => a.Failed == "key" && a.Group.GetProperty("private").GetRawText().Contains("\"oct\""),
                NoSuchName => a.Failed == "key",
                OtherPss => a.Failed == "key-algorithm",
                NoPayload => a.Failed == "assertion-form",
                _ => true,
            },
            $"{a.Test.Number()}: {a.Failed}"));
    }

    [Fact]
    [Trait("R", "95")]
    public void A_signature_over_nothing_is_refused_for_its_form_alone()
    {
        var empty = Answers("json_web_signature").Where(a => s_exceptions["json_web_signature"].GetValueOrDefault(a.Test.Number()) == NoPayload).ToList();

        Assert.Equal(6, empty.Count);
        Assert.All(empty, a =>
        {
            var text = a.Test.Text("jws");
            var last = text.LastIndexOf('.');
            var key = Assert.Single(ByteVerifier.Keys(ByteVerifier.PublicOf(a.Group), out _)!);
            Assert.True(key.Verify(Some.Utf8(text[..last]), StrictBase64Url.Decode(text.AsSpan(last + 1))));
        });
    }

    [Theory]
    [InlineData("json_web_signature")]
    [InlineData("json_web_key")]
    [InlineData("json_web_crypto")]
    [InlineData("json_web_encryption")]
    [Trait("R", "86")]
    public void A_private_or_symmetric_key_is_refused_as_a_public_one(string file) =>
        Assert.All(VectorFile.Groups(file), group =>
        {
            Assert.Null(ByteVerifier.Keys(group.Group.GetProperty("private"), out var fault));
            Assert.NotEmpty(fault);
        });

    [Theory]
    [InlineData("json_web_encryption", 139)]
    [InlineData("json_web_crypto", 34)]
    [Trait("R", "87")]
    [Trait("R", "95")]
    public void No_encrypted_message_is_taken(string file, int count)
    {
        var encrypted = VectorFile.Groups(file).SelectMany(group => group.Tests).Where(test => test.TryGetProperty("jwe", out _)).ToList();

        Assert.Equal(count, encrypted.Count);
        Assert.All(encrypted, test =>
        {
            Assert.Null(CompactJws.Parse(Message(test.GetProperty("jwe")), out var failed));
            Assert.Equal("assertion-form", failed!.Check);
        });
    }

    private static List<(JsonElement Group, JsonElement Test, string? Failed)> Answers(string file) =>
    [
        .. from @group in VectorFile.Groups(file)
           from test in @group.Tests
           where test.TryGetProperty("jws", out _)
           select (@group.Group, test, ByteVerifier.Failed(ByteVerifier.PublicOf(@group.Group), Message(test.GetProperty("jws")))),
    ];

    // A few are in the JSON form, which is an object.
    private static byte[] Message(JsonElement message) => Some.Utf8(message.ValueKind == JsonValueKind.String ? message.GetString()! : message.GetRawText());
}
