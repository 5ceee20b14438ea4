"""Google's own auth library as an oracle, and a service account that it and we can use."""

import json
from functools import cache
from typing import Any

from cryptography.hazmat.primitives.asymmetric.rsa import generate_private_key
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from google.oauth2 import service_account

EMAIL = "agent@monikanava.iam.gserviceaccount.com"


@cache
def key_file(token_uri: str = "https://oauth2.googleapis.com/token") -> str:
    """Make the JSON file that Google makes for a service account's key; the same one for a run."""
    private = generate_private_key(65537, 2048)
    pem = private.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()
    return json.dumps(
        {
            "type": "service_account",
            "project_id": "monikanava",
            "private_key_id": "0f1e2d",
            "private_key": pem,
            "client_email": EMAIL,
            "token_uri": token_uri,
        }
    )


def assertion(file: str, scope: str) -> str:
    """Give the assertion that Google's library would send."""
    library: Any = service_account.Credentials
    credentials = library.from_service_account_info(json.loads(file), scopes=[scope])
    signed: bytes = credentials._make_authorization_grant_assertion()
    return signed.decode()
