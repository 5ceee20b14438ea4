"""A closed conversation as the text of a note. Pure.

Notes are rich text on a timeline: lines are HTML, and what people wrote is escaped. Agents' private notes and
the states stay here.
"""

from collections.abc import Iterable
from datetime import UTC
from html import escape

from functions.conversations.model import NOTE, STATE, Conversation, Direction, StoredMessage
from functions.conversations.sending import COPY
from functions.message import Delivery

LONGEST = 95_000  # characters of a note; its column takes 100,000
SUBJECT = 200
CUT = "<div>…</div>"


def subject(head: Conversation) -> str:
    """Give the note's title."""
    return f"{head.channel}: {head.customer.name or head.customer.phone or 'conversation'}"[:SUBJECT]


def transcript(head: Conversation, messages: Iterable[StoredMessage]) -> str:
    """Write the messages in their order; of a very long conversation the beginning."""
    lines: list[str] = []
    length = 0
    for message in messages:
        if not (said := _said(message)):
            continue
        line = f"<div>{escape(f'{_time(message)} {_who(head, message)}: {said}', quote=False)}</div>"
        length += len(line)
        if length > LONGEST - len(CUT):
            lines.append(CUT)
            break
        lines.append(line)
    return "".join(lines)


def _said(message: StoredMessage) -> str:
    if message.kind in (NOTE, STATE, COPY) or message.deleted_at:
        return ""
    files = [f"[{attachment.name or attachment.kind}]" for attachment in message.attachments]
    failed = ["(not delivered)"] if message.delivery is Delivery.FAILED else []
    return " ".join(filter(None, (message.text.strip(), *files, *failed)))


def _who(head: Conversation, message: StoredMessage) -> str:
    if message.direction is Direction.INBOUND:
        return head.customer.name or "Customer"
    return "Agent" if message.direction is Direction.OUTBOUND else "System"


def _time(message: StoredMessage) -> str:
    return (message.sent_at or message.received_at).astimezone(UTC).strftime("%Y-%m-%d %H:%M")
