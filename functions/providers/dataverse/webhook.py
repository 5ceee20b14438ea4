"""Dataverse: how its webhooks prove themselves, and what an account of it is.

Follows https://learn.microsoft.com/power-apps/developer/data-platform/register-web-hook. Nothing is signed: a
webhook carries the values that were entered when it was registered, as headers, as `?code=`, or in the query.
Whoever has them can post what he likes, so they are secrets; headers are the least likely to be logged.
"""

import re
from collections.abc import Mapping
from typing import Annotated, Self

from pydantic import AfterValidator, Field, SecretStr, StringConstraints, model_validator

from functions.channels.contract import Request
from functions.errors import NotAuthentic
from functions.providers.settings import ApiBase, Secret, Settings, checked_base
from functions.providers.signatures import same

_GUID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")
# Where tokens for Dataverse may be sent: Microsoft's clouds, or the loopback of a simulator.
_TRUSTED = re.compile(
    r"https://[a-z0-9-]+\.(crm\d{0,2}\.dynamics\.(com|cn)|crm9?\.(microsoftdynamics|appsplatform)\.us)"
    r"|http://(127\.0\.0\.1|localhost|\[::1\])(:\d+)?(/.*)?"
)


def _environment(url: str) -> str:
    if url and not _TRUSTED.fullmatch(checked_base(url)):
        raise ValueError("must be an environment of Dataverse, such as https://contoso.crm4.dynamics.com")
    return url.rstrip("/")


def _guid(value: str) -> str:
    if value and not _GUID.fullmatch(value.lower()):
        raise ValueError("must be an id, such as 00000000-0000-0000-0000-000000000001")
    return value.lower()


def _plain(secret: SecretStr) -> SecretStr:
    if re.search(r"[\s+%&#]", secret.get_secret_value()):
        raise ValueError("must have no blank, +, %, & or #: it travels in an address")
    return secret


Guid = Annotated[str, AfterValidator(_guid)]
Live = Annotated[tuple[Secret, ...], Field(min_length=1, max_length=3)]
"""The values that are good now: several while one is being changed for another."""
InAddress = Annotated[
    tuple[Annotated[Secret, AfterValidator(_plain)], ...], Field(min_length=1, max_length=3)
]
HeaderName = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9-]{1,100}$", to_lower=True)]
QueryName = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9_.-]{1,100}$")]

Table = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9_]{0,62}$")]
"""A table's logical name."""


class DataverseSettings(Settings):
    """A registered webhook: its pairs of `headers` or `query` (all must be right), or its key.

    `applicationUser` is our own user there (the systemuser's id), and `maxDepth` how long a chain of
    automation may be whose changes are still somebody's work. With `apiBase`, rows can be looked up: in the
    name of an application of Entra ID, by its secret or as a managed identity.

    Then customers may be looked up there whom the record store does not know (`lookUp`), tables be compared
    with the store every five minutes (`reconcile`), and conversations that close be written as notes on the
    timeline of their case or customer (`writeBack`).
    """

    headers: Annotated[Mapping[HeaderName, Live], Field(max_length=5)] = {}
    query: Annotated[Mapping[QueryName, InAddress], Field(max_length=5)] = {}
    webhook_keys: Annotated[tuple[Annotated[Secret, AfterValidator(_plain)], ...], Field(max_length=3)] = ()
    application_user: Guid = ""
    max_depth: Annotated[int, Field(ge=1, le=16)] = 1
    api_base: Annotated[str, AfterValidator(_environment)] = ""
    tenant_id: Guid = ""
    client_id: Guid = ""
    client_secret: SecretStr = SecretStr("")
    managed_identity: bool = False
    login_base: ApiBase = "https://login.microsoftonline.com"
    look_up: bool = False
    reconcile: Annotated[tuple[Table, ...], Field(max_length=20)] = ()
    write_back: bool = False

    @model_validator(mode="after")
    def _whole(self) -> Self:
        if not (self.headers or self.query or self.webhook_keys):
            raise ValueError("give headers, query or webhookKeys, as the webhook is registered")
        proofs = [bool(self.client_secret.get_secret_value()), self.managed_identity]
        if self.api_base and not (self.client_id and proofs.count(True) == 1):
            raise ValueError("apiBase needs clientId, and exactly one of clientSecret and managedIdentity")
        if self.api_base and proofs[0] and not self.tenant_id:
            raise ValueError("a clientSecret needs tenantId")
        if (self.look_up or self.reconcile or self.write_back) and not self.api_base:
            raise ValueError("lookUp, reconcile and writeBack need apiBase")
        return self


def authenticate(request: Request, settings: DataverseSettings) -> None:
    """Check the values that the webhook was registered with; raises NotAuthentic, which does not quote them.

    Every value is compared with every live one, in constant time: how long it takes tells nothing.
    """
    query = request.parameters()
    keys = {"code": settings.webhook_keys} if settings.webhook_keys else {}
    ways = [
        {
            f"the header {name}": _fits(request.headers.get(name, ""), live)
            for name, live in settings.headers.items()
        },
        {f"{name} in the query": _fits(query.get(name, ""), live) for name, live in settings.query.items()},
        {f"{name} in the query": _fits(query.get(name, ""), live) for name, live in keys.items()},
    ]
    faults = [
        "; ".join(filter(None, (f"{name} {fault}" for name, fault in way.items() if fault))) for way in ways
    ]
    if not any(way and not fault for way, fault in zip(ways, faults, strict=True)):
        raise NotAuthentic("; ".join(filter(None, faults)))


def _fits(given: str, live: tuple[SecretStr, ...]) -> str:
    """Say what is wrong with a value; nothing when it is one of those that are good now."""
    if True in [same(given, one.get_secret_value()) for one in live]:
        return ""
    return "does not match: check the value that the webhook was registered with" if given else "is missing"
