"""Finds the sections of an encoded AMQP message, so that the payload is carried as it came, byte for byte.

Only lengths are read here; what is inside a section is decoded by Proton (`codec`). Follows OASIS AMQP 1.0,
part 1 (type encodings) and part 3 (message format).
"""

from collections.abc import Iterator

HEADER = 0x70
DELIVERY_ANNOTATIONS = 0x71
ANNOTATIONS = 0x72
PROPERTIES = 0x73
APPLICATION_PROPERTIES = 0x74
DATA = 0x75
BODIES = (DATA, 0x76, 0x77)
FOOTER = 0x78

# Bytes after the constructor, by its high half: fixed widths first, then those that begin with a size.
_FIXED = {0x4: 0, 0x5: 1, 0x6: 2, 0x7: 4, 0x8: 8, 0x9: 16}
_SIZED = {0xA: 1, 0xC: 1, 0xE: 1, 0xB: 4, 0xD: 4, 0xF: 4}

Section = tuple[int, int, int, int]  # its code; where it begins, where its value begins, where it ends


def sections(payload: bytes) -> Iterator[Section]:
    """Give the sections in order. Raises ValueError when the bytes are not whole sections."""
    at, size = 0, len(payload)
    while at < size:
        code, value = _descriptor(payload, at)
        end = _end(payload, value)
        yield code, at, value, end
        at = end


def binary(payload: bytes, value: int, end: int) -> bytes:
    """Give the content of a data section. Raises ValueError when its value is not a binary."""
    width = {0xA0: 1, 0xB0: 4}.get(payload[value])
    if width is None:
        raise ValueError("a data section must hold a binary")
    return payload[value + 1 + width : end]


def _descriptor(payload: bytes, at: int) -> tuple[int, int]:
    small = payload[at : at + 3]
    if len(small) == 3 and small[:2] == b"\x00\x53":
        code, value = small[2], at + 3
    elif payload[at : at + 2] == b"\x00\x80" and len(payload) >= at + 10:
        code, value = int.from_bytes(payload[at + 2 : at + 10], "big"), at + 10
    else:
        raise ValueError("no section descriptor")
    if not HEADER <= code <= FOOTER:
        raise ValueError("no section of a message")
    return code, value


def _end(payload: bytes, at: int) -> int:
    if at >= len(payload):
        raise ValueError("cut short")
    kind = payload[at] >> 4
    fixed = _FIXED.get(kind)
    if fixed is not None:
        end = at + 1 + fixed
    elif kind in _SIZED:
        start = at + 1 + _SIZED[kind]
        end = start + int.from_bytes(payload[at + 1 : start], "big")
    else:
        raise ValueError("no value of a section")
    if end > len(payload):
        raise ValueError("cut short")
    return end
