using System.Text.Json;
using Countersign.OAuth;

namespace Countersign.Cli;

/// <summary>Asks a token endpoint for tokens.</summary>
internal sealed class TokenClient(HttpClient http, TimeProvider time)
{
    public const string ClientCredentials = "client_credentials";
    public const string JwtBearer = "urn:ietf:params:oauth:grant-type:jwt-bearer";

    /// <param name="endpoint">The token endpoint.</param>
    /// <param name="client">As whom.</param>
    /// <param name="audience">For whom assertions are signed: the server's issuer.</param>
    /// <param name="grantType">One of the two above.</param>
    /// <param name="more">What is asked for: scope, resource.</param>
    /// <param name="ct">Ends the wait.</param>
    /// <param name="dpop">The key to bind the token to (RFC 9449); null: none.</param>
    public async Task<JsonElement> AskAsync(
        Uri endpoint, ClientIdentity client, string audience, string grantType, IReadOnlyList<KeyValuePair<string, string>> more, CancellationToken ct, SigningKey? dpop = null)
    {
        var (response, body) = await SendAsync(null);

        // RFC 9449 §8: the same again with the nonce that the server told, and all that is good once made anew.
        if (dpop is not null && body is { } refused && Json.Text(refused, "error") == "use_dpop_nonce" && response.Headers.TryGetValues("DPoP-Nonce", out var nonces))
        {
            response.Dispose();
            (response, body) = await SendAsync(nonces.First());
        }

        using var last = response;

        if (!response.IsSuccessStatusCode)
        {
            throw Problem.Of(response.StatusCode, body).Fault($"No token for {client} at {endpoint.GetLeftPart(UriPartial.Authority)}.");
        }

        return body is { } answer && Json.Text(answer, "access_token") is not null
            ? answer
            : throw CommandFault.Refused("the token endpoint's answer holds no access_token");

        async Task<(HttpResponseMessage Response, JsonElement? Body)> SendAsync(string? nonce)
        {
            using var request = Request(endpoint, client, audience, grantType, more);

            if (dpop is not null)
            {
                request.Headers.Add("DPoP", DpopProof.Create(dpop, "POST", endpoint, time.GetUtcNow(), nonce));
            }

            var answer = await Wire.SendAsync(http, request, ct);

            return (answer, await Wire.ReadJsonAsync(answer, ct));
        }
    }

    private HttpRequestMessage Request(Uri endpoint, ClientIdentity client, string audience, string grantType, IEnumerable<KeyValuePair<string, string>> more)
    {
        var request = new HttpRequestMessage(HttpMethod.Post, endpoint);
        List<KeyValuePair<string, string>> form = [new("grant_type", grantType), .. more];
        var now = time.GetUtcNow();

        if (grantType == JwtBearer)
        {
            form.Add(new("assertion", client.Grant(audience, now) ?? throw CommandFault.Usage("this grant needs a key: give --key")));
        }
        else
        {
            client.Prove(request, form, audience, now);
        }

        request.Content = new FormUrlEncodedContent(form);

        return request;
    }
}
