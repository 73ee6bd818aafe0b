using System.Text;
using Countersign.OAuth;

namespace Countersign.Server.ServiceAccounts;

internal static class ClientIds
{
    /// <summary>What is wrong with a client id that somebody chose, or null. A space at either end could not be told from none.</summary>
    public static string? Fault(string clientId) =>
        !ClientIdText.IsValid(Encoding.UTF8.GetBytes(clientId)) ? "must be 1 to 255 printable ASCII characters"
        : clientId[0] == ' ' || clientId[^1] == ' ' ? "must not begin or end with a space"
        : null;
}
