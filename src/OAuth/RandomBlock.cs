using System.Security.Cryptography;

namespace Countersign.OAuth;

/// <summary>Random bytes of the system's generator. Each thread draws a block at a time: a draw costs more than a token id.</summary>
internal static class RandomBlock
{
    private const int Size = 1024;

    [ThreadStatic]
    private static byte[]? _block;

    [ThreadStatic]
    private static int _left;

    public static void Fill(Span<byte> destination)
    {
        if (destination.Length > Size)
        {
            RandomNumberGenerator.Fill(destination);

            return;
        }

        var block = _block ??= new byte[Size];

        if (_left < destination.Length)
        {
            RandomNumberGenerator.Fill(block);
            _left = Size;
        }

        var taken = block.AsSpan(Size - _left, destination.Length);
        _left -= destination.Length;
        taken.CopyTo(destination);

        // What was given out must not be found in memory later, nor given out twice.
        taken.Clear();
    }
}
