"""YAML to plain values: only maps, lists, text, numbers, true, false and null come out.

libyaml reads the text; the values are built here from its events, in one pass, because the building is
where YAML is dangerous: nesting that overflows the stack, aliases that multiply, keys given twice, and plain
words that become something else. Plain scalars follow the JSON schema of YAML 1.2
(https://yaml.org/spec/1.2.2/#102-json-schema), and what that does not know is text: `no`, `12:30`,
`0401234567` and `+358401234567` stay what was typed.
"""

import math
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Protocol

import yaml
from pydantic import JsonValue
from yaml.events import (
    AliasEvent,
    CollectionEndEvent,
    CollectionStartEvent,
    Event,
    MappingStartEvent,
    ScalarEvent,
)

from functions.configuration.problem import InvalidDocument, Problem
from functions.errors import TooLarge

LARGEST = 4_000_000  # bytes of text
DEEPEST = 40  # collections inside each other, followed through aliases
MOST = 2_000_000  # values, each counted as often as aliases repeat it
WORDS: dict[str, JsonValue] = {"null": None, "~": None, "": None, "true": True, "false": False}
INTEGER = re.compile(r"-?(0|[1-9][0-9]{0,17})")
NUMBER = re.compile(r"-?(0|[1-9][0-9]{0,17})(\.[0-9]{1,30})?([eE][-+]?[0-9]{1,3})?")


def load(text: str) -> JsonValue:
    """Read one YAML document.

    Raises TooLarge over 4 MB, and InvalidDocument with line and column for what is no YAML or not allowed.
    """
    try:
        if len(text.encode()) > LARGEST:
            raise TooLarge(f"the document is over {LARGEST // 1_000_000} MB")
        return _Reader().read(yaml.parse(text, Loader=yaml.CSafeLoader))
    except yaml.MarkedYAMLError as error:
        raise _refused(_why(error, text), error.problem_mark) from None
    except (yaml.YAMLError, UnicodeEncodeError):
        raise _refused("it holds characters that YAML does not allow", None) from None


class _Mark(Protocol):
    """A place in the text, from 0; libyaml's marks and PyYAML's own are two classes."""

    @property
    def line(self) -> int: ...
    @property
    def column(self) -> int: ...


@dataclass(frozen=True, slots=True)
class _Item:
    """A finished value: `size` counts the values in it, `height` the collections inside each other."""

    value: JsonValue
    size: int = 1
    height: int = 0


@dataclass(slots=True)
class _Open:
    """A collection that is being read; `key` waits for its value."""

    value: list[JsonValue] | dict[str, JsonValue]
    anchor: str | None = None
    key: str | None = None
    size: int = 1
    height: int = 0


class _Reader:
    """Builds the values of one document."""

    def __init__(self) -> None:
        self._documents: list[JsonValue] = []
        self._stack = [_Open(self._documents)]
        self._anchors: dict[str, _Item] = {}

    def read(self, events: Iterator[Event]) -> JsonValue:
        for event in events:
            if isinstance(event, CollectionStartEvent):
                self._open(event)
            elif isinstance(event, CollectionEndEvent):
                closed = self._stack.pop()
                self._place(_Item(closed.value, closed.size, closed.height + 1), event, closed.anchor)
            elif isinstance(event, ScalarEvent):
                self._scalar(event)
            elif isinstance(event, AliasEvent):
                self._place(self._aliased(event), event)
        if not self._documents:
            raise _refused("the document is empty", None)
        return self._documents[0]

    def _open(self, event: CollectionStartEvent) -> None:
        _refuse_tag(event)
        if len(self._stack) > DEEPEST:
            raise _refused(f"more than {DEEPEST} levels", event.start_mark)
        self._refuse_key(event)
        value: list[JsonValue] | dict[str, JsonValue] = {} if isinstance(event, MappingStartEvent) else []
        self._stack.append(_Open(value, event.anchor))

    def _scalar(self, event: ScalarEvent) -> None:
        _refuse_tag(event)
        self._place(_Item(_plain(event.value) if event.implicit[0] else event.value), event, event.anchor)

    def _aliased(self, event: AliasEvent) -> _Item:
        self._refuse_key(event)
        if event.anchor not in self._anchors:
            raise _refused(f"*{event.anchor} stands for nothing that is complete before it", event.start_mark)
        return self._anchors[event.anchor]

    def _place(self, item: _Item, event: Event, anchor: str | None = None) -> None:
        parent = self._stack[-1]
        if anchor is not None:
            self._anchors[anchor] = item
        parent.size += item.size
        parent.height = max(parent.height, item.height)
        if parent.size > MOST or len(self._stack) + item.height > DEEPEST:
            raise _refused("aliases make it too large or too deep", event.start_mark)
        if isinstance(parent.value, list):
            parent.value.append(item.value)
        elif parent.key is None:
            parent.key = _key(event, parent.value)
        else:
            parent.value[parent.key], parent.key = item.value, None
        if len(self._documents) > 1:
            raise _refused("there is more than one document", event.start_mark)

    def _refuse_key(self, event: Event) -> None:
        parent = self._stack[-1]
        if isinstance(parent.value, dict) and parent.key is None:
            raise _refused("a key must be plain text", event.start_mark)


def _key(event: Event, known: dict[str, JsonValue]) -> str:
    key = str(event.value) if isinstance(event, ScalarEvent) else ""
    if key in known:
        raise _refused(f"the key {key!r} is there twice", event.start_mark)
    return key


def _plain(text: str) -> JsonValue:
    if text in WORDS:
        return WORDS[text]
    if INTEGER.fullmatch(text):
        return int(text)
    if NUMBER.fullmatch(text) and math.isfinite(number := float(text)):
        return number
    return text


def _refuse_tag(event: CollectionStartEvent | ScalarEvent) -> None:
    if event.tag is not None:
        raise _refused("tags are not used here", event.start_mark)


def _why(error: yaml.MarkedYAMLError, text: str) -> str:
    """Say what libyaml found; of a character in a wrong place, which one, and what to do about it."""
    reason, mark = error.problem or "this is not YAML", error.problem_mark
    if "cannot start any token" not in reason or mark is None:
        return reason
    line = text.split("\n")[mark.line]
    sign = line.removeprefix("\ufeff")[mark.column : mark.column + 1]
    return (
        "a tab: indent with spaces" if sign == "\t" else f"nothing begins with {sign!r}: write it in quotes"
    )


def _refused(reason: str, mark: _Mark | None) -> InvalidDocument:
    where = f"line {mark.line + 1}, column {mark.column + 1}" if mark else "document"
    return InvalidDocument([Problem(path=where, reason=reason)])
