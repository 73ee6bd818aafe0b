using System.Net;
using System.Text;
using FsCheck;
using FsCheck.Fluent;

namespace Countersign.OAuth.Tests;

public sealed class FormParametersProperties
{
    private static readonly Arbitrary<byte[]> Bodies = Gen.Elements(Some.Utf8("%%%&&&==+;abAB0129fFC3A4\0\u007fé "))
        .ListOf().Select(bytes => bytes.ToArray()).ToArbitrary();

    private static readonly Arbitrary<string[]> Texts = Gen.Elements(
            "a", " ", "%", "&", "=", "+", ";", "/", "?", "#", "~", "\"", "\\", "ä", "€", "😀", "\u00A0", "Z", "9")
        .ListOf().Select(parts => string.Concat(parts)).ArrayOf().ToArbitrary();

    [Fact]
    [Trait("R", "12")]
    public void Any_bytes_are_decoded_or_refused_and_never_throw() => Property.Holds(Bodies, body =>
    {
        var decoded = FormParameters.Decode(body).Is(out _, out var error);

        return decoded || error!.Code == "invalid_request";
    });

    [Fact]
    [Trait("R", "12")]
    [Trait("R", "23")]
    public void It_agrees_with_a_plain_decoder() => Property.Holds(Bodies, body =>
    {
        var expected = PlainDecoder.Decode(body);
        var decoded = FormParameters.Decode(body).Is(out var form, out _);

        return expected is null ? !decoded : decoded && expected.All(pair =>
            form!.Has(Some.Utf8(pair.Key)) == (pair.Value.Length > 0) && (form.Text(Some.Utf8(pair.Key)) ?? "") == pair.Value);
    });

    [Fact]
    public void What_a_form_encoder_writes_is_read_back() => Property.Holds(Texts, texts =>
    {
        var body = string.Join('&', texts.Select((text, i) => $"{WebUtility.UrlEncode($"näme {i}")}={WebUtility.UrlEncode(text)}"));
        var form = FormParametersTests.Decode(body).Value();

        return texts.Select((text, i) => (form.Text(Some.Utf8($"näme {i}")) ?? "") == text).All(same => same);
    });

    /// <summary>The rules once more, slowly and with strings. Null when the body is refused.</summary>
    private static class PlainDecoder
    {
        private static readonly UTF8Encoding Strict = new(false, true);

        public static Dictionary<string, string>? Decode(byte[] body)
        {
            var parameters = new Dictionary<string, string>();

            try
            {
                foreach (var pair in Strict.GetString(body).Split('&').Where(pair => pair.Length > 0))
                {
                    var at = pair.IndexOf('=');
                    parameters.Add(Unescape(at < 0 ? pair : pair[..at]), Unescape(at < 0 ? "" : pair[(at + 1)..]));
                }
            }
            catch (ArgumentException)
            {
                return null;
            }
            catch (FormatException)
            {
                return null;
            }

            return parameters;
        }

        private static string Unescape(string text)
        {
            var bytes = new List<byte>();
            var raw = Strict.GetBytes(text.Replace('+', ' '));

            for (var i = 0; i < raw.Length; i++)
            {
                var escape = i + 2 < raw.Length ? Encoding.Latin1.GetString(raw, i + 1, 2) : "?";
                bytes.Add(raw[i] == '%' ? Convert.FromHexString(escape)[0] : raw[i]);
                i += raw[i] == '%' ? 2 : 0;
            }

            var unescaped = Strict.GetString([.. bytes]);

            return unescaped.Any(char.IsControl) ? throw new FormatException("control character") : unescaped;
        }
    }
}
