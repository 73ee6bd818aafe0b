// How the client authenticates, as METHOD says. An assertion is the library's own in everything; its audience is the issuer.
import { importPKCS8 } from 'jose';
import * as oauth from 'oauth4webapi';

const { METHOD, CLIENT_SECRET, KEY, KEY_ID, ALG } = process.env;

export const authentication = await {
  client_secret_basic: () => oauth.ClientSecretBasic(CLIENT_SECRET),
  client_secret_post: () => oauth.ClientSecretPost(CLIENT_SECRET),
  private_key_jwt: async () => oauth.PrivateKeyJwt({ key: await importPKCS8(KEY, ALG), kid: KEY_ID }),
}[METHOD]();
