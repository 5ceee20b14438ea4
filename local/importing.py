"""`python -m local import FILE`: business records, one in each line of JSON, to the platform that runs."""

import argparse
import asyncio
from collections.abc import Iterable, Iterator
from pathlib import Path

from local import commands
from local.desk import Desk, DeskError, Json

CHUNK = 50_000  # bytes of one call: a few hundred records, which are written within seconds


def chunks(lines: Iterable[str], size: int = CHUNK) -> Iterator[tuple[int, str]]:
    """Put lines together up to a size; each chunk with the number of the lines before it."""
    before, held, length = 0, list[str](), 0
    for count, line in enumerate(lines):
        more = len(line.encode())
        if held and length + more > size:
            yield before, "".join(held)
            before, held, length = count, [], 0
        held.append(line)
        length += more
    if held:
        yield before, "".join(held)


async def load(options: argparse.Namespace) -> int:
    """Import the file, and print every line that was refused."""
    written = refused = 0
    try:
        lines = await asyncio.to_thread(_read, options.file)
    except (OSError, UnicodeDecodeError) as error:
        raise commands.Failed(f"{options.file}: {error}") from None
    async with commands.signed_in(options) as desk:
        for before, text in chunks(lines):
            found = await _sent(desk, text)
            written, refused = written + found["written"], refused + found["refused"]
            for line in found["lines"]:
                if line["error"]:
                    print(f"{options.file}:{before + line['line']}: {line['record']} {line['error']}")
    print(f"{options.file}: {written} records written, {refused} refused")
    return 1 if refused else 0


def _read(path: Path) -> list[str]:
    # Only a line feed ends a line: JSON's texts may hold other separators.
    with path.open(encoding="utf-8", newline="\n") as file:
        return list(file)


async def _sent(desk: Desk, text: str) -> Json:
    try:
        return await desk.post_lines("records/import", text)
    except DeskError as refused:
        raise commands.Failed(str(refused)) from None
