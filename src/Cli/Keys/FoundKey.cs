using Countersign.OAuth;

namespace Countersign.Cli.Keys;

/// <summary>A key out of a file: the pair, or the public half alone.</summary>
internal sealed class FoundKey(VerificationKey half, SigningKey? pair, KeyFile? file) : IDisposable
{
    public VerificationKey Public => half;

    public SigningKey? Private => pair;

    /// <summary>The key file around it, when it is one.</summary>
    public KeyFile? File => file;

    /// <summary>The public half under the name that others are to find it by; one without a name is called by its thumbprint.</summary>
    public VerificationKey Named => half.Kid is not null ? half : Renamed(half, half.Thumbprint);

    public static VerificationKey Renamed(VerificationKey key, string kid) =>
        VerificationKey.FromPem(key.ToPem(), kid, key.Algorithm, out var fault) ?? throw CommandFault.Usage(fault);

    public void Dispose() => pair?.Dispose();
}
