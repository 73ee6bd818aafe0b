// An authorization server by the npm package oidc-provider, on loopback: it issues JWTs to one client of its own, for any audience.
// Lines on standard input change it and are each answered by a line: publish (a new key stands beside those in use), use (the newest signs), drop (only the one that signs is left),
// typ TYPE (of the header of its tokens). CLAIMS are put into each token.
import { createServer } from 'node:http';
import { createInterface } from 'node:readline';
import { exportJWK, generateKeyPair } from 'jose';
import Provider from 'oidc-provider';

// Its notices would stand among the answers.
console.info = console.error;

const claims = JSON.parse(process.env.CLAIMS ?? '{}');
let typ = 'JWT';
let keys = [];
let signing;
let answer;

async function publish() {
  const { privateKey } = await generateKeyPair('RS256', { extractable: true });
  const kid = `key-${Date.now()}-${keys.length}`;
  keys = [...keys, { ...(await exportJWK(privateKey)), kid, use: 'sig', alg: 'RS256' }];
  build();
}

function use() {
  signing = keys.at(-1).kid;
}

function drop() {
  keys = keys.filter(({ kid }) => kid === signing);
  build();
}

function build() {
  const provider = new Provider(issuer, {
    jwks: { keys },
    clients: [{ client_id: 'job', client_secret: 'a-secret-of-the-job', grant_types: ['client_credentials'], redirect_uris: [], response_types: [] }],
    features: {
      devInteractions: { enabled: false },
      clientCredentials: { enabled: true },
      resourceIndicators: {
        enabled: true,
        getResourceServerInfo: (_, audience) => ({ scope: 'api', audience, accessTokenTTL: 300, accessTokenFormat: 'jwt', jwt: { sign: { alg: 'RS256', kid: signing } } }),
      },
    },
    // Its access tokens are of the type at+jwt, which says that they are for an API. For an assertion somebody who runs it changes that, as its documentation shows.
    formats: { customizers: { jwt: (_, __, jwt) => { jwt.header = { ...jwt.header, typ }; Object.assign(jwt.payload, claims) } } },
  });
  answer = provider.callback();
}

const server = createServer((request, response) => answer(request, response));
await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
const issuer = `http://127.0.0.1:${server.address().port}`;
await publish();
use();
build();
console.log(issuer);

for await (const line of createInterface({ input: process.stdin })) {
  const [command, value] = line.split(' ');
  if (command === 'publish') await publish();
  if (command === 'use') use();
  if (command === 'drop') drop();
  if (command === 'typ') typ = value;
  console.log(command);
}

server.close();
server.closeAllConnections();
