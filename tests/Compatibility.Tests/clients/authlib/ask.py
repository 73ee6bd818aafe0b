"""Asks for a token and prints it, or what the client made of the refusal."""
import json
import os

from authlib.integrations.base_client import OAuthError
from authlib.integrations.requests_client import OAuth2Session

session = OAuth2Session(
    os.environ["CLIENT_ID"],
    os.environ["CLIENT_SECRET"],
    token_endpoint_auth_method=os.environ["METHOD"],
)

try:
    token = session.fetch_token(f"{os.environ['ISSUER']}/oauth2/token", grant_type="client_credentials", scope=os.environ["SCOPE"])
    print(json.dumps({"token": token}))
except OAuthError as refusal:
    print(json.dumps({"error": refusal.error, "error_description": refusal.description}))
