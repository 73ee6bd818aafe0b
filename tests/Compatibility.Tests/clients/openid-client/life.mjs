// A token's whole life: obtained, introspected, revoked, introspected again.
import * as client from 'openid-client';

const { ISSUER, CLIENT_ID, CLIENT_SECRET, SCOPE, RESOURCE, METHOD } = process.env;

const authenticate = { client_secret_basic: client.ClientSecretBasic, client_secret_post: client.ClientSecretPost }[METHOD];
const config = await client.discovery(new URL(ISSUER), CLIENT_ID, undefined, authenticate(CLIENT_SECRET), {
  execute: [client.allowInsecureRequests],
});
const wanted = new URLSearchParams(Object.entries({ scope: SCOPE, resource: RESOURCE }).filter(([, value]) => value));

const token = await client.clientCredentialsGrant(config, wanted);
const before = await client.tokenIntrospection(config, token.access_token, { token_type_hint: 'access_token' });
await client.tokenRevocation(config, token.access_token);
const after = await client.tokenIntrospection(config, token.access_token);

console.log(JSON.stringify({ token, before, after }));
