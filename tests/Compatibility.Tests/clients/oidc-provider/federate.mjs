// openid-client gets a JWT from one authorization server and a token for it from another, in each of the three ways.
import * as client from 'openid-client';

const { FOREIGN_ISSUER, ISSUER, SCOPE, WAY } = process.env;
const options = { execute: [client.allowInsecureRequests] };

const foreign = await client.discovery(new URL(FOREIGN_ISSUER), 'job', undefined, client.ClientSecretBasic('a-secret-of-the-job'), options);
const { access_token: jwt } = await client.clientCredentialsGrant(foreign, { resource: ISSUER, scope: 'api' });

const asAssertion = (_, __, body) => {
  body.set('client_assertion_type', 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer');
  body.set('client_assertion', jwt);
}
const ours = await client.discovery(new URL(ISSUER), 'not-sent', undefined, WAY === 'client_assertion' ? asAssertion : (_, __, body) => body.delete('client_id'), options);

try {
  const token = WAY === 'client_assertion' ? await client.clientCredentialsGrant(ours, { scope: SCOPE })
    : WAY === 'jwt_bearer' ? await client.genericGrantRequest(ours, 'urn:ietf:params:oauth:grant-type:jwt-bearer', { assertion: jwt, scope: SCOPE })
    : await client.genericGrantRequest(ours, 'urn:ietf:params:oauth:grant-type:token-exchange', {
        subject_token: jwt,
        subject_token_type: 'urn:ietf:params:oauth:token-type:jwt',
        scope: SCOPE,
      });
  console.log(JSON.stringify({ token }));
} catch (error) {
  // The client leaves the body unread when there is a challenge.
  const refusal = error instanceof client.WWWAuthenticateChallengeError ? await error.response.json() : error;
  const { error: code, error_description } = refusal;
  if (!code) throw error;
  console.log(JSON.stringify({ error: code, error_description }));
}
