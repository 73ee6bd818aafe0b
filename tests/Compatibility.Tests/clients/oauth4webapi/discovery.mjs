// Discovers the server by one of its two well-known documents and prints what the client understood.
import * as oauth from 'oauth4webapi';

const { ISSUER, DOCUMENT } = process.env;

const issuer = new URL(ISSUER);
const response = await oauth.discoveryRequest(issuer, { algorithm: DOCUMENT, [oauth.allowInsecureRequests]: true });

console.log(JSON.stringify(await oauth.processDiscoveryResponse(issuer, response)));
