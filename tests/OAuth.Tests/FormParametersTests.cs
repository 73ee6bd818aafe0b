using System.Diagnostics;
using System.Text;

namespace Countersign.OAuth.Tests;

public sealed class FormParametersTests
{
    [Fact]
    [Trait("R", "13")]
    public void A_body_gives_its_parameters()
    {
        var form = Decode("grant_type=client_credentials&scope=read+write%20all&client_secret=a%2Bb%3dc").Value();

        Assert.Equal("client_credentials", form.Text("grant_type"u8));
        Assert.Equal("read write all", form.Text("scope"u8));
        Assert.Equal("a+b=c", Some.Text(form.Value("client_secret"u8)));
        Assert.True(form.Has("scope"u8));
        Assert.False(form.Has("resource"u8));
        Assert.Null(form.Text("resource"u8));
        Assert.True(form.Value("resource"u8).IsEmpty);
        Assert.Empty(form.Texts("resource"u8));
    }

    [Theory]
    [InlineData("")]
    [InlineData("&")]
    [InlineData("&&&")]
    public void A_body_without_parameters_is_an_empty_form(string body) => Assert.False(Decode(body).Value().Has(""u8));

    [Theory]
    [Trait("R", "22")]
    [InlineData("scope=")]
    [InlineData("scope")]
    [InlineData("a=b&scope=&c=d")]
    public void An_empty_value_counts_as_absent(string body)
    {
        var form = Decode(body).Value();

        Assert.False(form.Has("scope"u8));
        Assert.Null(form.Text("scope"u8));
        Assert.Empty(form.Texts("scope"u8));
    }

    [Fact]
    [Trait("R", "13")]
    public void Names_are_case_sensitive()
    {
        var form = Decode("Grant_Type=a&GRANT_TYPE=b&grant_type=c").Value();

        Assert.Equal("c", form.Text("grant_type"u8));
        Assert.Equal("a", form.Text("Grant_Type"u8));
        Assert.False(form.Has("grant_typ"u8));
        Assert.False(form.Has("grant_type "u8));
    }

    [Fact]
    [Trait("R", "13")]
    public void A_semicolon_does_not_separate()
    {
        var form = Decode("scope=a;client_id=b").Value();

        Assert.Equal("a;client_id=b", form.Text("scope"u8));
        Assert.False(form.Has("client_id"u8));
    }

    [Fact]
    public void A_value_may_hold_an_equals_sign() => Assert.Equal("b=c=", Decode("a=b=c=").Value().Text("a"u8));

    [Theory]
    [Trait("R", "12")]
    [InlineData("a=%")]
    [InlineData("a=%4")]
    [InlineData("a=%4&b=1")]
    [InlineData("a=%&41=1")]
    [InlineData("a=%G1")]
    [InlineData("a=%1G")]
    [InlineData("a=% 41")]
    [InlineData("a=%+1")]
    [InlineData("a=%u0041")]
    [InlineData("a=100%")]
    [InlineData("%=a")]
    [InlineData("%4")]
    [InlineData("good=1&a%zz=b")]
    public void A_malformed_escape_is_refused(string body) =>
        Assert.Equal(FormEncoding.BadEscape, Decode(body).Refused("invalid_request", "form-syntax").Failed.Detail);

    [Theory]
    [Trait("R", "12")]
    [InlineData("a=%FF")]
    [InlineData("a=%C3")]
    [InlineData("a=%C3&b=%A4")]
    [InlineData("a=%C0%80")]
    [InlineData("a=%C1%BF")]
    [InlineData("a=%E0%80%80")]
    [InlineData("a=%ED%A0%80")]
    [InlineData("a=%F4%90%80%80")]
    [InlineData("a=%80")]
    [InlineData("%E4=b")]
    public void Escaped_text_that_is_not_UTF8_is_refused(string body) =>
        Assert.Equal(FormEncoding.NotUtf8, Decode(body).Refused("invalid_request", "form-syntax").Failed.Detail);

    [Theory]
    [Trait("R", "12")]
    [InlineData(new byte[] { (byte)'a', (byte)'=', 0xFF })]
    [InlineData(new byte[] { (byte)'a', (byte)'=', 0xC3 })]
    [InlineData(new byte[] { (byte)'a', 0xE4, (byte)'=', (byte)'b' })]
    [InlineData(new byte[] { (byte)'a', (byte)'=', 0xC3, (byte)'%', (byte)'A', (byte)'4' })]
    public void Raw_text_that_is_not_UTF8_is_refused(byte[] body) =>
        Assert.Equal(FormEncoding.NotUtf8, FormParameters.Decode(body).Refused("invalid_request", "form-syntax").Failed.Detail);

    [Fact]
    [Trait("R", "12")]
    public void Every_control_character_is_refused_raw_and_escaped_in_names_and_values()
    {
        foreach (var control in Enumerable.Range(0, 0xA0).Select(c => (char)c).Where(char.IsControl))
        {
            var escaped = Uri.EscapeDataString(control.ToString());

            Assert.All([$"a=x{control}y", $"a{control}=y", $"a=x{escaped}y", $"{escaped}=y", $"%C3%A4={escaped}", $"a=ä{control}"], body =>
                Assert.Equal(FormEncoding.HasControl, Decode(body).Refused("invalid_request", "form-syntax").Failed.Detail));
        }
    }

    [Theory]
    [InlineData("a=%C3%A4%E2%82%AC%F0%9F%98%80", "ä€😀")]
    [InlineData("a=ä€😀", "ä€😀")]
    [InlineData("a=ä%20+%c2%a0", "ä  \u00A0")]
    [InlineData("a=%EF%BB%BFb", "\uFEFFb")]
    public void Text_beyond_ASCII_is_kept(string body, string value) => Assert.Equal(value, Decode(body).Value().Text("a"u8));

    [Theory]
    [Trait("R", "23")]
    [InlineData("scope=a&scope=b")]
    [InlineData("scope=a&scope=a")]
    [InlineData("scope=a&scope=")]
    [InlineData("scope=&scope=")]
    [InlineData("scope&scope")]
    [InlineData("scope&scope=a")]
    [InlineData("scope=a&sc%6Fpe=a")]
    [InlineData("unknown=1&a=2&unknown=1")]
    [InlineData("=1&=2")]
    [InlineData("audience=1&audience=2")]
    public void A_repeated_parameter_is_refused(string body) =>
        FormParameters.Decode(Some.Utf8(body), "resource").Refused("invalid_request", "form-parameter-once");

    [Theory]
    [Trait("R", "23")]
    [InlineData(2)]
    [InlineData(15)]
    [InlineData(16)]
    [InlineData(17)]
    [InlineData(18)]
    [InlineData(1000)]
    public void A_repeated_parameter_is_found_among_many(int count)
    {
        var names = Enumerable.Range(1, count - 1).Select(i => $"p{i}=x").ToArray();

        Decode(string.Join('&', names)).Value();

        for (var i = 0; i < names.Length; i += 1 + (names.Length / 20))
        {
            Decode(string.Join('&', [.. names, names[i]])).Refused("invalid_request", "form-parameter-once");
            Decode(string.Join('&', [names[i], .. names])).Refused("invalid_request", "form-parameter-once");
        }
    }

    [Fact]
    [Trait("R", "23")]
    public void A_repeatable_parameter_may_repeat_among_few_and_among_many()
    {
        const string Few = "resource=b&a=1&resource=&resource=a&resource=b";
        var many = Few + string.Concat(Enumerable.Range(0, 50).Select(i => $"&p{i}=x"));

        Assert.All([Few, many], body =>
        {
            var form = FormParameters.Decode(Some.Utf8(body), "audience", "resource").Value();
            Assert.Equal(["b", "a", "b"], form.Texts("resource"u8));
            Assert.Equal("b", form.Text("resource"u8));
            Decode(body).Refused("invalid_request", "form-parameter-once");
        });
    }

    [Fact]
    [Trait("R", "22")]
    public void A_repeatable_parameter_is_present_when_any_value_is() =>
        Assert.True(FormParameters.Decode("resource=&resource=a"u8, "resource").Value().Has("resource"u8));

    [Fact]
    [Trait("R", "24")]
    public void A_great_many_parameters_take_no_quadratic_time()
    {
        // 300,000 names, many alike in length and beginning: compared each with each they would take minutes.
        var body = Some.Utf8(string.Join('&', Enumerable.Range(0, 300_000).Select(i => $"parameter_{i:D6}=")));
        var watch = Stopwatch.StartNew();

        FormParameters.Decode(body).Value();

        Assert.True(watch.Elapsed < TimeSpan.FromSeconds(5), $"{watch.Elapsed}");
    }

    [Fact]
    [Trait("R", "24")]
    public void A_refusal_shows_a_parameter_name_and_never_a_value()
    {
        var error = Decode("client_secret=hunter2&client_secret=hunter3").Refused("invalid_request", "form-parameter-once");
        Assert.Equal("client_secret", error.Failed.Got);
        Assert.DoesNotContain("hunter", error.ToString());

        var mistaken = Decode("cs_secret_4f&cs_secret_4f").Refused("invalid_request", "form-parameter-once");
        Assert.DoesNotContain("4f", mistaken.ToString());
        Assert.DoesNotContain("hunter", Decode("client_secret=hunter2").Value().ToString());
    }

    [Fact]
    public void Decoding_and_reading_allocates_little()
    {
        var body = Some.Utf8("grant_type=client_credentials&client_id=reporting-job&client_secret=cs_secret_0123456789&scope=read+write");

        Assert.InRange(Some.AllocatedBy(() => FormParameters.Decode(body, "resource")), 1, 320);

        var form = FormParameters.Decode(body).Value();
        Assert.Equal(0, Some.AllocatedBy(() => form.Has("scope"u8)));
        Assert.Equal(0, Some.AllocatedBy(() => form.Value("client_secret"u8)));
        Assert.Equal(0, Some.AllocatedBy(() => form.Texts("resource"u8)));
    }

    internal static Result<FormParameters> Decode(string body) => FormParameters.Decode(Encoding.UTF8.GetBytes(body));
}
