"""Files of Apple's customers: where one lies is asked first, and what lies there is encrypted.

Follows https://register.apple.com/resources/messages/msp-rest-api (preDownload): AES-256 in counter mode from
zero, with the key that came in the message, one zero byte before it. All that fetching needs is in the
reference: `apple-media:?url=…&owner=…&key=…&signature=…`.
"""

import re
from base64 import b64encode
from collections.abc import Callable
from urllib.parse import parse_qsl, urlencode

from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
from pydantic import JsonValue

from functions.channels.contract import Answer, Call, Refused
from functions.providers.payload import read_answer, text

REFERENCE = "apple-media:"
HOSTS = ("icloud-content.com", "icloud.com")

_NEEDED = ("url", "owner", "signature")
_KEY = re.compile(r"00([0-9a-fA-F]{64})")
_HEX = re.compile(r"([0-9a-fA-F]{2})+")
_PLAIN = re.compile(r"[\x21-\x7e]+")  # fit for a header, which all of them go to
_REASONS = {
    400: "Apple does not know the file: the address or its signature is not accepted",
    401: "Apple does not accept our token: check the MSP id and the API secret",
    403: "Apple does not give the file to this business",
    404: "Apple has the file no more",
    410: "Apple has the file no more",
}


def reference(file: JsonValue) -> str:
    """Name an attachment of a message; empty when it has no address."""
    fields = {name: text(file, name) for name in ("url", "owner", "key")}
    fields["signature"] = text(file, "signature-base64") or _from_hex(text(file, "signature"))
    return f"{REFERENCE}?{urlencode(fields)}" if fields["url"] else ""


def call(base: str, reference: str, business: str, proof: str) -> Call | None:
    """Build the call that asks where a file is; None when the reference has not all that is needed."""
    fields = _fields(reference)
    needed = {name: fields.get(name, "") for name in _NEEDED}
    if not _KEY.fullmatch(fields.get("key", "")) or not all(map(_PLAIN.fullmatch, needed.values())):
        return None
    headers = {"Authorization": proof, "source-id": business, **needed}
    return Call(f"{base}/v1/preDownload", headers, method="GET")


def place(answer: Answer) -> Call | Refused:
    """Build the GET of the file from that call's answer."""
    url = text(read_answer(answer.body), "download-url")
    if answer.status == 200 and url:
        return Call(url, method="GET")
    why = _REASONS.get(answer.status, f"Apple does not tell where the file is (HTTP {answer.status})")
    return Refused(str(answer.status), why, retryable=False)


def decryptor(reference: str) -> Callable[[bytes], bytes]:
    """Give what decrypts a file's pieces in their order; raises ValueError when the key is none."""
    key = _KEY.fullmatch(_fields(reference).get("key", ""))
    if not key:
        raise ValueError("not a key of 00 and 64 hexadecimal digits")
    return Cipher(algorithms.AES(bytes.fromhex(key[1])), modes.CTR(bytes(16))).decryptor().update


def _fields(reference: str) -> dict[str, str]:
    if not reference.startswith(f"{REFERENCE}?"):
        return {}
    return dict(parse_qsl(reference.removeprefix(f"{REFERENCE}?"), keep_blank_values=True))


def _from_hex(signature: str) -> str:
    """Older messages have it in hexadecimal only, and preDownload takes base64 only."""
    return b64encode(bytes.fromhex(signature)).decode() if _HEX.fullmatch(signature) else signature
