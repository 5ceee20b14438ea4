"""What is known of a customer before the first word: context and the survey's answers, for routing rules.

Limits of https://learn.microsoft.com/dynamics365/customer-service/develop/send-context-starting-chat: 100
entries, names of 100 characters, values of 4,000. All together must also fit beside a message on the queue.
"""

import json
from collections.abc import Mapping

from pydantic import JsonValue

from functions.errors import Invalid, TooLarge
from functions.providers.payload import at, text

ENTRIES, NAME_LIMIT, VALUE_LIMIT = 100, 100, 4000
ALL_LIMIT = 100_000  # bytes of JSON
# Under which names a customer's name, e-mail address and phone number are looked for.
KNOWN: Mapping[str, tuple[str, ...]] = {
    "name": ("Name", "name"),
    "email": ("Email", "email"),
    "phone": ("Phone", "phone", "phonenumber"),
}


def read_context(*parts: JsonValue) -> dict[str, str]:
    """Read objects of names and values, or of names and `{value, isDisplayable}`; later ones win.

    Raises Invalid for what is no such thing or over a limit, and TooLarge for too much in all.
    """
    found: dict[str, str] = {}
    for part in parts:
        if part is not None and not isinstance(part, dict):
            raise Invalid("context is an object of names and values")
        found |= {name: _value(name, value) for name, value in (part or {}).items()}
    check(found)
    return found


def check(context: Mapping[str, str]) -> None:
    """Keep the limits; raises Invalid, or TooLarge."""
    if len(context) > ENTRIES:
        raise Invalid(f"context has over {ENTRIES} entries")
    if any(not 1 <= len(name) <= NAME_LIMIT for name in context):
        raise Invalid(f"a name of context has 1 to {NAME_LIMIT} characters")
    if any(len(value) > VALUE_LIMIT for value in context.values()):
        raise Invalid(f"a value of context is over {VALUE_LIMIT} characters")
    if len(json.dumps(context, ensure_ascii=False).encode()) > ALL_LIMIT:
        raise TooLarge(f"context is over {ALL_LIMIT:,} bytes in all")


def known(context: Mapping[str, str]) -> dict[str, str]:
    """Give the customer's name, email and phone, as far as context tells them."""
    told = {field: next((context[n] for n in names if context.get(n)), "") for field, names in KNOWN.items()}
    return {field: value for field, value in told.items() if value}


def _value(name: str, value: JsonValue) -> str:
    given = at(value, "value") if isinstance(value, dict) else value
    if isinstance(given, bool):
        return str(given).lower()
    if given is None or isinstance(given, str | int | float):
        return text(given)
    raise Invalid(f"the value of context {name[:NAME_LIMIT]!r} is not a text, a number or a truth")
