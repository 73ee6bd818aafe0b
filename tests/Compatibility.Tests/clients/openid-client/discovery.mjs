// Discovers the server by one of its two well-known documents and prints what the client understood.
import * as client from 'openid-client';

const { ISSUER, CLIENT_ID, CLIENT_SECRET, DOCUMENT } = process.env;

const config = await client.discovery(new URL(ISSUER), CLIENT_ID, CLIENT_SECRET, undefined, {
  algorithm: DOCUMENT,
  execute: [client.allowInsecureRequests],
});

console.log(JSON.stringify(config.serverMetadata()));
