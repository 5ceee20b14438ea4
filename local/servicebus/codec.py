"""Between encoded AMQP messages and the engine's words: what a sender set, and what the broker adds.

Follows https://learn.microsoft.com/azure/service-bus-messaging/service-bus-amqp-protocol-guide; values are
coded by Qpid Proton.
"""

from collections.abc import Iterable
from typing import Any
from uuid import UUID

from proton import UNDESCRIBED, Array, Data, Described, symbol, timestamp, uint, ulong
from proton import int32 as amqp_int

from local.servicebus import sections as part
from local.servicebus.model import Draft, Lock, Message

SCHEDULED = "x-opt-scheduled-enqueue-time"
_TICKS_OF_1970 = 621355968000000000
_ID, _EXPIRY, _CREATED, _GROUP = 0, 8, 9, 10  # places in the properties list
_TTL, _COUNT = 2, 4  # places in the header list


def drafts(payload: bytes) -> list[Draft]:
    """Read what was sent: one message, or those of a batch. Raises ValueError when it is no AMQP message."""
    found = list(part.sections(payload))
    if not any(code in part.BODIES for code, *_ in found):
        raise ValueError("a message without a body")
    inner = _batched(payload, found)
    return [draft(payload)] if inner is None else [draft(one) for one in inner]


def draft(payload: bytes) -> Draft:
    """Read one message. Raises ValueError when it is no AMQP message."""
    header: list[Any] = []
    properties: list[Any] = []
    due_at = 0
    for code, _, value, end in part.sections(payload):
        if code == part.HEADER:
            header = decode(payload[value:end])
        elif code == part.ANNOTATIONS:
            due_at = int(decode(payload[value:end]).get(SCHEDULED) or 0)
        elif code == part.PROPERTIES:
            properties = decode(payload[value:end])
        elif code >= part.DATA:
            break
    ttl = _at(header, _TTL) or 0
    if not ttl and _at(properties, _EXPIRY) and _at(properties, _CREATED):
        ttl = max(properties[_EXPIRY] - properties[_CREATED], 1)
    message_id, group = _at(properties, _ID), _at(properties, _GROUP)
    return Draft(payload, "" if message_id is None else str(message_id), group, int(ttl), due_at)


def delivered(message: Message, payload: bytes, lock: Lock | None) -> bytes:
    """Give a message as a receiver sees it: the sender's bytes with the broker's header and annotations."""
    head: dict[int, part.Section] = {}
    body = len(payload)
    for section in part.sections(payload):
        if section[0] >= part.DATA:
            body = section[1]
            break
        head[section[0]] = section
    header = _header(_value(payload, head.get(part.HEADER)) or [], message)
    notes = _annotations(_value(payload, head.get(part.ANNOTATIONS)) or {}, message, lock)
    parts = (
        _section(part.HEADER, header),
        _section(part.ANNOTATIONS, notes),
        _properties(payload, head.get(part.PROPERTIES), message),
        _applied(payload, head.get(part.APPLICATION_PROPERTIES), message),
        payload[body:],
    )
    return b"".join(parts)


def decode(data: bytes) -> Any:
    """Decode one AMQP value. Raises proton's DataException when it is none."""
    values = Data()
    values.decode(data)
    values.rewind()
    values.next()
    return values.get_object()


def encode(value: Any) -> bytes:
    """Encode one AMQP value."""
    values = Data()
    values.put_object(value)
    return bytes(values.encode())


def ticks(millis: int) -> int:
    """Give a time as .NET counts it: tenths of microseconds since the year 1."""
    return millis * 10_000 + _TICKS_OF_1970


def tag_of(token: UUID) -> bytes:
    """Give the delivery tag of a lock token; .NET's byte order."""
    return token.bytes_le


def _batched(payload: bytes, found: list[part.Section]) -> list[bytes] | None:
    """Give the messages inside a batch, or None when it is a single message.

    Proton does not tell the transfer's message format, so a batch is known by its shape: its body is data
    sections, each a whole message, under an envelope that has no id or the id of its first message.
    """
    inner = [part.binary(payload, value, end) for code, _, value, end in found if code == part.DATA]
    if not inner or not all(_is_message(one) for one in inner):
        return None
    envelope, first = draft(payload), draft(inner[0])
    return inner if envelope.message_id in ("", first.message_id) else None


def _is_message(data: bytes) -> bool:
    if data[:1] != b"\x00":
        return False
    try:
        return any(code in part.BODIES for code, *_ in part.sections(data))
    except ValueError:
        return False


def _header(header: list[Any], message: Message) -> list[Any]:
    filled = header + [None] * (_COUNT - len(header))
    return [*filled[:_COUNT], uint(message.deliveries)]


def _annotations(given: dict[str, Any], message: Message, lock: Lock | None) -> dict[str, Any]:
    notes = dict(given)
    notes[symbol("x-opt-sequence-number")] = message.seq
    notes[symbol("x-opt-enqueue-sequence-number")] = message.first_seq
    notes[symbol("x-opt-enqueued-time")] = timestamp(message.enqueued_at)
    notes[symbol("x-opt-message-state")] = amqp_int(int(message.state))
    if lock is not None:
        notes[symbol("x-opt-locked-until")] = timestamp(lock.until)
    if message.source:
        notes[symbol("x-opt-deadletter-source")] = message.source
    return notes


def _properties(payload: bytes, section: part.Section | None, message: Message) -> bytes:
    """Give the properties; a message that its sender did not name gets an id, for the SDKs count on one."""
    if message.message_id and section is not None:
        return payload[section[1] : section[3]]
    given = _value(payload, section) or []
    return _section(part.PROPERTIES, [f"{message.first_seq:032x}", *given[1:]])


def _applied(payload: bytes, section: part.Section | None, message: Message) -> bytes:
    if message.extra:
        given = _value(payload, section) or {}
        return _section(part.APPLICATION_PROPERTIES, {**given, **message.extra})
    return b"" if section is None else payload[section[1] : section[3]]


def _value(payload: bytes, section: part.Section | None) -> Any:
    return None if section is None else decode(payload[section[2] : section[3]])


def _section(code: int, value: Any) -> bytes:
    return encode(Described(ulong(code), value))


def _at(values: list[Any], place: int) -> Any:
    return values[place] if len(values) > place else None


def array(kind: int, values: Iterable[Any]) -> Array:
    """Give an AMQP array of one of Proton's type numbers."""
    undescribed: Any = UNDESCRIBED
    return Array(undescribed, kind, *values)
