using System.Security.Cryptography;
using Countersign.Server.Admin;
using Countersign.Server.Data;
using Countersign.Server.ServiceAccounts;

namespace Countersign.Server.TrustedIssuers;

/// <summary>Where an issuer's keys come from, as the API and the rows name it.</summary>
internal static class KeySources
{
    public const string Discovery = "discovery";
    public const string JwksUrl = "jwks_url";
    public const string Jwks = "jwks";
    public const string Certificates = "certificates";

    public static bool IsFetched(string source) => source is Discovery or JwksUrl;
}

/// <summary>The one source of an issuer's keys in a change: what is given takes the place of what was there.</summary>
internal static class IssuerSource
{
    private static readonly Refusal s_oneOf = Refusal.Invalid(KeySources.Discovery, "or one of jwks_url, jwks, certificates must be given, and one alone");

    /// <summary>Changes the row; or says why it cannot be.</summary>
    public static Refusal? Apply(TrustedIssuerRow row, TrustedIssuerPatch body)
    {
        if (!AccountKeys.IsText(body.Jwks.Value))
        {
            return Refusal.Invalid(KeySources.Jwks, "holds half of a surrogate pair");
        }

        var given = Given(body);

        if (given.Count == 0 && row.KeySource.Length == 0 && IssuerKind.ByName(row.Kind) is { IsDiscovered: true } && body.Discovery.Value is null)
        {
            given.Add(KeySources.Discovery);
        }

        if (given.Count > 1 || (given.Count == 0 && (row.KeySource.Length == 0 || IsTakenAway(row.KeySource, body))))
        {
            return s_oneOf;
        }

        if (given is [var source])
        {
            // What belongs to the source before goes with it, unless it is given anew.
            row.JwksHost = source == KeySources.Discovery ? row.JwksHost : null;
            row.CaCertificates = KeySources.IsFetched(source) ? row.CaCertificates : null;
            (row.KeySource, row.JwksUrl, row.Jwks) = (source, body.JwksUrl.Value, body.Jwks.Value?.ToJsonString());
            row.Certificates = body.Certificates.Value is { } certificates ? string.Join('\n', certificates) : null;
        }

        row.JwksHost = body.JwksHost.Is(out var host) ? host?.ToLowerInvariant() : row.JwksHost;
        row.CaCertificates = body.CaCertificates.Is(out var authorities) ? authorities : row.CaCertificates;

        return null;
    }

    /// <summary>Each certificate by itself.</summary>
    public static string[] Split(string pem)
    {
        var blocks = new List<string>();
        var rest = pem.AsSpan();

        while (PemEncoding.TryFind(rest, out var block))
        {
            blocks.Add(rest[block.Location].ToString());
            rest = rest[block.Location.End..];
        }

        return [.. blocks];
    }

    private static List<string> Given(TrustedIssuerPatch body)
    {
        var given = new List<string>();

        if (body.Discovery.Value == true)
        {
            given.Add(KeySources.Discovery);
        }

        if (body.JwksUrl.Value is not null)
        {
            given.Add(KeySources.JwksUrl);
        }

        if (body.Jwks.Value is not null)
        {
            given.Add(KeySources.Jwks);
        }

        if (body.Certificates.Value is not null)
        {
            given.Add(KeySources.Certificates);
        }

        return given;
    }

    private static bool IsTakenAway(string source, TrustedIssuerPatch body) => source switch
    {
        KeySources.Discovery => body.Discovery.IsSet,
        KeySources.JwksUrl => body.JwksUrl.IsSet,
        KeySources.Jwks => body.Jwks.IsSet,
        _ => body.Certificates.IsSet,
    };
}
