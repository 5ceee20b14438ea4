"""The parts that the settings of every account are made of."""

import binascii
import re
from base64 import b64decode
from typing import Annotated

from pydantic import AfterValidator, ConfigDict, Field, SecretStr

from functions.message import Model

_BASE = re.compile(r"https://[^\s?#@]+|http://(127\.0\.0\.1|localhost|\[::1\])(:\d+)?(/[^\s?#@]*)?")


class Settings(Model):
    """What an administrator copies from a provider; an unknown name is refused, so that typing errors show.

    Errors never quote what was typed: it may be a secret. Ids may be written as numbers, as YAML invites to.
    """

    model_config = ConfigDict(extra="forbid", hide_input_in_errors=True, coerce_numbers_to_str=True)


def checked_base(url: str) -> str:
    """Pass an API's address, without a closing slash; raises ValueError."""
    if not _BASE.fullmatch(url):
        raise ValueError("must be an https:// URL without query (http:// only to this machine)")
    return url.rstrip("/")


ApiBase = Annotated[str, AfterValidator(checked_base)]
"""Where a provider's API is. Tokens go there, so it is https, or the loopback of a simulator."""


def _checked_base64(secret: SecretStr) -> SecretStr:
    try:
        whole = b64decode(secret.get_secret_value(), validate=True)
    except (ValueError, binascii.Error):
        whole = b""
    if not whole:
        raise ValueError("is not base64, as the provider shows it")
    return secret


Base64Secret = Annotated[SecretStr, AfterValidator(_checked_base64)]
"""A key that a provider shows in base64; what it signs with is the bytes."""

Secret = Annotated[SecretStr, Field(min_length=1)]
"""A secret that is there: an empty one would let anybody in."""
