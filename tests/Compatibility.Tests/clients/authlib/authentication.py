"""A session that authenticates as METHOD says."""
import os

from authlib.integrations.requests_client import OAuth2Session
from authlib.jose import JsonWebKey
from authlib.oauth2.rfc7523 import PrivateKeyJWT, private_key_jwt_sign

method = os.environ["METHOD"]


class ShortLived(PrivateKeyJWT):
    """For a minute: Authlib signs for an hour, and its own class cannot be told another time."""

    def sign(self, auth, token_endpoint):
        return private_key_jwt_sign(auth.client_secret, auth.client_id, token_endpoint, alg=self.alg, expires_in=60)


def credential():
    if method != "private_key_jwt":
        return os.environ["CLIENT_SECRET"]
    # The kid of a key goes into the header; given as plain PEM, a key has none.
    return JsonWebKey.import_key(os.environ["KEY"], {"kid": os.environ["KEY_ID"]})


session = OAuth2Session(
    os.environ["CLIENT_ID"],
    credential(),
    token_endpoint_auth_method=method,
    revocation_endpoint_auth_method=method,
)

if method == "private_key_jwt":
    if os.environ.get("AUDIENCE") == "token-endpoint":
        # As Authlib's documentation shows it.
        session.register_client_auth_method(PrivateKeyJWT(f"{os.environ['ISSUER']}/oauth2/token", alg=os.environ["ALG"]))
    else:
        # The first parameter is called token_endpoint, and is the audience and nothing else.
        session.register_client_auth_method(ShortLived(os.environ["ISSUER"], alg=os.environ["ALG"]))
