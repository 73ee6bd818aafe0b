"""Asks for a token and prints it, or what the client made of the refusal."""
import json
import os

from authlib.integrations.base_client import OAuthError
from authentication import session

try:
    token = session.fetch_token(f"{os.environ['ISSUER']}/oauth2/token", grant_type="client_credentials", scope=os.environ["SCOPE"])
    print(json.dumps({"token": token}))
except OAuthError as refusal:
    print(json.dumps({"error": refusal.error, "error_description": refusal.description}))
