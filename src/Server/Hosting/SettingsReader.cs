using System.Net;
using System.Text.Json;
using Countersign.Server.Data;
using Countersign.Server.Jwks;

namespace Countersign.Server.Hosting;

/// <summary>
/// Reads settings from a JSON file, then the environment (<c>COUNTERSIGN_…</c>), then flags; the later one wins. Unknown keys are refused,
/// and all faults are reported together.
/// </summary>
internal sealed class SettingsReader
{
    public const string EnvironmentPrefix = "COUNTERSIGN_";

    private readonly Dictionary<string, (string Value, string Origin)> _values = new(StringComparer.Ordinal);
    private readonly List<string> _faults = [];

    public IReadOnlyList<string> Faults => _faults;

    public void AddFile(string path)
    {
        try
        {
            using var document = JsonDocument.Parse(File.ReadAllBytes(path), new JsonDocumentOptions { CommentHandling = JsonCommentHandling.Skip, AllowTrailingCommas = true, AllowDuplicateProperties = false });

            if (document.RootElement.ValueKind != JsonValueKind.Object)
            {
                _faults.Add($"{path}: one JSON object is expected");

                return;
            }

            foreach (var member in document.RootElement.EnumerateObject())
            {
                Add(member.Name, Text(member.Value), path);
            }
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException or JsonException)
        {
            _faults.Add($"{path}: {exception.Message}");
        }
    }

    public void AddEnvironment(IEnumerable<KeyValuePair<string, string>> variables)
    {
        foreach (var (name, value) in variables)
        {
            // The command line's own variables share the prefix.
            if (name.StartsWith(EnvironmentPrefix, StringComparison.Ordinal) && name[EnvironmentPrefix.Length..] is not ("SERVER" or "CLIENT_ID" or "CLIENT_SECRET" or "KEY_FILE" or "PROFILE"))
            {
                Add(name[EnvironmentPrefix.Length..].ToLowerInvariant(), value, $"environment variable {name}");
            }
        }
    }

    public void AddFlag(string key, string value) => Add(key, value, $"--{key.Replace('_', '-')}");

    /// <summary>The settings, or null with all that is wrong in <see cref="Faults"/>.</summary>
    public ServerSettings? Read()
    {
        var database = Required("database");
        var publicUrl = Required("public_url") is { } url ? Url("public_url", url) : null;
        var proxies = Networks("trusted_proxies");
        var certificate = Existing("tls_certificate");
        var key = Existing("tls_key");
        var listen = List("listen").Select(l => Url("listen", l)).OfType<Uri>().ToArray();
        var accounts = Number("accounts_in_memory", 100, 10_000_000, 20_000);
        var outbound = Outbound();
        var level = Value("log_level") ?? "information";

        if (database is not null)
        {
            Try("database", () => DatabaseEngine.Parse(database));
        }

        if ((certificate is null) != (key is null))
        {
            Fault(certificate is null ? "tls_key" : "tls_certificate", "tls_certificate and tls_key go together");
        }

        if (listen.Length == 0)
        {
            listen = [new Uri(certificate is null ? "http://127.0.0.1:8080" : "https://0.0.0.0:8443")];
        }

        if (listen.Any(l => l.Scheme == Uri.UriSchemeHttps) && certificate is null)
        {
            Fault("listen", "listening on https needs tls_certificate and tls_key");
        }

        if (publicUrl is { Scheme: "http", IsLoopback: false } && proxies.Length == 0)
        {
            Fault("public_url", "plain http would carry secrets in clear: use https, or name the proxy that ends TLS in trusted_proxies");
        }

        if (publicUrl is not null && (publicUrl.PathAndQuery != "/" || publicUrl.Fragment.Length > 0 || publicUrl.UserInfo.Length > 0))
        {
            Fault("public_url", "the issuer has neither path, query, fragment nor user");
        }

        if (level is not ("trace" or "debug" or "information" or "warning" or "error"))
        {
            Fault("log_level", "is none of trace, debug, information, warning, error");
        }

        if (_values.TryGetValue("master_key", out var given) && !given.Origin.StartsWith("environment", StringComparison.Ordinal))
        {
            Fault("master_key", "is taken from the environment only: files and process lists are read by others");
        }

        // The key file is made only when everything else is right.
        var masterKey = _faults.Count == 0 ? MasterKey() : null;
        var previous = List("previous_master_key_files").Select(PreviousKey).OfType<byte[]>().ToArray();

        return _faults.Count > 0
            ? null
            : new ServerSettings
            {
                Database = database!,
                PublicUrl = publicUrl!,
                Listen = listen,
                Hosts = List("hosts"),
                TlsCertificate = certificate,
                TlsKey = key,
                TrustedProxies = proxies,
                MasterKey = masterKey!,
                PreviousMasterKeys = previous,
                AccountsInMemory = accounts,
                Outbound = outbound,
                SetupTokenFile = Value("setup_token_file"),
                LogLevel = level,
            };
    }

    private void Add(string key, string value, string origin)
    {
        if (!SettingKeys.All.ContainsKey(key))
        {
            _faults.Add($"{origin}: there is no setting {key}; did you mean {SettingKeys.Nearest(key)}?");

            return;
        }

        _values[key] = (value, origin);
    }

    private byte[]? MasterKey()
    {
        if (Value("master_key") is { } text)
        {
            return ParsedKey("master_key", text);
        }

        if (Value("master_key_file") is not { } path)
        {
            _faults.Add("master_key_file is required: a path where the master key is, or is to be made");

            return null;
        }

        return Try("master_key_file", () => Countersign.Server.Keys.MasterKey.ReadOrCreate(path));
    }

    private byte[]? ParsedKey(string key, string text)
    {
        var parsed = Countersign.Server.Keys.MasterKey.Parse(text);

        if (parsed is null)
        {
            Fault(key, "is not 32 bytes in base64");
        }

        return parsed;
    }

    private byte[]? PreviousKey(string path) => Try("previous_master_key_files", () => File.Exists(path)
        ? Countersign.Server.Keys.MasterKey.ReadOrCreate(path)
        : throw new FileNotFoundException($"{path} does not exist"));

    private OutboundRules Outbound()
    {
        var ports = List("outbound_ports").Select(p => Try("outbound_ports", () => PortRange.Parse(p))).OfType<PortRange>().ToArray();
        var http = Value("outbound_http") ?? "false";

        if (http is not ("true" or "false"))
        {
            Fault("outbound_http", "is neither true nor false");
        }

        return new OutboundRules
        {
            Networks = Networks("outbound_networks"),
            Ports = ports.Length == 0 ? [PortRange.Https] : ports,
            Http = http == "true",
            Proxy = Value("outbound_proxy") is { } proxy ? Try("outbound_proxy", () => OutboundRules.ParseProxy(proxy)) : null,
        };
    }

    private string? Value(string key) => _values.TryGetValue(key, out var held) && held.Value.Length > 0 ? held.Value : null;

    private string? Required(string key)
    {
        if (Value(key) is { } value)
        {
            return value;
        }

        _faults.Add($"{key} is required: {SettingKeys.All[key]}");

        return null;
    }

    private string[] List(string key) => Value(key)?.Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries) ?? [];

    private string? Existing(string key)
    {
        if (Value(key) is { } path && !File.Exists(path))
        {
            Fault(key, $"{path} does not exist");
        }

        return Value(key);
    }

    private Uri? Url(string key, string text)
    {
        if (Uri.TryCreate(text, UriKind.Absolute, out var url) && url.Scheme is "http" or "https")
        {
            return url;
        }

        Fault(key, $"{text} is no http or https URL");

        return null;
    }

    private IPNetwork[] Networks(string key) => [.. List(key).Select(n => Network(key, n)).OfType<IPNetwork>()];

    private IPNetwork? Network(string key, string text)
    {
        if (IPNetwork.TryParse(text, out var network))
        {
            return network;
        }

        if (IPAddress.TryParse(text, out var address))
        {
            return new IPNetwork(address, address.AddressFamily == System.Net.Sockets.AddressFamily.InterNetwork ? 32 : 128);
        }

        Fault(key, $"{text} is neither an address nor a network");

        return null;
    }

    private int Number(string key, int least, int most, int otherwise)
    {
        if (Value(key) is not { } text)
        {
            return otherwise;
        }

        if (int.TryParse(text, System.Globalization.CultureInfo.InvariantCulture, out var number) && number >= least && number <= most)
        {
            return number;
        }

        Fault(key, $"must be a number from {least} to {most}");

        return otherwise;
    }

    private T? Try<T>(string key, Func<T> read)
        where T : class
    {
        try
        {
            return read();
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException or FormatException or InvalidOperationException or ArgumentException)
        {
            Fault(key, exception.Message);

            return null;
        }
    }

    private void Fault(string key, string what) => _faults.Add(_values.TryGetValue(key, out var held) ? $"{key} ({held.Origin}): {what}" : $"{key}: {what}");

    private static string Text(JsonElement value) => value.ValueKind switch
    {
        JsonValueKind.Array => string.Join(',', value.EnumerateArray().Select(Text)),
        JsonValueKind.String => value.GetString()!,
        _ => value.GetRawText(),
    };
}
