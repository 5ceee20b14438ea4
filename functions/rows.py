"""Long texts in table rows: a property holds at most 64 KiB, so a text is kept in numbered pieces."""

from collections.abc import Mapping

from functions.ports import Value

PIECE = 15_000  # characters; in UTF-16, as the service counts, at most 60,000 bytes


def pack(name: str, text: str) -> dict[str, Value]:
    """Split `text` into the properties name0, name1 …; always at least one."""
    starts = range(0, max(len(text), 1), PIECE)
    return {f"{name}{i}": text[start : start + PIECE] for i, start in enumerate(starts)}


def unpack(name: str, values: Mapping[str, Value]) -> str:
    """Join what `pack` split; empty when nothing is there."""
    pieces: list[str] = []
    while isinstance(piece := values.get(f"{name}{len(pieces)}"), str):
        pieces.append(piece)
    return "".join(pieces)
