"""Notes of a call as items of the channel's queue: the session, the thread and the order are the call's."""

import re
from collections.abc import Mapping

from functions.conversations.fold import ANSWERED
from functions.message import Address, Attachment, AttachmentKind, Inbound, Kind
from functions.voice.model import Call, Note, NoteKind

KINDS: Mapping[NoteKind, Kind] = {
    NoteKind.STEP: Kind.CALL,
    NoteKind.WORK: Kind.MESSAGE,
    NoteKind.CUSTOMER: Kind.MESSAGE,
    NoteKind.AGENT: Kind.ECHO,
    NoteKind.ANSWERED: Kind.CALL,
    NoteKind.LEFT: Kind.LEFT,
}
_PHONE = re.compile(r"\+[1-9][0-9]{1,14}")


def item(call: Call, note: Note) -> Inbound:
    """Give what the queue carries of a note."""
    return Inbound(
        channel=call.channel,
        provider=call.provider,
        account=call.account,
        thread=call.id,
        event=f"{call.id}:{note.number}",
        kind=KINDS[note.kind],
        sender=_customer(call),
        text=note.text,
        attachments=_recording(note),
        payload=ANSWERED if note.kind is NoteKind.ANSWERED else "",
        context={**_about(call), **note.context},
        sent_at=note.sent_at,
        received_at=note.at or call.started_at,
    )


def _customer(call: Call) -> Address:
    phone = call.customer if _PHONE.fullmatch(call.customer) else ""
    return Address(id=call.customer, name=call.name, phone=phone, locale=call.language)


def _about(call: Call) -> dict[str, str]:
    about = {"call": call.way.value, "to": call.ours}
    return {**about, "conversation": call.conversation} if call.conversation else about


def _recording(note: Note) -> tuple[Attachment, ...]:
    if not note.recording:
        return ()
    return (Attachment(kind=AttachmentKind.AUDIO, url=note.recording, content_type=note.content_type),)
