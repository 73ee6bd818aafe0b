namespace Countersign.OAuth.Tests;

public sealed class PoolTests
{
    [Fact]
    public void An_instance_is_used_by_one_thread_at_a_time()
    {
        using var pool = new Pool<Used>(() => new Used());
        Parallel.For(0, 100_000, _ =>
        {
            var instance = pool.Rent();
            Assert.Equal(1, Interlocked.Increment(ref instance.Users));
            Interlocked.Decrement(ref instance.Users);
            pool.Return(instance);
        });
    }

    [Fact]
    public void A_returned_instance_is_used_again()
    {
        using var pool = new Pool<Used>(() => new Used());
        var instance = pool.Rent();
        pool.Return(instance);

        // Wherever this thread runs by now, the instance is found.
        Assert.Same(instance, pool.Rent());
    }

    [Fact]
    public void Instances_beyond_the_bound_are_let_go()
    {
        var pool = new Pool<Used>(() => new Used());
        var many = Enumerable.Range(0, 1000).Select(_ => pool.Rent()).ToList();
        many.ForEach(pool.Return);
        Assert.InRange(many.Count(instance => !instance.Disposed), 1, 4 * Math.Max(4, Environment.ProcessorCount));

        var late = pool.Rent();
        pool.Dispose();
        pool.Return(late);
        Assert.All(many, instance => Assert.True(instance.Disposed));
        Assert.Throws<ObjectDisposedException>(pool.Rent);
    }

    private sealed class Used : IDisposable
    {
        public int Users;

        public bool Disposed { get; private set; }

        public void Dispose() => Disposed = true;
    }
}
