"""Who may call: tokens signed with an access key, as the service checks them.

REST calls: https://learn.microsoft.com/azure/azure-web-pubsub/reference-rest-api-data-plane (`aud` is the
request's URL). Clients: …/concept-client-protocols#supported-claims. Entra ID's tokens are not taken here.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import jwt
from aiohttp import web

ALGORITHM = "HS256"


class Refused(Exception):
    """No token, or none that opens this; the text says why."""


@dataclass(frozen=True, slots=True)
class Client:
    """What a client's token says: who it is, where it joins, what it may do; and all its claims."""

    user: str
    groups: frozenset[str]
    roles: frozenset[str]
    claims: dict[str, list[str]]

    def may_send(self, group: str) -> bool:
        """Whether it may publish to a group."""
        return bool(self.roles & {"webpubsub.sendToGroup", f"webpubsub.sendToGroup.{group}"})


def check_call(request: web.Request, keys: Sequence[str]) -> None:
    """Let a REST call pass, or raise Refused."""
    called = f"{request.scheme}://{request.host}{request.raw_path}"
    _claims(_bearer(request), keys, {called, called.partition("?")[0]})


def read_client(request: web.Request, hub: str, keys: Sequence[str]) -> Client:
    """Read the token with which a client connects; raises Refused."""
    base = f"{request.scheme}://{request.host}/client/"
    claims = _claims(
        request.query.get("access_token") or _bearer(request),
        keys,
        {f"{base}hubs/{hub}", f"{base}?hub={hub}"},
    )
    listed = {name: _texts(value) for name, value in claims.items()}
    return Client(
        user=(listed.get("sub") or [""])[0],
        groups=frozenset(listed.get("webpubsub.group", ())),
        roles=frozenset(listed.get("role", ())),
        claims=listed,
    )


def _bearer(request: web.Request) -> str:
    scheme, _, token = request.headers.get("Authorization", "").partition(" ")
    if scheme.lower() != "bearer" or not token:
        raise Refused("there is no token")
    return token


def _claims(token: str, keys: Sequence[str], audiences: set[str]) -> dict[str, Any]:
    reason = "no key"
    for key in keys:
        try:
            return jwt.decode(
                token, key, [ALGORITHM], audience=list(audiences), options={"require": ["exp", "aud"]}
            )
        except jwt.InvalidTokenError as error:
            reason = str(error)
    raise Refused(reason)


def _texts(value: object) -> list[str]:
    return [str(each) for each in value] if isinstance(value, list) else [str(value)]
