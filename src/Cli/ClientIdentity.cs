using System.Net.Http.Headers;
using System.Text;
using Countersign.Cli.Keys;
using Countersign.OAuth;

namespace Countersign.Cli;

/// <summary>As whom a token is asked for: a client id with its secret or a key that signs in place of one, or a JWT of another issuer.</summary>
internal sealed class ClientIdentity : IDisposable
{
    private const string AssertionType = "urn:ietf:params:oauth:client-assertion-type:";
    private const string JwtBearer = "jwt-bearer";

    private readonly string? _secret;
    private readonly SigningKey? _key;
    private readonly string? _jwt;
    private readonly string _type = JwtBearer;

    public ClientIdentity(string clientId, string secret) => (ClientId, _secret) = (clientId, secret);

    public ClientIdentity(string clientId, SigningKey key) => (ClientId, _key) = (clientId, key);

    private ClientIdentity(string? clientId, string jwt, string type) => (ClientId, _jwt, _type) = (clientId, jwt, type);

    /// <summary>None where a JWT of another issuer says it all.</summary>
    public string? ClientId { get; }

    public static ClientIdentity ByJwt(string? clientId, string jwt, string type) => new(clientId, jwt, type);

    public void Dispose() => _key?.Dispose();

    public override string ToString() => ClientId ?? "the JWT";

    /// <summary>The assertion that is a grant by itself; null when there is no key to sign it.</summary>
    public string? Grant(string audience, DateTimeOffset now) => _jwt ?? Signed(audience, now);

    /// <summary>Adds to the request what proves the client.</summary>
    public void Prove(HttpRequestMessage request, List<KeyValuePair<string, string>> form, string audience, DateTimeOffset now)
    {
        if (Grant(audience, now) is { } assertion)
        {
            if (ClientId is not null)
            {
                form.Add(new("client_id", ClientId));
            }

            form.Add(new("client_assertion_type", AssertionType + _type));
            form.Add(new("client_assertion", assertion));

            return;
        }

        // RFC 6749 §2.3.1: both parts are form-encoded before they are joined.
        var credentials = $"{Uri.EscapeDataString(ClientId!)}:{Uri.EscapeDataString(_secret!)}";
        request.Headers.Authorization = new AuthenticationHeaderValue("Basic", Convert.ToBase64String(Encoding.UTF8.GetBytes(credentials)));
    }

    private string? Signed(string audience, DateTimeOffset now) => _key is null ? null : ClientAssertion.Sign(_key, ClientId!, audience, now);
}
