// A token's whole life: obtained, introspected, revoked, introspected again.
import * as oauth from 'oauth4webapi';
import { authentication } from './authentication.mjs';

const { ISSUER, CLIENT_ID, SCOPE, RESOURCE } = process.env;

const insecure = { [oauth.allowInsecureRequests]: true };
const issuer = new URL(ISSUER);
const server = await oauth.processDiscoveryResponse(issuer, await oauth.discoveryRequest(issuer, { algorithm: 'oauth2', ...insecure }));
const client = { client_id: CLIENT_ID };

async function introspect(accessToken) {
  const response = await oauth.introspectionRequest(server, client, authentication, accessToken, insecure);
  return oauth.processIntrospectionResponse(server, client, response);
}

const wanted = new URLSearchParams(Object.entries({ scope: SCOPE, resource: RESOURCE }).filter(([, value]) => value));
const answer = await oauth.clientCredentialsGrantRequest(server, client, authentication, wanted, insecure);
const token = await oauth.processClientCredentialsResponse(server, client, answer);
const before = await introspect(token.access_token);
await oauth.processRevocationResponse(await oauth.revocationRequest(server, client, authentication, token.access_token, insecure));
const after = await introspect(token.access_token);

console.log(JSON.stringify({ token, before, after }));
