"""The configuration document over HTTP: read, checked, compared, applied.

YAML goes in and out. Its version is the ETag (RFC 9110, 8.8.3); an edit may insist on the version that it
began with (`If-Match`), so that two administrators do not overwrite each other.
"""

import asyncio
import re
from collections.abc import Iterator
from typing import Any

import yaml
from pydantic import JsonValue, RootModel

from functions.configuration.accounts import HIDDEN
from functions.configuration.check import (
    Change,
    InvalidDocument,
    Problem,
    diff,
    masked,
    problems,
    read,
    schema,
)
from functions.configuration.document import Document
from functions.configuration.store import Applied
from functions.desk.call import Call, Nothing, Reply, Yaml
from functions.errors import Conflict, Invalid
from functions.message import Model
from functions.services import Services

MASK = f"is the mask {HIDDEN}: write the secret again, or name it as {{secret: NAME}}"


class PreconditionFailed(Conflict):
    """The caller edited another version than the one in force."""

    status, code = 412, "precondition-failed"


class Validation(Model):
    """What keeps a document from being applied: nothing when it is valid."""

    valid: bool
    problems: tuple[Problem, ...]


class Changes(Model):
    """What applying a document would change."""

    changes: tuple[Change, ...]


class Schema(RootModel[dict[str, Any]]):
    """A JSON Schema."""


async def get_configuration(call: Call[Nothing, Nothing], services: Services) -> Reply[Yaml]:
    """Give the document in force; secrets are masked, references to secrets stay."""
    live = await services.configurations.current()
    return Reply(Yaml(text=_written(masked(live.document))), headers={"ETag": f'"{live.version}"'})


async def put_configuration(call: Call[Nothing, Yaml], services: Services) -> Reply[Applied]:
    """Apply a document: all of it, or with any problem nothing."""
    await _read(call.body.text)
    expected = _expected(call.headers.get("if-match", ""))
    try:
        applied = await services.configurations.apply(call.body.text, call.caller.id, expected)
    except Conflict as conflict:
        if expected is None:
            raise
        raise PreconditionFailed(conflict.reason) from conflict
    return Reply(applied, headers={"ETag": f'"{applied.version}"'})


async def validate_configuration(call: Call[Nothing, Yaml], services: Services) -> Reply[Validation]:
    """Tell every problem of a document."""
    try:
        found = await asyncio.to_thread(problems, await _read(call.body.text))
    except InvalidDocument as error:
        found = list(error.problems)
    return Reply(Validation(valid=not found, problems=tuple(found)))


async def diff_configuration(call: Call[Nothing, Yaml], services: Services) -> Reply[Changes]:
    """Tell what applying a document would change."""
    document = await _read(call.body.text)
    live = await services.configurations.current()
    return Reply(Changes(changes=tuple(await asyncio.to_thread(diff, live.document, document))))


async def get_schema(call: Call[Nothing, Nothing], services: Services) -> Reply[Schema]:
    """Give the document's JSON Schema, with the settings of every channel."""
    return Reply(Schema(schema()))


async def _read(text: str) -> Document:
    """Read a document, in a thread for its size. Masks in it would replace the secrets that they hide."""
    document = await asyncio.to_thread(read, text)
    if HIDDEN in text:
        found = [
            Problem(path=path, reason=MASK)
            for index, account in enumerate(document.accounts)
            for path in _masks(dict(account.settings), f"accounts[{index}].settings")
        ]
        if found:
            raise InvalidDocument(found)
    return document


def _masks(value: JsonValue, path: str) -> Iterator[str]:
    if value == HIDDEN:
        yield path
    elif isinstance(value, dict):
        for name, part in value.items():
            yield from _masks(part, f"{path}.{name}")
    elif isinstance(value, list):
        for index, part in enumerate(value):
            yield from _masks(part, f"{path}[{index}]")


def _expected(match: str) -> int | None:
    if match in ("", "*"):
        return None
    found = re.fullmatch(r'"?([0-9]{1,9})"?', match.strip())
    if not found:
        raise Invalid("If-Match is not an ETag of the configuration")
    return int(found[1])


def _written(document: Document) -> str:
    """Write what was given: a default that was given counts, one that was left out does not."""
    values = document.model_dump(mode="json", by_alias=True, exclude_unset=True)
    if "entitlements" in values:
        values["entitlements"] = sorted(values["entitlements"])
    return yaml.safe_dump(values, sort_keys=False, allow_unicode=True, width=110)
