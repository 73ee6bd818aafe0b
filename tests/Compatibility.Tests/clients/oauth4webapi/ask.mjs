// Asks for a token and prints it, or what the client made of the refusal.
import * as oauth from 'oauth4webapi';
import { authentication } from './authentication.mjs';

const { ISSUER, CLIENT_ID, SCOPE, RESOURCE } = process.env;

const insecure = { [oauth.allowInsecureRequests]: true };
const issuer = new URL(ISSUER);
const server = await oauth.processDiscoveryResponse(issuer, await oauth.discoveryRequest(issuer, { algorithm: 'oauth2', ...insecure }));
const client = { client_id: CLIENT_ID };
const wanted = new URLSearchParams(Object.entries({ scope: SCOPE, resource: RESOURCE }).filter(([, value]) => value));
const answer = await oauth.clientCredentialsGrantRequest(server, client, authentication, wanted, insecure);

try {
  console.log(JSON.stringify({ token: await oauth.processClientCredentialsResponse(server, client, answer) }));
} catch (refusal) {
  if (refusal instanceof oauth.WWWAuthenticateChallengeError) {
    // The client leaves the body unread when there is a challenge.
    const { error, error_description } = await refusal.response.json();
    console.log(JSON.stringify({ status: refusal.status, challenges: refusal.cause, error, error_description }));
  } else if (refusal instanceof oauth.ResponseBodyError) {
    const { status, error, error_description } = refusal;
    console.log(JSON.stringify({ status, error, error_description }));
  } else {
    throw refusal;
  }
}
