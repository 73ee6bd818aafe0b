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

/// <summary>Things whose making was asked for and not acknowledged; each may be there after the restart or not.</summary>
internal sealed class Unanswered
{
    private readonly Dictionary<string, int> _most = [];

    public async Task<Answer> WhileAsync(string kind, Func<Task<Answer>> make)
    {
        _most[kind] = _most.GetValueOrDefault(kind) + 1;
        var answer = await make();
        _most[kind]--;

        return answer;
    }

    /// <summary>Those that are there are no more than were being made. Adopted ones are known from now on.</summary>
    public void Confirm(string kind, int unknown, bool adopted, string of)
    {
        var most = _most.GetValueOrDefault(kind);
        Assert.True(unknown <= most, $"{of} has {unknown} of kind {kind} that nobody was told of; {most} were being made when the server died");
        _most[kind] = adopted ? 0 : unknown;
    }
}
