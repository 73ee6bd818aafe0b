using System.Text.Json;

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
    public async Task<JsonElement> AskAsync(
        Uri endpoint, ClientIdentity client, string audience, string grantType, IEnumerable<KeyValuePair<string, string>> more, CancellationToken ct)
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, endpoint);
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

        using var response = await Wire.SendAsync(http, request, ct);
        var body = await Wire.ReadJsonAsync(response, ct);

        if (!response.IsSuccessStatusCode)
        {
            throw Problem.Of(response.StatusCode, body).Fault($"No token for {client} at {endpoint.GetLeftPart(UriPartial.Authority)}.");
        }

        return body is { } answer && Json.Text(answer, "access_token") is not null
            ? answer
            : throw CommandFault.Refused("the token endpoint's answer holds no access_token");
    }
}
