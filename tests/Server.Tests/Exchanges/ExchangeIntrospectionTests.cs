using System.Text;
using System.Text.Json;
using Countersign.Server.Tests.Framework;

namespace Countersign.Server.Tests.Exchanges;

/// <summary>What introspection shows of an exchange: who acts, and nothing of what the token went through.</summary>
public sealed class ExchangeIntrospectionTests(SharedServer shared) : IClassFixture<SharedServer>
{
    [Theory]
    [InlineData("jwt")]
    [InlineData("opaque")]
    [Trait("R", "110")]
    [Trait("R", "154")]
    public async Task Both_forms_of_the_answer_show_the_actors_and_not_the_exchanges(string format)
    {
        var gateway = await Gateway.MakeAsync(shared.Server);
        await gateway.AdminAsync(HttpMethod.Patch, $"/apis/{gateway.Orders.Id}", new { access_token = new { format } });
        var second = await TestAccount.CreateAsync(shared.Server, granted: false);
        await gateway.RuleAsync(second, [(gateway.Orders, ["read"])]);
        var token = Gateway.Token(await gateway.ExchangeAsync(second, await gateway.ExchangedAsync(await gateway.TokenAsync())));

        var plain = await gateway.ReadAsync(token);
        var signed = await SignedAsync(gateway, token);

        Assert.Equal($$$"""{"sub":"{{{second.Id}}}","act":{"sub":"{{{gateway.Client.Id}}}"}}""", plain.GetProperty("act").GetRawText());
        Assert.False(plain.TryGetProperty("via", out _));
        Assert.Equal(plain.GetRawText(), signed.GetProperty("token_introspection").GetRawText());
        Assert.False(signed.TryGetProperty("act", out _));
    }

    private static async Task<JsonElement> SignedAsync(Gateway gateway, string token)
    {
        var admin = gateway.Server.Demo.Admin;
        var request = TestServer.Form("/oauth2/introspect", ("token", token));
        request.Headers.Authorization = TestServer.Basic(admin.ClientId, admin.ClientSecret);
        request.Headers.TryAddWithoutValidation("Accept", "application/token-introspection+jwt");
        var answer = await gateway.Server.SendAsync(request);

        return JsonElement.Parse(Encoding.UTF8.GetString(System.Buffers.Text.Base64Url.DecodeFromChars(answer.Body.Split('.')[1])));
    }
}
