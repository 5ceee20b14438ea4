"""`python -m local import FILE`: business records, one in each line of JSON, to the platform that runs."""

import argparse
from collections.abc import Iterable, Iterator

from local.configuring import text_of
from local.running import said, signed_in

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
    lines = _lines(await text_of(options.file))
    async with signed_in(options.data) as desk:
        for before, text in chunks(lines):
            found = await said(desk.post_lines("records/import", text))
            written, refused = written + found["written"], refused + found["refused"]
            for line in found["lines"]:
                if line["error"]:
                    print(f"{options.file}:{before + line['line']}: {line['record']} {line['error']}")
    print(f"{options.file}: {written} records written, {refused} refused")
    return 1 if refused else 0


def _lines(text: str) -> list[str]:
    # Not splitlines: only a line feed ends a line, for JSON's texts may hold other separators.
    return [f"{line}\n" for line in text.split("\n")]
