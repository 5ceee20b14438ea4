"""What configuration files for the local platform leave out: where the simulators are, and a private key.

`http://simulators` stands for the first, `local://service-account-key` for the second: the key of a Google
service account, in a JSON text. It is made for each data folder; nobody checks what it signs.
"""

import json
from pathlib import Path

from local.keys import kept_key, pem

SIMULATORS = "http://simulators"
KEY = "local://service-account-key"
FILE = "service-account.pem"


def filled(text: str, simulators: str, data: Path) -> str:
    """Put both in their places in a document."""
    if KEY in text:
        text = text.replace(KEY, json.dumps(pem(kept_key(data / FILE)).decode())[1:-1])
    return text.replace(SIMULATORS, simulators)
