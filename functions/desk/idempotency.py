"""The Idempotency-Key of a request: what it asks for is done once, however often it is repeated."""

from collections.abc import Mapping

from functions.errors import Invalid

KEY = "idempotency-key"
KEY_LIMIT = 200  # characters


def key_of(headers: Mapping[str, str]) -> str:
    """Give the request's key; raises Invalid when there is none, or one too long."""
    key = headers.get(KEY, "").strip()
    if not key:
        raise Invalid(
            "the header Idempotency-Key is missing: a new value for each message, the same when repeated"
        )
    if len(key) > KEY_LIMIT:
        raise Invalid(f"the header Idempotency-Key is over {KEY_LIMIT} characters")
    return key
