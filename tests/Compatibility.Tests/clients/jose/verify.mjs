// Checks a token as an API does: signature by the published keys, issuer, audience, type. Prints the token, or the client's error code.
import { createRemoteJWKSet, errors, jwtVerify } from 'jose';

const { ISSUER, AUDIENCE, TOKEN } = process.env;

const keys = createRemoteJWKSet(new URL(`${ISSUER}/oauth2/jwks`));

try {
  const { payload, protectedHeader } = await jwtVerify(TOKEN, keys, {
    issuer: ISSUER,
    audience: AUDIENCE,
    typ: 'at+jwt',
    requiredClaims: ['iss', 'exp', 'aud', 'sub', 'client_id', 'iat', 'jti'],
  });
  console.log(JSON.stringify({ payload, header: protectedHeader }));
} catch (error) {
  if (!(error instanceof errors.JOSEError)) throw error;
  console.log(JSON.stringify({ code: error.code, claim: error.claim }));
}
