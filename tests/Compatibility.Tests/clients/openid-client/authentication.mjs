// How the client authenticates, as METHOD says. An assertion is the library's own in everything; its audience is the issuer.
import { importPKCS8 } from 'jose';
import * as client from 'openid-client';

const { METHOD, CLIENT_SECRET, KEY, KEY_ID, ALG } = process.env;

export const authentication = await {
  client_secret_basic: () => client.ClientSecretBasic(CLIENT_SECRET),
  client_secret_post: () => client.ClientSecretPost(CLIENT_SECRET),
  private_key_jwt: async () => client.PrivateKeyJwt({ key: await importPKCS8(KEY, ALG), kid: KEY_ID }),
}[METHOD]();
