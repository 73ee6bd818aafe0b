// A token's whole life: obtained, introspected, revoked, introspected again.
import * as client from 'openid-client';
import { authentication } from './authentication.mjs';

const { ISSUER, CLIENT_ID, SCOPE, RESOURCE } = process.env;

const config = await client.discovery(new URL(ISSUER), CLIENT_ID, undefined, authentication, {
  execute: [client.allowInsecureRequests],
});
const wanted = new URLSearchParams(Object.entries({ scope: SCOPE, resource: RESOURCE }).filter(([, value]) => value));

const token = await client.clientCredentialsGrant(config, wanted);
const before = await client.tokenIntrospection(config, token.access_token, { token_type_hint: 'access_token' });
await client.tokenRevocation(config, token.access_token);
const after = await client.tokenIntrospection(config, token.access_token);

console.log(JSON.stringify({ token, before, after }));
