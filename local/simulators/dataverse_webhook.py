"""Dataverse's webhooks: a RemoteExecutionContext as DataContract JSON writes it, with the registered values.

`__type` comes first, slashes are escaped, a dictionary is an array of key and value, and over 256 KB the
parameters and images are left out, which a header tells.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any
from urllib.parse import urlencode
from uuid import uuid4

from pydantic import SecretStr

from local.simulators.signed import SignedRequest

LARGEST = 256 * 1024
CONTRACTS = "http://schemas.microsoft.com/xrm/2011/Contracts"
NOBODY = "00000000-0000-0000-0000-000000000000"
USER = "c7877889-0f5f-ee11-8def-000d3adbef1f"
STEP = "bd7c6a7e-916b-ee11-9ae6-002248998a0a"
ASYNCHRONOUS, SYNCHRONOUS = 1, 0
LEFT_OUT = ("ParentContext", "InputParameters", "PreEntityImages", "PostEntityImages")
Json = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Option:
    """A choice: its number, and what people read."""

    value: int
    label: str = ""


@dataclass(frozen=True, slots=True)
class Ref:
    """A reference to another row."""

    entity: str
    id: str
    name: str | None = None


@dataclass(frozen=True, slots=True)
class Money:
    """An amount."""

    value: float


Value = str | int | float | bool | datetime | Option | Ref | Money | list[Option] | None
Values = Mapping[str, Value]


@dataclass(frozen=True, slots=True)
class Operation:
    """What happened to a row. `before` and `after` are the images of the step."""

    message: str  # Create, Update, Assign, SetState, Delete …
    entity: str
    id: str
    values: Values = field(default_factory=dict)
    before: Values = field(default_factory=dict)
    after: Values = field(default_factory=dict)
    at: datetime | None = None
    mode: int = ASYNCHRONOUS
    depth: int = 1
    user: str = USER
    name: str = field(default_factory=lambda: str(uuid4()))  # of the operation

    def context(self) -> Json:
        """Give the body."""
        return {
            "CorrelationId": self.name,
            "Depth": self.depth,
            "InitiatingUserId": self.user,
            "InputParameters": [{"key": key, "value": value} for key, value in self._parameters().items()],
            "MessageName": self.message,
            "Mode": self.mode,
            "OperationCreatedOn": date(self.at or datetime.now(UTC)),
            "OperationId": self.name,
            "OutputParameters": [],
            "OwningExtension": {"Id": STEP, "KeyAttributes": [], "LogicalName": "sdkmessageprocessingstep"},
            "ParentContext": None,
            "PostEntityImages": self._image("AsynchronousStepPrimaryName", self.after),
            "PreEntityImages": self._image("before", self.before),
            "PrimaryEntityId": self.id,
            "PrimaryEntityName": self.entity,
            "SharedVariables": [],
            "Stage": 40,
            "UserId": self.user,
        }

    def _parameters(self) -> Json:
        reference = written(Ref(self.entity, self.id))
        if self.message == "Assign":
            return {"Target": reference, "Assignee": written(self.values["ownerid"])}
        if self.message.startswith("SetState"):
            states = {"State": self.values["statecode"], "Status": self.values["statuscode"]}
            return {"EntityMoniker": reference, **{name: written(value) for name, value in states.items()}}
        if self.message == "Delete":
            return {"Target": reference}
        return {"Target": row(self.entity, self.id, self.values)}

    def _image(self, key: str, values: Values) -> list[Json]:
        return [{"key": key, "value": row(self.entity, self.id, values)}] if values else []


def row(entity: str, id_: str, values: Values) -> Json:
    """Write an Entity."""
    shown = {name: value.label for name, value in values.items() if isinstance(value, Option) and value.label}
    return {
        "__type": f"Entity:{CONTRACTS}",
        "Attributes": [{"key": name, "value": written(value)} for name, value in values.items()],
        "EntityState": None,
        "FormattedValues": [{"key": name, "value": value} for name, value in shown.items()],
        "Id": id_,
        "KeyAttributes": [],
        "LogicalName": entity,
        "RelatedEntities": [],
        "RowVersion": None,
    }


def written(value: Value) -> Any:
    """Write a column's value."""
    if isinstance(value, datetime):
        return date(value)
    if isinstance(value, list):
        return [written(one) for one in value]
    if isinstance(value, Option | Money):
        return {"__type": f"{_TYPES[type(value)]}:{CONTRACTS}", "Value": value.value}
    if isinstance(value, Ref):
        return {
            "__type": f"EntityReference:{CONTRACTS}",
            "Id": value.id,
            "KeyAttributes": [],
            "LogicalName": value.entity,
            "Name": value.name,
            "RowVersion": None,
        }
    return value


_TYPES: Mapping[type, str] = {Option: "OptionSetValue", Money: "Money"}


def date(when: datetime) -> str:
    """Write a time."""
    return f"/Date({round(when.timestamp() * 1000)})/"


def webhook(settings: Mapping[str, Any], callback: str, context: Json) -> SignedRequest:
    """Give the call, with the values of the account: in all the ways that it knows, the first of each."""
    body, headers = _text(context), {"Content-Type": "application/json"}
    if len(body) > LARGEST:
        body = _text({**context, **dict.fromkeys(LEFT_OUT)})
        headers["x-ms-dynamics-msg-size-exceeded"] = "true"
    headers["x-ms-dynamics-entity-name"] = str(context.get("PrimaryEntityName", ""))
    headers["x-ms-dynamics-request-name"] = str(context.get("MessageName", ""))
    headers |= {name: _first(values) for name, values in dict(settings.get("headers", {})).items()}
    query = {name: _first(values) for name, values in dict(settings.get("query", {})).items()}
    if keys := settings.get("webhookKeys"):
        query["code"] = _first(keys)
    return SignedRequest(f"{callback}?{urlencode(query)}" if query else callback, headers, body)


def _first(values: Any) -> str:
    first = values[0]
    return first.get_secret_value() if isinstance(first, SecretStr) else str(first)


def _text(context: Json) -> bytes:
    return json.dumps(context, ensure_ascii=False, separators=(",", ":")).replace("/", "\\/").encode()
