"""Reading what a provider sent without trusting its shape.

A webhook body is parsed once into plain JSON values that are safe to queue (bounded depth, no lone
surrogates; of a number beyond a float's range null is queued), and then read with getters that give an
empty value for a wrong type.
"""

import json
import math
from datetime import UTC, datetime
from typing import cast

from pydantic import JsonValue
from pydantic_core import from_json

from functions.errors import Invalid
from functions.message import digest

DEPTH_LIMIT = 64  # levels; providers use about ten, and JSON readers down the way stop at 200
_DIGITS_LIMIT = 19  # the digits of a 64-bit integer
_LEAST = -(2**63)
_NESTED = f"the JSON is nested over {DEPTH_LIMIT} levels"


def read_json(body: bytes) -> JsonValue:
    """Parse a body of UTF-8 JSON; raises Invalid when it is none, or is nested too deeply."""
    try:
        value = from_json(body, allow_inf_nan=False, cache_strings="keys")
    except ValueError:  # no JSON; or with a lone surrogate, a number of thousands of digits
        return _cleaned(body)
    # So few brackets cannot nest too deeply, and a body of one message has no more.
    if body.count(b"{") + body.count(b"[") > DEPTH_LIMIT:
        _check_depth(value)
    return cast(JsonValue, value)


def read_answer(body: bytes) -> JsonValue:
    """Parse an API's answer; None when it is not JSON (a gateway's page, an empty body)."""
    try:
        return read_json(body)
    except Invalid:
        return None


def at(value: JsonValue, *path: str) -> JsonValue:
    """Follow names through objects; None where the way ends."""
    for name in path:
        value = value.get(name) if isinstance(value, dict) else None
    return value


# The next ones follow the way without a call of `at`, for they run twenty times an item.


def text(value: JsonValue, *path: str) -> str:
    """Give a string, or a number as its digits (ids come as both); else an empty string."""
    for name in path:
        if not isinstance(value, dict):
            return ""
        value = value.get(name)
    if isinstance(value, str):
        return value
    if value is None:
        return ""
    return str(value) if isinstance(value, int | float) and not isinstance(value, bool) else ""


def number(value: JsonValue, *path: str) -> int | None:
    """Give an integer of at most 64 bits; else None."""
    for name in path:
        if not isinstance(value, dict):
            return None
        value = value.get(name)
    if not isinstance(value, int) or isinstance(value, bool):
        return None
    return value if _LEAST <= value < -_LEAST else None


def digits(value: JsonValue, *path: str) -> int | None:
    """Give an integer that may stand there as a string of its digits (times do); else None."""
    found = at(value, *path)
    if isinstance(found, str):
        return int(found) if found.isascii() and found.isdecimal() and len(found) <= _DIGITS_LIMIT else None
    whole = number(found)
    return None if whole is None or whole < 0 else whole


def child(value: JsonValue, *path: str) -> dict[str, JsonValue]:
    """Give an object; else an empty one."""
    for name in path:
        if not isinstance(value, dict):
            return {}
        value = value.get(name)
    return value if isinstance(value, dict) else {}


def children(value: JsonValue, *path: str) -> list[JsonValue]:
    """Give an array; else an empty one."""
    for name in path:
        if not isinstance(value, dict):
            return []
        value = value.get(name)
    return value if isinstance(value, list) else []


def moment(stamp: int | None, per_second: int = 1) -> datetime | None:
    """Read a Unix time, `per_second` units to the second; None when absent or beyond the calendar."""
    if not stamp:
        return None
    try:
        return datetime.fromtimestamp(stamp / per_second, UTC)
    except (ValueError, OverflowError, OSError):
        return None


def instant(stamp: str) -> datetime | None:
    """Read an ISO 8601 time with its zone, as UTC; None when absent, unreadable or without a zone."""
    try:
        found = datetime.fromisoformat(stamp)
        return found.astimezone(UTC) if found.tzinfo else None
    except (ValueError, OverflowError):
        return None


def fragment_id(fragment: JsonValue) -> str:
    """Name an item that has no id of its own: the same content gives the same name."""
    return digest(json.dumps(fragment, sort_keys=True, separators=(",", ":")))


def plain(value: str) -> str:
    """Replace lone surrogates, which no UTF-8 can carry, by U+FFFD."""
    try:
        value.encode()
    except UnicodeEncodeError:
        return value.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
    return value


def _cleaned(body: bytes) -> JsonValue:
    """Read what the fast reader does not take, but other JSON readers do; raises Invalid for the rest."""
    try:
        return _clean(_DECODER.decode(body.decode()), DEPTH_LIMIT)
    except RecursionError:
        raise Invalid(_NESTED) from None
    except ValueError:
        raise Invalid("the body is not UTF-8 JSON") from None


def _clean(value: JsonValue, depth: int) -> JsonValue:
    if isinstance(value, str):
        return plain(value)
    if not isinstance(value, list | dict):
        return value
    if depth == 0:
        raise Invalid(_NESTED)
    if isinstance(value, list):
        return [_clean(item, depth - 1) for item in value]
    return {plain(name): _clean(item, depth - 1) for name, item in value.items()}


def _check_depth(value: JsonValue) -> None:
    level = [value] if isinstance(value, list | dict) else []
    for _ in range(DEPTH_LIMIT):
        level = [
            inner
            for outer in level
            for inner in (outer.values() if isinstance(outer, dict) else outer)
            if isinstance(inner, list | dict)
        ]
    if level:
        raise Invalid(_NESTED)


def _refuse(constant: str) -> None:
    raise ValueError(f"{constant} is not JSON")


def _integer(digits: str) -> int | str:
    return int(digits) if len(digits.lstrip("-")) <= _DIGITS_LIMIT else digits


def _float(digits: str) -> float | str:
    return value if math.isfinite(value := float(digits)) else digits


# Made once: json.loads with these would make a decoder for every body.
_DECODER = json.JSONDecoder(parse_constant=_refuse, parse_int=_integer, parse_float=_float)
