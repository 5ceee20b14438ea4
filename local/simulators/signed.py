"""A webhook call that is signed and ready to be posted, and what signing one needs."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from pydantic import SecretStr
from pydantic.alias_generators import to_camel


@dataclass(frozen=True, slots=True)
class SignedRequest:
    """One webhook call, as the provider would make it."""

    url: str
    headers: Mapping[str, str] = field(repr=False)
    body: bytes = field(repr=False)
    method: str = "POST"


@dataclass(frozen=True, slots=True)
class Words:
    """What a customer says. `id` repeats a message when it is the same again; empty: a new one."""

    sender: str
    text: str
    name: str = ""
    media: tuple[str, ...] = ()
    id: str = ""


def setting(settings: Mapping[str, Any], name: str) -> str:
    """Give a setting by its snake_case name, however the configuration spells it; raises KeyError.

    Of several values the first is given.
    """
    value = settings[name] if name in settings else settings[to_camel(name)]
    value = value[0] if isinstance(value, list | tuple) else value
    return value.get_secret_value() if isinstance(value, SecretStr) else str(value)
