"""Splitting a long text into messages that a channel takes.

Lengths are UTF-16 code units: what the providers' own counters use, or more than those count. Where a
provider counts bytes, `octets` does too.
"""

import re
import unicodedata
from collections.abc import Callable

Measure = Callable[[str], int]
_BREAKS = tuple(re.compile(pattern) for pattern in (r"\n\s*\n", r"\n", r"(?<=[.!?…。])\s", r"\s"))


def units(text: str) -> int:
    """Count the UTF-16 code units of a text."""
    return len(text.encode("utf-16-le", "surrogatepass")) // 2


def octets(text: str) -> int:
    """Count the bytes of a text in UTF-8."""
    return len(text.encode("utf-8", "surrogatepass"))


def split(text: str, limit: int, measure: Measure = units) -> list[str]:
    """Cut a text into parts of at most `limit`: at paragraphs, lines, sentences, words, or anywhere.

    Only white space at a cut is left out, and a character that is built of several (an emoji with a
    skin tone, a letter with accents) stays whole when it fits at all. A blank text gives no parts.
    """
    parts = []
    rest = text.strip()
    while measure(rest) > limit:
        cut = _cut(rest, limit, measure)
        parts.append(rest[:cut].rstrip())
        rest = rest[cut:].lstrip()
    return [*parts, rest] if rest else parts


def _cut(text: str, limit: int, measure: Measure) -> int:
    most = _fitting(text, limit, measure)
    for pattern in _BREAKS:
        # The first half is too early for a tidy break: it would make many short messages.
        if ends := [found.start() for found in pattern.finditer(text, most // 2, most + 1)]:
            return ends[-1]
    return _between_characters(text, most)


def _fitting(text: str, limit: int, measure: Measure) -> int:
    used = 0
    for index, character in enumerate(text):
        used += measure(character)
        if used > limit:
            return max(index, 1)
    return len(text)


def _between_characters(text: str, most: int) -> int:
    for cut in range(most, 0, -1):
        if not _joined(text, cut):
            return cut
    return most


def _joined(text: str, cut: int) -> bool:
    """Tell whether the code points on both sides of `cut` are one character to the reader."""
    before, after = text[cut - 1], text[cut]
    if before == "\u200d" or after == "\u200d" or unicodedata.category(after) in ("Mn", "Me", "Mc"):
        return True
    if "\U0001f3fb" <= after <= "\U0001f3ff" or "\U000e0020" <= after <= "\U000e007f":
        return True
    return _flag(after) and _flags_before(text, cut) % 2 == 1


def _flag(character: str) -> bool:
    return "\U0001f1e6" <= character <= "\U0001f1ff"


def _flags_before(text: str, cut: int) -> int:
    return next((cut - 1 - index for index in range(cut - 1, -1, -1) if not _flag(text[index])), cut)
