"""Exchanges an assertion for a token (RFC 7523 §2.1). AssertionSession adds no jti: one that is set would stand in each assertion of the session."""
import json
import os

from authlib.integrations.requests_client import AssertionSession

issuer = os.environ["ISSUER"]
client_id = os.environ["CLIENT_ID"]

session = AssertionSession(
    token_endpoint=f"{issuer}/oauth2/token",
    issuer=client_id,
    subject=client_id,
    audience=issuer,  # the token endpoint, unless given
    expires_in=60,  # an hour, unless given
    key=os.environ["KEY"],
    header={"alg": os.environ["ALG"], "kid": os.environ["KEY_ID"]},
    scope=os.environ["SCOPE"],
)

print(json.dumps({"token": session.refresh_token()}))
