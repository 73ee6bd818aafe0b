namespace Countersign.OAuth.Tests;

public sealed class BasicCredentialTests
{
    private const string AllPrintable =
        " !\"#$%&'()*+,-./0123456789:;<=>?@ABCDEFGHIJKLMNOPQRSTUVWXYZ[\\]^_`abcdefghijklmnopqrstuvwxyz{|}~";

    [Theory]
    [Trait("R", "41")]
    [InlineData("id:secret", "id", "secret")]
    [InlineData("id:", "id", "")]
    [InlineData("id:a:b:c", "id", "a:b:c")]
    [InlineData("urn%3Aid:a%3Ab", "urn:id", "a:b")]
    [InlineData("a+b:c+d%2Be", "a b", "c d+e")]
    [InlineData("id:%C3%A4", "id", "ä")]
    [InlineData("id:ä", "id", "ä")]
    [InlineData("id:=&?", "id", "=&?")]
    public void The_halves_are_divided_at_the_first_colon_and_form_decoded(string pair, string clientId, string secret)
    {
        var credential = Parse(pair).Value();

        Assert.Equal((clientId, secret), (credential.ClientId, credential.Secret.Reveal()));
    }

    [Theory]
    [Trait("R", "41")]
    [InlineData("Basic ")]
    [InlineData("basic ")]
    [InlineData("BASIC    ")]
    public void The_scheme_has_any_case_and_spaces_behind_it(string scheme)
    {
        Assert.Equal("id", BasicCredential.Parse(scheme + "aWQ6c2VjcmV0").Value().ClientId);
        Assert.True(BasicCredential.IsBasic(scheme + "aWQ6c2VjcmV0"));
    }

    [Theory]
    [Trait("R", "41")]
    [InlineData("Basic")]
    [InlineData("Basic ")]
    [InlineData("BasicaWQ6c2VjcmV0")]
    [InlineData("Basic\taWQ6c2VjcmV0")]
    [InlineData("Basic \taWQ6c2VjcmV0")]
    [InlineData("Basic aWQ6c2VjcmV0 ")]
    [InlineData("Basic aWQ6 c2VjcmV0")]
    [InlineData("Basic aWQ6c2VjcmV0\r\n")]
    [InlineData("Basic aWQ6\nc2VjcmV0")]
    [InlineData("Basic aWQ6c2VjcmV0,aWQ6c2VjcmV0")]
    [InlineData("Basic aWQ6c2VjcmV0, Basic aWQ6c2VjcmV0")]
    [InlineData("Basic aWQ6c2Vj=mV0")]
    [InlineData("Basic aWQ6c2VjcmV")]
    [InlineData("Basic aWQ6c2Vjcm")]
    [InlineData("Basic aWQ6c2Vjcg")]
    [InlineData("Basic aWQ6c2Vjcg=")]
    [InlineData("Basic aWQ6c2Vjcg===")]
    [InlineData("Basic aWQ6c2VjcmV0====")]
    [InlineData("Basic ====")]
    [InlineData("Basic aWQ6c2Vjch==")]
    [InlineData("Basic aWQ6c2Vjcn0=x")]
    [InlineData("Basic aWQ6c2VjcmX=")]
    [InlineData("Basic aWQ6_-8=")]
    [InlineData("Basic aWQ6cé==")]
    [InlineData(" Basic aWQ6c2VjcmV0")]
    [InlineData("Bearer aWQ6c2VjcmV0")]
    [InlineData("")]
    public void Anything_but_one_strict_base64_text_is_malformed(string header) =>
        BasicCredential.Parse(header).Refused("invalid_request", "basic-syntax");

    [Theory]
    [Trait("R", "41")]
    [Trait("R", "12")]
    [InlineData("no-colon")]
    [InlineData(":secret")]
    [InlineData(":")]
    [InlineData("id%:secret")]
    [InlineData("id:100%")]
    [InlineData("id:%zz")]
    [InlineData("id:%FF")]
    [InlineData("id:a%00b")]
    [InlineData("id:a\nb")]
    [InlineData("id%C3%A4:secret")]
    [InlineData("idä:secret")]
    [InlineData("id%C2%85:secret")]
    public void A_half_that_does_not_decode_is_malformed(string pair) => Parse(pair).Refused("invalid_request", "basic-syntax");

    [Fact]
    [Trait("R", "12")]
    public void Bytes_that_are_not_UTF8_are_malformed() =>
        BasicCredential.Parse("Basic " + Convert.ToBase64String([.. "id:"u8, 0xE4])).Refused("invalid_request", "basic-syntax");

    [Fact]
    [Trait("R", "42")]
    public void Every_printable_character_passes_encoded_by_Basic_and_by_post()
    {
        Assert.All(AllPrintable.Select(c => c.ToString()).Append(AllPrintable), text =>
        {
            var encoded = System.Net.WebUtility.UrlEncode(text);
            var credential = Parse($"{encoded}:{encoded}").Value();
            Assert.Equal((text, text), (credential.ClientId, credential.Secret.Reveal()));

            var form = FormParametersTests.Decode($"client_id={encoded}&client_secret={encoded}").Value();
            Assert.Equal((text, text), (form.Text("client_id"u8), form.Text("client_secret"u8)));
        });
    }

    [Fact]
    [Trait("R", "42")]
    public void A_generated_secret_passes_unencoded()
    {
        var secret = GeneratedSecret.Create(GeneratedSecret.ClientSecret);
        var credential = Parse($"01935f2a-0000-7000-8000-000000000004:{secret.Reveal()}").Value();

        Assert.Equal(secret.Reveal(), credential.Secret.Reveal());
    }

    [Fact]
    [Trait("R", "26")]
    public void A_client_id_over_255_characters_is_malformed()
    {
        Assert.Equal(255, Parse(new string('a', 255) + ":s").Value().ClientId.Length);
        Parse(new string('a', 256) + ":s").Refused("invalid_request", "basic-syntax");
    }

    [Fact]
    public void A_long_secret_is_read_whole() => Assert.Equal(9000, Parse("id:" + new string('s', 9000)).Value().Secret.Length);

    [Theory]
    [InlineData("Basic", true)]
    [InlineData("basic x", true)]
    [InlineData("Basic\tx", true)]
    [InlineData("Basic,x", true)]
    [InlineData("BasicX", false)]
    [InlineData("Basic-x y", false)]
    [InlineData("Bas", false)]
    [InlineData("Bearer x", false)]
    [InlineData("", false)]
    public void The_scheme_is_told_from_others(string header, bool basic) => Assert.Equal(basic, BasicCredential.IsBasic(header));

    [Fact]
    [Trait("R", "24")]
    public void A_refusal_holds_nothing_of_the_credential()
    {
        var error = Parse("hunter1:hunter2%").Refused("invalid_request", "basic-syntax");

        Assert.DoesNotContain("hunter", error.ToString());
    }

    [Fact]
    [Trait("R", "41")]
    public void Any_header_is_read_or_refused_and_never_throws() => Property.Holds(
        Property.TextOf("=", "==", " ", "+", "/", "A", "Q", "aWQ6", "c2Vj", "JQ==", "é", ",", "\t"),
        text => BasicCredential.Parse("Basic " + text).Is(out _, out var error) || error.Code == "invalid_request",
        tries: 2000);

    [Fact]
    public void Reading_allocates_the_credential_and_nothing_else() =>
        Assert.InRange(Some.AllocatedBy(() => BasicCredential.Parse("Basic aWQ6c2VjcmV0")), 1, 160);

    private static Result<BasicCredential> Parse(string pair) => BasicCredential.Parse("Basic " + Convert.ToBase64String(Some.Utf8(pair)));
}
