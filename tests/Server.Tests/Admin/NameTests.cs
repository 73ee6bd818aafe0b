using Countersign.Server.Tenants;
using Countersign.Server.Tests.Framework;

namespace Countersign.Server.Tests.Admin;

/// <summary>Names by which something is found are compared in one form, and what only looks like a reserved one is refused.</summary>
public sealed class NameTests(SharedServer shared) : IClassFixture<SharedServer>, IAsyncLifetime
{
    private Caller _root = null!;

    public async ValueTask InitializeAsync() => _root = await shared.Server.RootAsync();

    public ValueTask DisposeAsync() => default;

    public static TheoryData<string> LookAlikes { get; } =
    [
        "Super-Admin", "SUPER-ADMIN", " super-admin", "super-admin ", "super-admin\u00a0", "ｓｕｐｅｒ－ａｄｍｉｎ", "super\uff0dadmin", "super\u200b-admin", "super-admin\ufeff", "su\u00adper-admin",
        "super\u2010admin", "super\u2011admin", "super\u2013admin", "super\u2212admin", "super-admin\ufe0f", "super-\u034fadmin", "super-admin\u3164", "super-admin\u202e", "\U000e0073super-admin",
        "ſuper-admin", "ѕuper-аdmin", "super-admın", "super-аdmin", "𝐬uper-admin", "ⓢuper-admin", "super-admi\u207f", "0rg-admin", "οrg-admin", "auditοr", "AUDITOR", "org‐admin", "group-admin\u2060",
    ];

    [Theory]
    [MemberData(nameof(LookAlikes))]
    [Trait("R", "219")]
    public async Task A_role_that_looks_like_a_built_in_one_is_refused(string name)
    {
        var made = await _root.PostAsync("/roles", new { name, scopes = Array.Empty<object>() });
        Assert.True(made.Status is 400 or 409, $"{made.Status} {made.Body}");

        var own = await _root.MakeAsync("/roles", new { name = $"{Guid.NewGuid()}", scopes = Array.Empty<object>() });
        Assert.True((await _root.PatchAsync($"/roles/{own["id"]}", new { name })).Status is 400 or 409);
        Assert.Equal(own.Body, (await _root.GetAsync($"/roles/{own["id"]}")).Body);
    }

    [Theory]
    [InlineData("Default")]
    [InlineData("DEFAULT ")]
    [InlineData("ｄefault")]
    [InlineData("def\u200bault")]
    [InlineData("dеfault")]
    [Trait("R", "219")]
    public async Task Nothing_looks_like_the_default_one(string name)
    {
        Assert.True((await _root.PostAsync("/tenants", new { name, issuer = $"https://{Guid.NewGuid():n}.example" })).Status is 400 or 409);
        Assert.True((await _root.PostAsync("/groups", new { name })).Status is 400 or 409);
        Assert.True((await _root.PostAsync("/organizations", new { name })).Status is 400 or 409);
    }

    [Theory]
    [InlineData("Blue Team", "blue  team")]
    [InlineData("Blue Team", " BLUE\u3000TEAM ")]
    [InlineData("Ｂｌｕｅ ７", "blue 7")]
    [InlineData("Größe", "GRÖSSE", false)]
    [InlineData("Größe", "größe")]
    [InlineData("ΟΔΟΣ", "οδος")]
    [InlineData("ΟΔΟΣ", "οδοσ")]
    [InlineData("Привет", "ПРИВЕТ")]
    [InlineData("a-b", "a\u2014b")]
    [InlineData("株式会社", "株式会社\u200d")]
    [Trait("R", "219")]
    public async Task Names_that_read_alike_are_one(string first, string second, bool same = true)
    {
        var suffix = $" {Guid.NewGuid():n}";
        var made = await _root.MakeAsync("/roles", new { name = first + suffix, scopes = Array.Empty<object>() });
        Assert.Equal(first + suffix, made["name"]);

        Assert.Equal(same ? 409 : 201, (await _root.PostAsync("/roles", new { name = second + suffix, scopes = Array.Empty<object>() })).Status);

        var account = (await _root.MakeAsync("/service-accounts", new { name = "x" }))["id"];
        Assert.Equal(made["id"] == (await _root.MakeAsync($"/service-accounts/{account}/roles", new { role = second + suffix })).Json.GetProperty("role").GetProperty("id").GetString(), same);
    }

    [Theory]
    [InlineData("")]
    [InlineData("   ")]
    [InlineData("\u200b\u200d")]
    [InlineData("\u3164")]
    [InlineData("a\nb")]
    [InlineData("a\u0000b")]
    [InlineData("a\u0085b")]
    [InlineData("e\u0301")]
    [InlineData("\U0001d400bc")]
    [InlineData("ﬁle")]
    [Trait("R", "219")]
    public async Task A_name_that_cannot_be_told_from_another_is_refused(string name)
    {
        foreach (var path in new[] { "/groups", "/organizations", "/service-accounts" })
        {
            var answer = await _root.PostAsync(path, new { name });
            Assert.True(answer.Status == 400 && answer.Json.GetProperty("errors").TryGetProperty("name", out _), $"{answer.Status} {answer.Body}");
        }
    }

    [Theory]
    [InlineData("Foo™ №5")]
    [InlineData("日本語の名前")]
    [InlineData("हिन्दी")]
    [InlineData("Ẓalgó ñandú ÅÄÖ")]
    [InlineData("naïve – café")]
    [InlineData("🚀 deploy 🇩🇪")]
    [InlineData("Δt λ-service µs 10²")]
    [InlineData("admin")]
    [InlineData("super admin")]
    [Trait("R", "219")]
    public void Ordinary_names_in_any_script_are_taken(string name) => Assert.Null(Names.Fault(name));

    [Fact]
    [Trait("R", "219")]
    public void The_form_for_comparing_is_its_own_form()
    {
        foreach (var name in LookAlikes.Select(d => d.Data).Concat(["Größe", "ΟΔΟΣ", "İstanbul", " a\u3000 b ", "Ｂ７", "ǅ", "ẞ"]))
        {
            Assert.Equal(Names.Key(name), Names.Key(Names.Key(name)));
        }
    }

    [Fact]
    [Trait("R", "219")]
    public async Task A_client_id_cannot_be_the_id_of_another_account()
    {
        var victim = await _root.MakeAsync("/service-accounts", new { name = "victim", client_id = $"v{Guid.NewGuid()}" });
        var id = Guid.Parse(victim["id"]);

        foreach (var text in new[] { id.ToString(), id.ToString().ToUpperInvariant(), id.ToString("N"), id.ToString("B") })
        {
            var answer = await _root.PostAsync("/service-accounts", new { name = "thief", client_id = text });
            Assert.True(answer.Status == 400, $"{text}: {answer.Status} {answer.Body}");
        }

        // Client ids of other systems are often such numbers.
        Assert.Equal(201, (await _root.PostAsync("/service-accounts", new { name = "imported", client_id = $"{Guid.NewGuid()}" })).Status);
    }

    [Theory]
    [InlineData(" a")]
    [InlineData("a ")]
    [InlineData("")]
    [InlineData("ünïcode")]
    [InlineData("a\tb")]
    [Trait("R", "219")]
    public async Task A_client_id_is_printable_ascii_without_spaces_at_its_ends(string client_id)
    {
        Assert.Equal(400, (await _root.PostAsync("/service-accounts", new { name = "x", client_id })).Status);
    }

    [Theory]
    [InlineData("https://API.example.com/v1")]
    [InlineData("HTTPS://api.example.com/v1")]
    [InlineData("https://api.example.com:443/v1")]
    [InlineData("https://api.example.com/v1/../v2")]
    [InlineData("https://api.example.com/%76%31")]
    [InlineData("https://api.example.com/v1#part")]
    [InlineData("https://user@api.example.com/v1")]
    [InlineData("https://api.example.com./v1")]
    [InlineData("/v1")]
    [InlineData("api")]
    [InlineData("urn:countersign:other")]
    [Trait("R", "219")]
    public async Task An_identifier_of_an_api_is_written_in_its_one_normal_form(string identifier)
    {
        var answer = await _root.PostAsync("/apis", new { identifier, name = "x", scopes = Array.Empty<object>() });

        Assert.True(answer.Status == 400, $"{answer.Status} {answer.Body}");
    }
}
