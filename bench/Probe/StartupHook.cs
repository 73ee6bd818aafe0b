using System.Globalization;
using System.Runtime.InteropServices;

#pragma warning disable CA1050 // The runtime looks for this name in no namespace.

/// <summary>Loaded into what is measured: on SIGUSR1 it writes the bytes allocated so far to the file BENCH_PROBE.</summary>
internal static class StartupHook
{
    private const PosixSignal UserDefined1 = (PosixSignal)10;

    // Held, since a registration ends when it is collected.
    private static PosixSignalRegistration? _registration;

    public static void Initialize()
    {
        if (Environment.GetEnvironmentVariable("BENCH_PROBE") is not { Length: > 0 } file)
        {
            return;
        }

        _registration = PosixSignalRegistration.Create(UserDefined1, context =>
        {
            context.Cancel = true;

            // Moved into place, so that a reader never sees half of it.
            File.WriteAllText(file + ".new", GC.GetTotalAllocatedBytes(precise: true).ToString(CultureInfo.InvariantCulture));
            File.Move(file + ".new", file, overwrite: true);
        });
    }
}
