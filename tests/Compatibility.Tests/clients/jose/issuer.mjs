// An issuer as platforms have it, on loopback: metadata under any path, its keys, and an address where a job fetches its token.
// A line on standard input is {claims, header?, offer?}; the token, which is the one that a job gets when it is an offer, is the line that answers.
import { randomUUID } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import * as http from 'node:http';
import * as https from 'node:https';
import { createInterface } from 'node:readline';
import { calculateJwkThumbprint, exportJWK, generateKeyPair, SignJWT } from 'jose';

const { ALG = 'RS256', USE = 'sig', TLS_KEY, TLS_CERTIFICATE } = process.env;
const isSvid = USE === 'jwt-svid';

const { publicKey, privateKey } = await generateKeyPair(ALG);
const jwk = await exportJWK(publicKey);
const kid = await calculateJwkThumbprint(jwk);
// A SPIFFE bundle says no alg, and has the keys of X.509 certificates beside those of JWTs.
const set = isSvid
  ? { keys: [{ ...(await exportJWK((await generateKeyPair('ES256')).publicKey)), use: 'x509-svid' }, { ...jwk, kid, use: USE }], spiffe_sequence: 1, spiffe_refresh_hint: 300 }
  : { keys: [{ ...jwk, kid, alg: ALG, use: USE }] };
let offer;

async function answer(request, response) {
  const url = new URL(request.url, base);
  const wellKnown = url.pathname.indexOf('/.well-known/openid-configuration');
  const body = wellKnown >= 0 ? { issuer: base + url.pathname.slice(0, wellKnown), jwks_uri: `${base}/openid/v1/jwks`, id_token_signing_alg_values_supported: [ALG] }
    : url.pathname === '/job' ? { value: await sign({ ...offer, claims: { ...offer.claims, aud: url.searchParams.get('audience') } }) }
    : set;
  response.setHeader('content-type', 'application/json');
  response.end(JSON.stringify(body));
}

function sign({ claims, header }) {
  const now = Math.floor(Date.now() / 1000);
  const times = isSvid ? { iat: now, exp: now + 300 } : { jti: randomUUID(), iat: now, nbf: now, exp: now + 300 };
  return new SignJWT({ ...times, ...claims }).setProtectedHeader({ alg: ALG, kid, typ: 'JWT', ...header }).sign(privateKey);
}

const listener = (request, response) => answer(request, response).catch((error) => response.writeHead(500).end(`${error}`));
const server = TLS_KEY ? https.createServer({ key: await readFile(TLS_KEY), cert: await readFile(TLS_CERTIFICATE) }, listener) : http.createServer(listener);
await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
const base = `${TLS_KEY ? 'https' : 'http'}://127.0.0.1:${server.address().port}`;
console.log(base);

for await (const line of createInterface({ input: process.stdin })) {
  const asked = JSON.parse(line);
  offer = asked.offer ? asked : offer;
  console.log(await sign(asked));
}

server.close();
server.closeAllConnections();
