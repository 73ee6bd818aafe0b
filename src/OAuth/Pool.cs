namespace Countersign.OAuth;

/// <summary>
/// Keeps instances that one thread at a time may use. Without locks, and without waiting: when none is idle one more is made, and
/// when too many are idle one is let go.
/// </summary>
internal sealed class Pool<T>(Func<T> create) : IDisposable
    where T : class, IDisposable
{
    private readonly Slot[] _slots = new Slot[Math.Max(4, 2 * Environment.ProcessorCount)];
    private volatile bool _disposed;

    public T Rent()
    {
        ObjectDisposedException.ThrowIf(_disposed, this);
        var start = Start();

        for (var i = 0; i < _slots.Length; i++)
        {
            ref var slot = ref _slots[(start + i) % _slots.Length];

            if (slot.Idle is not null && Interlocked.Exchange(ref slot.Idle, null) is { } idle)
            {
                return idle;
            }
        }

        return create();
    }

    public void Return(T instance)
    {
        var start = Start();

        for (var i = 0; i < _slots.Length; i++)
        {
            ref var slot = ref _slots[(start + i) % _slots.Length];

            if (slot.Idle is null && Interlocked.CompareExchange(ref slot.Idle, instance, null) is null)
            {
                // Disposed meanwhile: whoever takes the instance out of its slot lets it go.
                if (_disposed)
                {
                    Interlocked.Exchange(ref slot.Idle, null)?.Dispose();
                }

                return;
            }
        }

        instance.Dispose();
    }

    public void Dispose()
    {
        _disposed = true;

        for (var i = 0; i < _slots.Length; i++)
        {
            Interlocked.Exchange(ref _slots[i].Idle, null)?.Dispose();
        }
    }

    // Each processor starts at its own slot, so that they seldom meet.
    private int Start() => Thread.GetCurrentProcessorId() % _slots.Length;

    private struct Slot
    {
        public T? Idle;
    }
}
