namespace Countersign.Server.Hosting;

/// <summary>The settings of <c>countersign serve</c> by key.</summary>
internal static class SettingKeys
{
    /// <summary>Every key, with its text for the settings guide.</summary>
    public static readonly IReadOnlyDictionary<string, string> All = new SortedDictionary<string, string>(StringComparer.Ordinal)
    {
        ["database"] = "sqlite:PATH, postgres:CONNECTION-STRING or postgres://user:password@host/database. Required.",
        ["public_url"] = "The issuer of the default tenant, https://host[:port]. Plain http is taken on loopback or behind a trusted proxy only. Required.",
        ["listen"] = "Addresses to listen on, joined by commas. Default http://127.0.0.1:8080, or https://0.0.0.0:8443 with a certificate.",
        ["hosts"] = "More host names of the default tenant, joined by commas.",
        ["tls_certificate"] = "File of the certificate chain in PEM; read again when it changes.",
        ["tls_key"] = "File of the certificate's private key in PEM.",
        ["trusted_proxies"] = "Addresses or networks (10.0.0.0/8) whose X-Forwarded-For and X-Forwarded-Proto are believed, joined by commas.",
        ["master_key_file"] = "File of the master key, made with mode 0600 at the first start. Required unless master_key is in the environment.",
        ["master_key"] = "The master key itself, 32 bytes in base64. Only from the environment.",
        ["previous_master_key_files"] = "Files of earlier master keys, joined by commas, for a change of master key.",
        ["accounts_in_memory"] = "Accounts kept in memory per tenant, 100 to 10000000. Default 20000.",
        ["outbound_networks"] = "Addresses or networks that are not public and from which JWK sets may be fetched all the same, joined by commas.",
        ["outbound_ports"] = "Ports (443) or ranges of ports (8000-8999) of JWK set URLs, joined by commas. Default 443.",
        ["outbound_http"] = "true to fetch JWK sets by plain http too. Default false.",
        ["outbound_proxy"] = "The proxy through which JWK sets are fetched, http://host:port. None is taken from the environment.",
        ["setup_token_file"] = "File for the one-time setup token of the first start. Without it the token is printed once.",
        ["log_level"] = "trace, debug, information, warning or error. Default information.",
    };

    /// <summary>The key that was probably meant.</summary>
    public static string Nearest(string key) => All.Keys.MinBy(k => Distance(k, key))!;

    // Levenshtein, for the nearest known key.
    private static int Distance(string a, string b)
    {
        var row = Enumerable.Range(0, b.Length + 1).ToArray();

        for (var i = 1; i <= a.Length; i++)
        {
            var diagonal = row[0];
            row[0] = i;

            for (var j = 1; j <= b.Length; j++)
            {
                var above = row[j];
                row[j] = Math.Min(Math.Min(row[j] + 1, row[j - 1] + 1), diagonal + (a[i - 1] == b[j - 1] ? 0 : 1));
                diagonal = above;
            }
        }

        return row[b.Length];
    }
}
