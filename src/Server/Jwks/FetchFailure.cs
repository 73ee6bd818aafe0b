namespace Countersign.Server.Jwks;

/// <summary>
/// Why a fetch failed, in two halves: <see cref="Kind"/> is for the server's log; <see cref="Problem"/> is for whoever manages the account, and
/// tells neither addresses nor what listens there (R198).
/// </summary>
internal sealed record FetchFailure(string Kind, string Problem)
{
    // One sentence for all four: it must not tell which names and ports there are inside.
    private const string Unreachable =
        "no connection could be made: the host name must resolve to addresses that this server may connect to, and the host must answer within 2 s";

    public static FetchFailure NotResolved { get; } = new("name not resolved", Unreachable);

    public static FetchFailure NotConnected { get; } = new("not connected", Unreachable);

    public static FetchFailure ConnectTimedOut { get; } = new("connecting timed out", Unreachable);

    public static FetchFailure ProxyRefused { get; } = new("the proxy did not connect", Unreachable);

    public static FetchFailure NotTrusted { get; } = new(
        "TLS failed",
        "TLS could not be agreed on: the host needs a certificate for its name that has not expired, with its intermediate ones, from an authority that is trusted (or is given with the URL)");

    public static FetchFailure TimedOut { get; } = new("timed out", "the whole document, or the two of a discovery, did not arrive within 5 s");

    public static FetchFailure BrokenOff { get; } = new("broken off", "the answer was cut off, or is not HTTP");

    public static FetchFailure TooLarge { get; } = new("too large", $"the document is larger than {OutboundFetch.MaxBody / 1024} KiB");

    public static FetchFailure Redirected { get; } = new("redirected", "the host answered with a redirect, which is not followed: give the URL that it leads to");

    public static FetchFailure NotJson { get; } = new(
        "not a JSON type", "the answer is not of type application/jwk-set+json, application/json or another application/…+json");

    public static FetchFailure Encoded { get; } = new("encoded", "the answer is compressed, which was not asked for");

    public static FetchFailure AddressRefused(string what) => new($"resolves to an address that is {what} (setting outbound_networks)", Unreachable);

    public static FetchFailure Status(int status) => new($"status {status}", $"the host answered with status {status}; only 200 is taken");

    public static FetchFailure Url(string fault) => new("URL refused", $"the URL may not be fetched: {fault}");

    public static FetchFailure Bundle(string fault) => new("CA certificates refused", $"the CA certificates cannot be used: {fault}");

    /// <summary>The same, of the metadata that an issuer's keys are found by.</summary>
    public static FetchFailure OfDiscovery(FetchFailure failure) =>
        new($"discovery: {failure.Kind}", $"the discovery document: {failure.Problem}");

    public static FetchFailure Discovery(string fault) => new("discovery refused", $"the discovery document is not taken: {fault}");

    public static FetchFailure NotKeySet(string fault) => new("not a JWK set", $"the document is not taken as a JWK set: {fault}");

    public static FetchFailure Unexpected(string type) => new($"unexpected {type}", "the fetch failed unexpectedly; the server's log says more");
}

/// <summary>Ends a fetch from within the connection.</summary>
internal sealed class FetchFault(FetchFailure failure) : IOException(failure.Kind)
{
    public FetchFailure Failure => failure;
}
