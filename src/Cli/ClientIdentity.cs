using System.Net.Http.Headers;
using System.Text;
using Countersign.Cli.Keys;
using Countersign.OAuth;

namespace Countersign.Cli;

/// <summary>As whom a token is asked for: a client id, and either its secret or a key that signs in place of one.</summary>
internal sealed class ClientIdentity : IDisposable
{
    private const string AssertionType = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer";

    private readonly string? _secret;
    private readonly SigningKey? _key;

    public ClientIdentity(string clientId, string secret) => (ClientId, _secret) = (clientId, secret);

    public ClientIdentity(string clientId, SigningKey key) => (ClientId, _key) = (clientId, key);

    public string ClientId { get; }

    public void Dispose() => _key?.Dispose();

    public override string ToString() => ClientId;

    /// <summary>The assertion that is a grant by itself; null when there is no key to sign it.</summary>
    public string? Grant(string audience, DateTimeOffset now) => _key is null ? null : ClientAssertion.Sign(_key, ClientId, audience, now);

    /// <summary>Adds to the request what proves the client.</summary>
    public void Prove(HttpRequestMessage request, List<KeyValuePair<string, string>> form, string audience, DateTimeOffset now)
    {
        if (_key is not null)
        {
            form.Add(new("client_id", ClientId));
            form.Add(new("client_assertion_type", AssertionType));
            form.Add(new("client_assertion", ClientAssertion.Sign(_key, ClientId, audience, now)));

            return;
        }

        // RFC 6749 §2.3.1: both parts are form-encoded before they are joined.
        var credentials = $"{Uri.EscapeDataString(ClientId)}:{Uri.EscapeDataString(_secret!)}";
        request.Headers.Authorization = new AuthenticationHeaderValue("Basic", Convert.ToBase64String(Encoding.UTF8.GetBytes(credentials)));
    }
}
