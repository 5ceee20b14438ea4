"""Reading a row again at the system that has it, when a change did not tell all of it."""

from collections.abc import Mapping
from typing import Protocol

from functions.channels.records.change import RecordValue
from functions.errors import NotFound


class RecordReader(Protocol):
    """Reads rows for an account of the channel `records`."""

    async def read(self, account: str, entity: str, id: str) -> Mapping[str, RecordValue] | None:  # noqa: A002
        """Give all attributes of a row by their logical names, those without a value left out.

        None when there is no such row. Raises NotFound when this account has no API that could be asked, and
        Unavailable when it does not answer now.
        """


class NoReader:
    """The reader of who has no such API."""

    async def read(self, account: str, entity: str, id: str) -> Mapping[str, RecordValue] | None:  # noqa: A002
        """Raise NotFound."""
        raise NotFound("no record can be read again here")
