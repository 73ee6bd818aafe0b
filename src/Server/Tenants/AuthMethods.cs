namespace Countersign.Server.Tenants;

/// <summary>How an account is registered to authenticate (RFC 7591 §2). Basic and post are one method.</summary>
internal static class AuthMethods
{
    public const string ClientSecret = "client_secret";
    public const string PrivateKeyJwt = "private_key_jwt";
}
