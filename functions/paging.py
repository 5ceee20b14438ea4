"""Cursor paging: a page of items, and an opaque cursor to what follows."""

import base64
import binascii
from typing import Generic, TypeVar

from functions.errors import Invalid
from functions.message import Model

Item = TypeVar("Item")


class Page(Model, Generic[Item]):
    """`cursor` is None on the last page."""

    items: tuple[Item, ...]
    cursor: str | None = None


def encode_cursor(position: str) -> str:
    """Hide a row position, so that clients do not learn to build them."""
    return base64.urlsafe_b64encode(position.encode()).decode().rstrip("=")


def decode_cursor(cursor: str | None) -> str:
    """Give the position behind a cursor, empty for none; raises Invalid."""
    if not cursor:
        return ""
    try:
        return base64.b64decode(cursor + "=" * (-len(cursor) % 4), altchars=b"-_", validate=True).decode()
    except (binascii.Error, UnicodeDecodeError, ValueError):
        raise Invalid("the cursor is not one of ours") from None
