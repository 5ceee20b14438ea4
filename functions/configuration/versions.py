"""The configuration's versions: every text that was applied, kept for good.

    partition `configuration`:  current ── the version in force, swapped by its ETag
                                v00000001, v00000002 … ── the text, deflated, with its author and time

A version and the swap are one transaction, so there is never half a version, nor one that nobody chose.
"""

import zlib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from functions.errors import AlreadyExists, Conflict, NotFound, Stale, TooLarge
from functions.ports import Entity, Op, Table, Value, Write

PARTITION = "configuration"
CURRENT = "current"
PIECE = 60_000  # bytes of a property; it may hold 64 KiB
PIECES = 15  # a row may hold 1 MiB


@dataclass(frozen=True, slots=True)
class Head:
    """The version in force; 0 before the first."""

    version: int = 0
    etag: str = ""


class Versions:
    """The versions' table. Every method raises Unavailable when it does not answer."""

    def __init__(self, table: Table) -> None:
        self._table = table

    async def head(self) -> Head:
        """Read which version is in force; one point read."""
        row = await self._table.get(PARTITION, CURRENT)
        return Head(int(str(row.values["version"])), row.etag) if row else Head()

    async def text(self, version: int) -> str:
        """Read the text of a version; raises NotFound."""
        row = await self._table.get(PARTITION, _key(version))
        if row is None:
            raise NotFound(f"there is no version {version} of the configuration")
        return _unpacked(row.values)

    async def append(self, after: Head, text: str, author: str, at: datetime) -> int:
        """Keep a text as the version after `after`, and put it in force; gives its number.

        Raises Conflict when another version came first, and TooLarge over 900,000 bytes deflated.
        """
        version = after.version + 1
        values: dict[str, Value] = {"author": author, "applied_at": at, **_packed(text)}
        swap = Write.REPLACE if after.etag else Write.INSERT
        try:
            await self._table.commit(
                [
                    Op(Write.INSERT, Entity(PARTITION, _key(version), values)),
                    Op(swap, Entity(PARTITION, CURRENT, {"version": version}, after.etag)),
                ]
            )
        except (AlreadyExists, Stale):
            raise Conflict("another configuration was applied meanwhile: compare with it first") from None
        return version


def _key(version: int) -> str:
    return f"v{version:08d}"


def _packed(text: str) -> dict[str, Value]:
    data = zlib.compress(text.encode())
    if len(data) > PIECE * PIECES:
        raise TooLarge(f"the configuration is over {PIECE * PIECES} bytes, even deflated")
    return {f"text{at // PIECE}": data[at : at + PIECE] for at in range(0, len(data), PIECE)}


def _unpacked(values: Mapping[str, Value]) -> str:
    pieces: list[bytes] = []
    while isinstance(piece := values.get(f"text{len(pieces)}"), bytes):
        pieces.append(piece)
    return zlib.decompress(b"".join(pieces)).decode()
