using System.Buffers;
using System.Runtime.CompilerServices;
using System.Text.Json;
using Countersign.OAuth;
using Countersign.Server.Dpop;
using Countersign.Server.Tenants;
using Countersign.Server.Token.Grants;

namespace Countersign.Server.Discovery;

/// <summary>The server's own description (RFC 8414): exactly what it accepts, made once for each state of the tenant.</summary>
internal sealed class Metadata
{
    private static readonly ConditionalWeakTable<TenantSnapshot, Metadata> s_made = [];

    private static readonly string[] s_authMethods = ["client_secret_basic", "client_secret_post", "private_key_jwt", "spiffe_jwt"];
    private static readonly string[] s_assertionAlgorithms = [.. SigningAlgorithm.All.Select(a => a.Name)];

    private readonly string[] _algorithms;

    private Metadata(TenantSnapshot tenant, string[] algorithms)
    {
        _algorithms = algorithms;
        OAuth = Document(tenant, json =>
        {
            Array(json, "response_types_supported", []);
            Array(json, "introspection_signing_alg_values_supported", [tenant.Token.Alg!]);
        });
        OpenId = Document(tenant, json =>
        {
            Array(json, "response_types_supported", []);
            Array(json, "subject_types_supported", ["public"]);
            Array(json, "id_token_signing_alg_values_supported", algorithms);
        });
        ProtectedResource = Write(json =>
        {
            json.WriteString("resource", AdminApi.Identifier);
            Array(json, "authorization_servers", [tenant.Issuer]);
            json.WriteString("jwks_uri", tenant.Issuer + "/oauth2/jwks");
            Array(json, "scopes_supported", AdminApi.Scopes);
            Array(json, "bearer_methods_supported", ["header"]);
            Array(json, "dpop_signing_alg_values_supported", DpopGuard.Algorithms);
        });
    }

    public byte[] OAuth { get; }

    public byte[] OpenId { get; }

    /// <summary>RFC 9728, for the admin API.</summary>
    public byte[] ProtectedResource { get; }

    public static Metadata Of(TenantSnapshot tenant, DateTimeOffset now)
    {
        // A key turns active by the clock alone, without a new snapshot.
        var algorithms = tenant.Keys.SigningAlgorithms(now).ToArray();

        if (!s_made.TryGetValue(tenant, out var made) || !made._algorithms.AsSpan().SequenceEqual(algorithms))
        {
            made = new Metadata(tenant, algorithms);
            s_made.AddOrUpdate(tenant, made);
        }

        return made;
    }

    private static byte[] Document(TenantSnapshot tenant, Action<Utf8JsonWriter> more) => Write(json =>
    {
        json.WriteString("issuer", tenant.Issuer);
        json.WriteString("token_endpoint", tenant.TokenEndpoint);
        json.WriteString("introspection_endpoint", tenant.Issuer + "/oauth2/introspect");
        json.WriteString("revocation_endpoint", tenant.Issuer + "/oauth2/revoke");
        json.WriteString("jwks_uri", tenant.Issuer + "/oauth2/jwks");
        Array(json, "grant_types_supported", [ClientCredentialsGrant.Name, JwtBearerGrant.Name, TokenExchangeGrant.Name]);
        Array(json, "token_endpoint_auth_methods_supported", s_authMethods);
        Array(json, "token_endpoint_auth_signing_alg_values_supported", s_assertionAlgorithms);
        Array(json, "introspection_endpoint_auth_methods_supported", s_authMethods);
        Array(json, "introspection_endpoint_auth_signing_alg_values_supported", s_assertionAlgorithms);
        Array(json, "revocation_endpoint_auth_methods_supported", s_authMethods);
        Array(json, "revocation_endpoint_auth_signing_alg_values_supported", s_assertionAlgorithms);
        Array(json, "dpop_signing_alg_values_supported", DpopGuard.Algorithms);
        more(json);
    });

    private static byte[] Write(Action<Utf8JsonWriter> members)
    {
        var buffer = new ArrayBufferWriter<byte>();
        using var json = new Utf8JsonWriter(buffer);
        json.WriteStartObject();
        members(json);
        json.WriteEndObject();
        json.Flush();

        return buffer.WrittenSpan.ToArray();
    }

    private static void Array(Utf8JsonWriter json, string name, IEnumerable<string> values)
    {
        json.WriteStartArray(name);

        foreach (var value in values)
        {
            json.WriteStringValue(value);
        }

        json.WriteEndArray();
    }
}
