using System.Data.Common;
using Countersign.Server.Data;
using Countersign.Server.Tests.Framework;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Diagnostics;
using Microsoft.Extensions.DependencyInjection;

namespace Countersign.Server.Tests;

public sealed class HotPathTests
{
    [Theory]
    [InlineData("jwt")]
    [InlineData("opaque")]
    public async Task A_warm_token_request_and_introspection_touch_no_database(string format)
    {
        var statements = new StatementCounter();
        await using var server = await TestServer.StartAsync(services => services.ConfigureDbContext<Db>(o => o.AddInterceptors(statements)));
        await server.AdminAsync(HttpMethod.Patch, $"/service-accounts/{server.Demo.ServiceAccount.Id}", new { access_token = new { format } });
        var token = await server.AccessTokenAsync();
        await server.IntrospectAsync(token);

        statements.Watch();

        for (var i = 0; i < 50; i++)
        {
            Assert.Equal(200, (await server.TokenAsync(("scope", "read"))).Status);
            Assert.Equal("True", (await server.IntrospectAsync(token))["active"]);
        }

        Assert.Equal([], statements.Seen);
    }

    [Fact]
    public async Task Issued_tokens_leave_no_rows_but_one_count_per_minute()
    {
        await using var server = await TestServer.StartAsync();
        var usage = server.Services.GetRequiredService<Countersign.Server.Audit.TokenUsage>();
        var store = server.Services.GetRequiredService<Store>();
        await server.AccessTokenAsync();
        await usage.FlushAsync(CancellationToken.None);
        var before = await RowsAsync(store);

        for (var i = 0; i < 200; i++)
        {
            await server.AccessTokenAsync();
        }

        await usage.FlushAsync(CancellationToken.None);

        // A minute may have turned over meanwhile.
        Assert.InRange(await RowsAsync(store) - before, 0, 2);
    }

    private static async Task<int> RowsAsync(Store store)
    {
        await using var db = store.Open();

        return await db.TokenUsage.CountAsync() + await db.AuditEvents.CountAsync() + await db.Revocations.CountAsync() + await db.Changes.CountAsync();
    }

    private sealed class StatementCounter : DbCommandInterceptor
    {
        private readonly List<string> _seen = [];
        private bool _watching;

        // The change feed is polled whatever is asked of the server.
        public string[] Seen
        {
            get
            {
                lock (_seen)
                {
                    return [.. _seen.Where(s => !s.Contains("changes", StringComparison.Ordinal))];
                }
            }
        }

        public void Watch() => _watching = true;

        public override ValueTask<InterceptionResult<DbDataReader>> ReaderExecutingAsync(
            DbCommand command, CommandEventData eventData, InterceptionResult<DbDataReader> result, CancellationToken ct = default)
        {
            Add(command);

            return new(result);
        }

        public override ValueTask<InterceptionResult<int>> NonQueryExecutingAsync(
            DbCommand command, CommandEventData eventData, InterceptionResult<int> result, CancellationToken ct = default)
        {
            // The roll-up is due every ten seconds, once for any number of requests.
            if (!command.CommandText.Contains("token_usage", StringComparison.Ordinal) && !command.CommandText.Contains("last_used", StringComparison.Ordinal))
            {
                Add(command);
            }

            return new(result);
        }

        private void Add(DbCommand command)
        {
            if (_watching)
            {
                lock (_seen)
                {
                    _seen.Add(command.CommandText);
                }
            }
        }
    }
}
