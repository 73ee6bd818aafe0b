namespace Countersign.Resilience.Tests;

/// <summary>A value that the server acknowledged; while a change of it is unanswered, it may be the old or the new one.</summary>
internal sealed class Fact<T>(T acknowledged)
    where T : notnull
{
    private bool _sure = true;

    public T Value { get; private set; } = acknowledged;

    /// <summary>Sends a change. If the server dies before it answers, either outcome is right.</summary>
    public async Task ChangeAsync(T to, Func<Task> send)
    {
        _sure = false;
        await send();
        Value = to;
        _sure = true;
    }

    /// <summary>What the server says after its restart: it must be what was acknowledged, and if nothing was, it holds from now on.</summary>
    public void Confirm(T seen, string what)
    {
        if (_sure)
        {
            Assert.True(Value.Equals(seen), $"{what}: acknowledged {Value}, and after the restart it is {seen}");
        }

        Value = seen;
        _sure = true;
    }
}
