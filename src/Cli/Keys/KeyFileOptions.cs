using System.CommandLine;
using Countersign.OAuth;

namespace Countersign.Cli.Keys;

/// <summary>What a key file says beside its key.</summary>
internal sealed class KeyFileOptions
{
    private readonly Option<string> _clientId = new("--client-id") { Description = "In a key file: the client_id that it is for." };
    private readonly Option<string> _issuer = new("--issuer") { Description = "In a key file: the issuer of the server that knows the key.", HelpName = "url" };

    public IEnumerable<Option> Options => [_clientId, _issuer];

    /// <summary>The file with what was given; its key is filled in when it is written.</summary>
    public KeyFile Read(Call call, KeyFile? from)
    {
        var file = from ?? new KeyFile { KeyId = "", Key = "" };

        return file with { ClientId = call.Get(_clientId) ?? file.ClientId, Issuer = call.Get(_issuer) ?? file.Issuer };
    }
}
