"""What the media queue carries: fetch one attachment, or delete what a message no longer has.

A job names no address: those are in the message, and may be as good as a password. An attachment is told
from one that an edit put in its place by its blob's name, which is made from its address too.
"""

from collections.abc import Iterator
from datetime import datetime
from typing import Literal

from functions.conversations.model import StoredMessage
from functions.message import Attachment, AttachmentKind, Model, digest
from functions.ports import Envelope

QUEUE = "media"
FETCHED = frozenset(AttachmentKind) - {AttachmentKind.LOCATION, AttachmentKind.CONTACT, AttachmentKind.LINK}


class Job(Model):
    """One piece of work on a message.

    With an `index`: fetch that attachment into `blob`. Without one: delete the blobs that the message has no
    more, since `removed_at`.
    """

    version: Literal[1] = 1
    channel: str
    account: str
    message: str
    index: int | None = None
    blob: str = ""
    removed_at: datetime | None = None

    def subject(self, message: StoredMessage) -> Attachment | None:
        """Give the attachment that the job is about; None when the message has it no more."""
        if self.index is None or self.index >= len(message.attachments):
            return None
        found = message.attachments[self.index]
        return found if blob_name(message.id, self.index, found) == self.blob else None


def blob_name(message: str, index: int, attachment: Attachment) -> str:
    """Name an attachment's blob. It begins as its thread's partition does, and as its conversation's id."""
    return f"{message}/{index}-{digest(attachment.url)[:12]}"


def blob_names(message: StoredMessage) -> dict[int, str]:
    """Name the blobs of the attachments that can be fetched, by their places."""
    return {
        index: blob_name(message.id, index, attachment)
        for index, attachment in enumerate(message.attachments)
        if attachment.kind in FETCHED and attachment.url
    }


def to_fetch(message: StoredMessage, channel: str, account: str) -> Iterator[Job]:
    """Give a job for each attachment of which nothing is known yet."""
    for index, name in blob_names(message).items():
        attachment = message.attachments[index]
        if not attachment.blob and not attachment.error:
            yield Job(channel=channel, account=account, message=message.id, index=index, blob=name)


def to_tidy(message: StoredMessage, channel: str, account: str) -> Job:
    """Give the job that deletes what an edit or deletion took away."""
    when = message.deleted_at or message.edited_at
    return Job(channel=channel, account=account, message=message.id, removed_at=when)


def envelope(job: Job, turn: str = "") -> Envelope:
    """Wrap a job; the same job in the same `turn` is a duplicate to the queue."""
    return Envelope(digest(job.message, job.blob, str(job.removed_at), turn), job.json_text())
