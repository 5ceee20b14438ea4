"""A call of the desk API after it was parsed and authorised, and the reply to it."""

from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Generic, TypeVar

from pydantic import BaseModel, ConfigDict

from functions.message import Model


class Role(StrEnum):
    """The app roles of the tokens. Administrators may do all that agents may."""

    AGENT = "Agent"
    ADMINISTRATOR = "Administrator"


@dataclass(frozen=True, slots=True)
class Caller:
    """Who calls: `id` is the token's object id (or subject), empty for an anonymous caller."""

    id: str = ""
    roles: frozenset[str] = frozenset()

    def may(self, role: Role) -> bool:
        """Tell whether the caller has the role, or the one above it."""
        return bool(self.roles & {role, Role.ADMINISTRATOR})


class Body(Model):
    """A part of a request. Unknown fields are refused, so that a typing error is found."""

    model_config = ConfigDict(extra="forbid", populate_by_name=False)


class Nothing(Body):
    """No query parameters, no body: of a request, or of a reply (204)."""


class Yaml(Model):
    """A body that is YAML text, not JSON."""

    text: str


class JsonLines(Model):
    """A body of many JSON values, one in each line."""

    text: str


class Streamed(Model, ABC):
    """A reply in JSON that callers may also have as a server-sent event, when they accept one."""

    @abstractmethod
    def event_stream(self) -> str:
        """Give the whole answer as text/event-stream."""


class File(Model):
    """A reply that is a file, not JSON."""

    content: bytes
    content_type: str


BodyT = TypeVar("BodyT", bound=BaseModel)
QueryT = TypeVar("QueryT", bound=BaseModel)
ValueT = TypeVar("ValueT", bound=BaseModel)


@dataclass(frozen=True, slots=True)
class Call(Generic[QueryT, BodyT]):
    """What a handler gets. Header names are lower case; `parameters` are the path's."""

    caller: Caller
    path: str
    parameters: Mapping[str, str]
    headers: Mapping[str, str]
    query: QueryT
    body: BodyT
    received_at: datetime


@dataclass(frozen=True, slots=True)
class Reply(Generic[ValueT]):
    """What a handler gives; `Nothing` is sent as an empty body."""

    value: ValueT
    status: int = 200
    headers: Mapping[str, str] = field(default_factory=dict)


def nothing() -> Reply[Nothing]:
    """Reply 204: done, and there is nothing to say."""
    return Reply(Nothing(), 204)
