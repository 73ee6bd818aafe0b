// Signs an assertion by hand and sends it: as the grant itself where GRANT names that one, else as the client's authentication.
// The key is PEM in KEY, or the file KEY_FILE, which then says all that there is to know.
import { createPrivateKey, randomUUID } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { SignJWT } from 'jose';

const { ISSUER, CLIENT_ID, KEY, KEY_ID, KEY_FILE, ALG, GRANT, SCOPE } = process.env;

const file = KEY_FILE
  ? JSON.parse(await readFile(KEY_FILE, 'utf8'))
  : { issuer: ISSUER, tokenUrl: `${ISSUER}/oauth2/token`, clientId: CLIENT_ID, keyId: KEY_ID, key: KEY };

const assertion = await new SignJWT()
  .setProtectedHeader({ alg: ALG, kid: file.keyId })
  .setIssuer(file.clientId)
  .setSubject(file.clientId)
  .setAudience(file.issuer)
  .setIssuedAt()
  .setExpirationTime('1 minute')
  .setJti(randomUUID())
  .sign(createPrivateKey(file.key));

const body = GRANT
  ? { grant_type: GRANT, assertion }
  : {
      grant_type: 'client_credentials',
      client_assertion_type: 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer',
      client_assertion: assertion,
    };
const answer = await fetch(file.tokenUrl, { method: 'POST', body: new URLSearchParams({ ...body, scope: SCOPE }) });

console.log(JSON.stringify(answer.ok ? { token: await answer.json() } : { status: answer.status, ...(await answer.json()) }));
