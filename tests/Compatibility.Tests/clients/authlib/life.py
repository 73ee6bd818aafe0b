"""A token's whole life: obtained, introspected, revoked, introspected again."""
import json
import os

from authentication import session

issuer = os.environ["ISSUER"]
wanted = {name.lower(): os.environ[name] for name in ("SCOPE", "RESOURCE") if os.environ.get(name)}


def introspect(access_token):
    answer = session.introspect_token(f"{issuer}/oauth2/introspect", token=access_token, token_type_hint="access_token")
    answer.raise_for_status()
    return answer.json()


token = session.fetch_token(f"{issuer}/oauth2/token", grant_type="client_credentials", **wanted)
before = introspect(token["access_token"])
session.revoke_token(f"{issuer}/oauth2/revoke", token=token["access_token"], token_type_hint="access_token").raise_for_status()
after = introspect(token["access_token"])

print(json.dumps({"token": token, "before": before, "after": after}))
