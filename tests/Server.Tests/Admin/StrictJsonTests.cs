using System.Net.Http.Headers;
using System.Text;
using System.Text.Json.Nodes;

namespace Countersign.Server.Tests.Admin;

/// <summary>A body is taken as it was agreed on, or not at all.</summary>
public sealed class StrictJsonTests(SharedEstate shared) : IClassFixture<SharedEstate>
{
    private readonly Caller _root = shared.Root;
    private readonly Estate _estate = shared.Estate;

    [Fact]
    [Trait("R", "216")]
    public async Task Members_that_are_unknown_or_read_only_are_refused_on_every_route()
    {
        var before = await Picture.OfAsync(_root, _estate);

        foreach (var route in RouteTable.Routes.Where(r => r.Method is "POST" or "PATCH" or "PUT" && r.Pattern is not ("/signing-keys/{id}/withdraw" or "/service-accounts/{id}/jwks-url/refresh" or "/trusted-issuers/{id}/refresh")))
        {
            foreach (var member in new[]
            {
                "id", "tenant_id", "tenantId", "created_at", "created_by", "createdBy", "version", "built_in", "isSystem", "secret_hash", "secretHash", "last_used_at", "Name", "$type", "__proto__",
            })
            {
                var body = JsonNode.Parse(System.Text.Json.JsonSerializer.Serialize(route.Body?.Invoke(_estate) ?? new { }))!.AsObject();

                if (!body.ContainsKey(member))
                {
                    body[member] = "x";
                    var answer = await _root.SendAsync(new HttpMethod(route.Method), route.Path(_estate), body);
                    Assert.True(answer.Status == 400, $"{route} with {member}: {answer.Status} {answer.Body}");
                }
            }
        }

        // An owner is given once, and a client id is for good.
        Assert.Equal(400, (await _root.PatchAsync($"/service-accounts/{_estate.Account}", new { owner = _estate.Owner })).Status);
        Assert.Equal(400, (await _root.PatchAsync($"/service-accounts/{_estate.Account}", new { client_id = "other" })).Status);
        Assert.Equal(400, (await _root.PatchAsync($"/apis/{_estate.Api}", new { identifier = "urn:example:other" })).Status);
        Assert.Equal(400, (await _root.PatchAsync($"/organizations/{_estate.Organization}", new { group = _estate.Group })).Status);
        Assert.Equal(before, await Picture.OfAsync(_root, _estate));
    }

    [Theory]
    [InlineData("/service-accounts", """{"name":5}""")]
    [InlineData("/service-accounts", """{"name":null}""")]
    [InlineData("/service-accounts", """{}""")]
    [InlineData("/service-accounts", """{"name":["a"]}""")]
    [InlineData("/service-accounts", """{"name":"a","owner":"default"}""")]
    [InlineData("/service-accounts", """{"name":"a","access_token":{"lifetime_seconds":"300"}}""")]
    [InlineData("/service-accounts", """{"name":"a","access_token":{"lifetime_seconds":300.5}}""")]
    [InlineData("/service-accounts", """{"name":"a","access_token":{"lifetime_seconds":99999999999}}""")]
    [InlineData("/service-accounts", """{"name":"a","access_token":{"lifetime_seconds":true}}""")]
    [InlineData("/service-accounts", """{"name":"a","access_token":{"format":1}}""")]
    [InlineData("/service-accounts", """{"name":"\ud800"}""")]
    [InlineData("/service-accounts", """{"name":"a",}""")]
    [InlineData("/service-accounts", """{"name":"a"} {"name":"b"}""")]
    [InlineData("/service-accounts", """{"name":"a" /* b */}""")]
    [InlineData("/service-accounts", """{'name':'a'}""")]
    [InlineData("/service-accounts", """[{"name":"a"}]""")]
    [InlineData("/service-accounts", "\"a\"")]
    [InlineData("/service-accounts", "null")]
    [InlineData("/service-accounts", "")]
    [InlineData("/service-accounts", "NaN")]
    [InlineData("/service-accounts/import", """{"accounts":null}""")]
    [InlineData("/service-accounts/import", """{"accounts":[null]}""")]
    [InlineData("/service-accounts/import", """{"accounts":{}}""")]
    [InlineData("/service-accounts/import", """{"accounts":[{"client_id":"q","name":"q","grants":[null]}]}""")]
    [InlineData("/service-accounts/import", """{"accounts":[{"client_id":"q","name":"q","grants":[{"api":"urn:countersign:demo","scopes":[null]}]}]}""")]
    [InlineData("/apis", """{"identifier":"urn:example:q","name":"q","scopes":null}""")]
    [InlineData("/apis", """{"identifier":"urn:example:q","name":"q","scopes":[null]}""")]
    [InlineData("/apis", """{"identifier":"urn:example:q","name":"q","scopes":["read"]}""")]
    [InlineData("/apis", """{"identifier":"urn:example:q","name":"q","scopes":[{"name":null}]}""")]
    [InlineData("/roles", """{"name":"q","scopes":[null]}""")]
    [InlineData("/roles", """{"name":"q","scopes":[{"api":"urn:countersign:demo"}]}""")]
    [InlineData("/tenants", """{"name":"q","issuer":"https://q.example","hosts":[null]}""")]
    [InlineData("/revocations", """{"account":"not-an-id"}""")]
    [InlineData("/revocations", """{"all":"true"}""")]
    [InlineData("/revocations", """{"all":true,"issued_before":1700000000}""")]
    [InlineData("/revocations", """{"all":true,"issued_before":"2026-01-01"}""")]
    [InlineData("/revocations", """{"all":true,"issued_before":"yesterday"}""")]
    [Trait("R", "216")]
    [Trait("R", "228")]
    public async Task A_value_of_another_type_is_not_made_to_fit(string path, string body)
    {
        var answer = await _root.PostAsync(path, body);

        Assert.True(answer.Status == 400, $"{answer.Status} {answer.Body}");
        Assert.Equal("application/problem+json", answer.Headers["Content-Type"]);
        Assert.Equal(200, (await _root.GetAsync("/whoami")).Status);
    }

    [Theory]
    [InlineData("/service-accounts/{account}", """{"name":null}""")]
    [InlineData("/service-accounts/{account}", """{"disabled":null}""")]
    [InlineData("/service-accounts/{account}", """{"disabled":"true"}""")]
    [InlineData("/service-accounts/{account}", """{"disabled":1}""")]
    [InlineData("/service-accounts/{account}", """{"access_token":{"format":"paper"}}""")]
    [InlineData("/service-accounts/{account}", """{"access_token":{"lifetime_seconds":59}}""")]
    [InlineData("/service-accounts/{account}", """{"access_token":{"lifetime_seconds":86401}}""")]
    [InlineData("/service-accounts/{account}", """{"access_token":{"alg":"none"}}""")]
    [InlineData("/service-accounts/{account}", """{"access_token":{"alg":"HS256"}}""")]
    [InlineData("/service-accounts/{account}", """{"access_token":{"alg":"es256"}}""")]
    [InlineData("/service-accounts/{account}", """{"name":"a","name":"b"}""")]
    [InlineData("/service-accounts/{account}", """{"access_token":{"format":"jwt","format":"opaque"}}""")]
    [InlineData("/service-accounts/{holder}/grants/{grant}", """{"scopes":null}""")]
    [InlineData("/service-accounts/{holder}/grants/{grant}", """{"scopes":[null]}""")]
    [InlineData("/service-accounts/{holder}/grants/{grant}", """{"default_scopes":[null]}""")]
    [InlineData("/service-accounts/{holder}/grants/{grant}", """{"scopes":"read"}""")]
    [InlineData("/apis/{api}", """{"scopes":null}""")]
    [InlineData("/apis/{api}", """{"scopes":[null]}""")]
    [InlineData("/apis/{api}", """{"scopes":[{"name":"a"},{"name":"a"}]}""")]
    [InlineData("/apis/{api}", """{"scopes":[{"name":"a b"}]}""")]
    [InlineData("/apis/{api}", """{"scopes":[{"name":"a\"b"}]}""")]
    [InlineData("/roles/{role}", """{"scopes":null}""")]
    [InlineData("/roles/{role}", """{"scopes":[null]}""")]
    [InlineData("/tenants/{tenant}", """{"hosts":[null]}""")]
    [InlineData("/tenants/{tenant}", """{"settings":{"max_secret_lifetime_days":0}}""")]
    [InlineData("/tenants/{tenant}", """{"settings":{"max_secret_lifetime_days":"30"}}""")]
    [InlineData("/tenants/{tenant}", """{"settings":{"granting":null}}""")]
    [InlineData("/tenants/{tenant}", """{"settings":{"granting":"everybody"}}""")]
    [InlineData("/tenants/{tenant}", """{"settings":{"access_token":{"alg":null}}}""")]
    [InlineData("/tenants/{tenant}", """{"settings":{"access_token":{"lifetime_seconds":null}}}""")]
    [InlineData("/tenants/{tenant}", """{"settings":{"unknown":true}}""")]
    [InlineData("/tenants/{tenant}", """{"settings":null}""")]
    [InlineData("/tenants/{tenant}", """{"settings":{"access_token":null}}""")]
    [Trait("R", "216")]
    [Trait("R", "217")]
    [Trait("R", "228")]
    public async Task A_patch_is_checked_as_a_whole_and_changes_nothing_when_refused(string path, string body)
    {
        path = path
            .Replace("{account}", _estate.Account.ToString(), StringComparison.Ordinal).Replace("{holder}", _estate.Holder.ToString(), StringComparison.Ordinal)
            .Replace("{grant}", _estate.Grant.ToString(), StringComparison.Ordinal).Replace("{api}", _estate.Api.ToString(), StringComparison.Ordinal)
            .Replace("{role}", _estate.Role.ToString(), StringComparison.Ordinal).Replace("{tenant}", _estate.Tenant.ToString(), StringComparison.Ordinal);
        var before = await _root.GetAsync(path);
        Assert.Equal(200, before.Status);

        // A good member before the bad one must not be kept.
        var answer = await _root.PatchAsync(path, body.Contains("\"name\"", StringComparison.Ordinal) || path.Contains("/grants", StringComparison.Ordinal) || path.StartsWith("/tenants", StringComparison.Ordinal) ? body : "{\"name\":\"changed\"," + body[1..]);

        Assert.True(answer.Status == 400, $"{answer.Status} {answer.Body}");
        var after = await _root.GetAsync(path);
        Assert.Equal((before.Body, before.Headers["ETag"]), (after.Body, after.Headers["ETag"]));
    }

    [Fact]
    [Trait("R", "228")]
    public async Task A_repeated_member_is_refused_wherever_it_stands()
    {
        foreach (var (path, body) in new[]
        {
            ("/service-accounts", """{"name":"a","name":"a"}"""),
            ("/service-accounts", """{"name":"a","owner":{"organization":"default","organization":"default"}}"""),
            ($"/service-accounts/{_estate.Account}/roles", """{"role":"auditor","reach":{"organization":"default","organization":"default"}}"""),
            ("/service-accounts/import", """{"accounts":[{"client_id":"a","client_id":"b","name":"c"}]}"""),
            ("/service-accounts", """{"name":"a","\u006eame":"b"}"""),
        })
        {
            Assert.Equal(400, (await _root.PostAsync(path, body)).Status);
        }
    }

    [Fact]
    [Trait("R", "228")]
    public async Task A_body_is_at_most_32_deep_and_a_mebibyte_long()
    {
        static string Deep(int levels) => string.Concat(Enumerable.Repeat("""{"access_token":""", levels)) + "1" + new string('}', levels);

        Assert.Equal(400, (await _root.PostAsync("/service-accounts", Deep(40))).Status);
        Assert.Equal(400, (await _root.PostAsync($"/service-accounts/{_estate.Account}/roles", $$"""{"role":"auditor","reach":{{new string('[', 5000)}}{{new string(']', 5000)}}}""")).Status);

        var fits = await _root.PostAsync("/service-accounts", $$"""{"name":"{{new string('a', 1_000_000)}}"}""");
        Assert.Equal((400, "name must not be longer than 200 characters"), (fits.Status, fits["detail"]));

        var large = await _root.PostAsync("/service-accounts", $$"""{"name":"{{new string('a', 1024 * 1024)}}"}""");
        Assert.Equal((413, "application/problem+json"), (large.Status, large.Headers["Content-Type"]));
    }

    [Theory]
    [InlineData("text/plain")]
    [InlineData("application/x-www-form-urlencoded")]
    [InlineData("multipart/form-data; boundary=x")]
    [InlineData("application/xml")]
    [InlineData("application/vnd.api+json")]
    [InlineData("application/json-patch+json")]
    [InlineData("application/json; charset=utf-16")]
    [InlineData("application/merge-patch+json")]
    [InlineData(null)]
    [Trait("R", "228")]
    public async Task Another_media_type_is_refused(string? type)
    {
        var content = new ByteArrayContent(Encoding.UTF8.GetBytes("""{"name":"a"}"""));
        content.Headers.ContentType = type is null ? null : MediaTypeHeaderValue.Parse(type);

        var answer = await _root.SendAsync(HttpMethod.Post, "/service-accounts", content);

        Assert.Equal((415, "application/problem+json"), (answer.Status, answer.Headers["Content-Type"]));
    }

    [Theory]
    [InlineData("application/json")]
    [InlineData("application/json; charset=UTF-8")]
    [InlineData("application/merge-patch+json")]
    public async Task A_merge_patch_comes_as_json_or_by_its_own_name(string type)
    {
        var content = new ByteArrayContent(Encoding.UTF8.GetBytes("""{"description":"new"}"""));
        content.Headers.ContentType = MediaTypeHeaderValue.Parse(type);

        Assert.Equal(200, (await _root.SendAsync(HttpMethod.Patch, $"/service-accounts/{_estate.Account}", content)).Status);
    }

    [Theory]
    [InlineData("gzip")]
    [InlineData("identity, br")]
    [Trait("R", "228")]
    public async Task An_encoded_body_is_refused(string encoding)
    {
        var content = new ByteArrayContent(Encoding.UTF8.GetBytes("""{"name":"a"}"""));
        content.Headers.ContentType = new MediaTypeHeaderValue("application/json");
        content.Headers.TryAddWithoutValidation("Content-Encoding", encoding);

        Assert.Equal(415, (await _root.SendAsync(HttpMethod.Post, "/service-accounts", content)).Status);
    }

    [Fact]
    [Trait("R", "216")]
    public async Task Texts_are_bounded_and_hold_no_control_characters()
    {
        var account = $"/service-accounts/{_estate.Account}";
        var scopes = new[] { new { name = "read", description = "a\0b" } };

        foreach (var (method, path, body) in new (HttpMethod, string, object)[]
        {
            (HttpMethod.Post, "/service-accounts", new { name = "a", description = "a\0b" }),
            (HttpMethod.Post, "/service-accounts", new { name = "a", description = new string('a', 2001) }),
            (HttpMethod.Patch, account, new { description = "a\0b" }),
            (HttpMethod.Patch, account, new { description = "a\u001bb" }),
            (HttpMethod.Post, "/apis", new { identifier = "urn:example:q", name = "q", scopes }),
            (HttpMethod.Patch, $"/apis/{_estate.Api}", new { scopes }),
            (HttpMethod.Post, "/service-accounts/import", new { accounts = new[] { new { client_id = "q", name = "q", description = "a\0b" } } }),
            (HttpMethod.Post, "/service-accounts/import", new { accounts = new[] { new { client_id = "a\0b", name = "q" } } }),
            (HttpMethod.Post, "/service-accounts", new { name = "a", client_id = "a\0b" }),
            (HttpMethod.Post, "/service-accounts", new { name = "a\0b" }),
        })
        {
            var answer = await _root.SendAsync(method, path, body);
            Assert.True(answer.Status == 400, $"{path}: {answer.Status} {answer.Body}");
        }

        Assert.Equal(404, (await _root.PostAsync($"/apis/{_estate.Api}/resource-servers", new { account = "a\0b" })).Status);
        Assert.Equal(404, (await _root.PostAsync($"{account}/roles", new { role = "a\0b" })).Status);
        Assert.Equal(404, (await _root.PostAsync("/service-accounts", new { name = "a", owner = new { organization = "a\0b" } })).Status);

        // Lines are what a description may have.
        Assert.Equal(200, (await _root.PatchAsync(account, new { description = "first\nsecond\tcolumn" })).Status);
    }
}
