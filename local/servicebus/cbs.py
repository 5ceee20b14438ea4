"""The `$cbs` node: clients show a shared-access signature for each queue before they attach to it.

Follows https://learn.microsoft.com/azure/service-bus-messaging/service-bus-sas.
"""

import base64
import hashlib
import hmac
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from urllib.parse import unquote_plus, urlsplit

from local.servicebus.model import Refused

UNAUTHORIZED = "amqp:unauthorized-access"
DEVELOPMENT_KEYS: Mapping[str, str] = {"RootManageSharedAccessKey": "SAS_KEY_VALUE"}
_SCHEME = "SharedAccessSignature "
_TOKEN_LIMIT = 8192


@dataclass(frozen=True, slots=True)
class Grant:
    """A right to a path and all below it ("" is everything), until a Unix time."""

    path: str
    expires: float


@dataclass(slots=True)
class Rights:
    """What one connection has proved."""

    _grants: dict[str, float] = field(default_factory=dict)

    def add(self, grant: Grant) -> None:
        """Take a proof; a new one for the same path replaces the old one."""
        self._grants[grant.path] = grant.expires

    def check(self, path: str) -> None:
        """Raise Refused unless a live grant covers the path."""
        now, steps = time.time(), path.lower().split("/")
        above = ("/".join(steps[:count]) for count in range(len(steps) + 1))
        if not any(self._grants.get(one, 0) > now for one in above):
            raise Refused(
                UNAUTHORIZED, "Unauthorized access: no valid token for this entity on the connection."
            )


def verify(token: str, keys: Mapping[str, str]) -> Grant:
    """Check a token's signature and life. Raises Refused; never tells which part was wrong."""
    fields = _fields(token)
    resource, expiry = fields.get("sr", ""), fields.get("se", "")
    key = keys.get(unquote_plus(fields.get("skn", "")), "")
    given = unquote_plus(fields.get("sig", "")).encode()
    signed = hmac.new(key.encode(), f"{resource}\n{expiry}".encode(), hashlib.sha256).digest()
    good = hmac.compare_digest(base64.b64encode(signed), given) and bool(key) and expiry.isdecimal()
    if not good or int(expiry) <= time.time():
        raise Refused(UNAUTHORIZED, "The token is not valid.")
    return Grant(path_of(unquote_plus(resource)), float(expiry))


def path_of(address: str) -> str:
    """Give the entity's path of an address, which may be a whole URI or the bare path; lower case."""
    path = urlsplit(address).path if "://" in address else address
    return path.strip("/").lower()


def _fields(token: str) -> dict[str, str]:
    if not token.startswith(_SCHEME) or len(token) > _TOKEN_LIMIT:
        return {}
    pairs = (part.partition("=") for part in token[len(_SCHEME) :].split("&"))
    return {name: value for name, _, value in pairs}
