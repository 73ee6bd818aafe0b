// Asks for a token and prints it, or what the client made of the refusal.
import * as client from 'openid-client';
import { authentication } from './authentication.mjs';

const { ISSUER, CLIENT_ID, SCOPE, RESOURCE } = process.env;

const config = await client.discovery(new URL(ISSUER), CLIENT_ID, undefined, authentication, {
  execute: [client.allowInsecureRequests],
});
const wanted = new URLSearchParams(Object.entries({ scope: SCOPE, resource: RESOURCE }).filter(([, value]) => value));

try {
  const token = await client.clientCredentialsGrant(config, wanted);
  console.log(JSON.stringify({ token }));
} catch (refusal) {
  if (refusal instanceof client.WWWAuthenticateChallengeError) {
    // The client leaves the body unread when there is a challenge.
    const { error, error_description } = await refusal.response.json();
    console.log(JSON.stringify({ status: refusal.status, challenges: refusal.cause, error, error_description }));
  } else if (refusal instanceof client.ResponseBodyError) {
    const { status, error, error_description } = refusal;
    console.log(JSON.stringify({ status, error, error_description }));
  } else {
    throw refusal;
  }
}
