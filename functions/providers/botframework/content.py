"""What a Teams message holds: its text without the bot's mention, and its files.

Follows https://learn.microsoft.com/microsoftteams/platform/bots/how-to/bots-filesv4 and
https://learn.microsoft.com/microsoftteams/platform/bots/how-to/conversations/channel-and-group-conversations.
"""

import re
from collections.abc import Iterator

from pydantic import JsonValue

from functions.message import Attachment, AttachmentKind
from functions.providers.payload import child, children, text

DOWNLOAD = "application/vnd.microsoft.teams.file.download.info"
_KINDS = {"image": AttachmentKind.IMAGE, "audio": AttachmentKind.AUDIO, "video": AttachmentKind.VIDEO}
_SUFFIXES = {
    **dict.fromkeys(("png", "jpg", "jpeg", "gif", "webp", "heic", "bmp"), AttachmentKind.IMAGE),
    **dict.fromkeys(("mp3", "m4a", "ogg", "wav", "aac", "amr"), AttachmentKind.AUDIO),
    **dict.fromkeys(("mp4", "mov", "webm", "avi"), AttachmentKind.VIDEO),
}
_TAG = re.compile(r"</?at(?: [^<>]*)?>")


def spoken(activity: JsonValue) -> str:
    """Give the text: the bot's own mention is left out, other people's stay as their names."""
    said, bot = text(activity, "text"), text(activity, "recipient", "id")
    for entity in children(activity, "entities"):
        tag = text(entity, "text")
        if text(entity, "type") == "mention" and tag:
            to_bot = text(entity, "mentioned", "id") == bot
            said = said.replace(tag, "" if to_bot else _TAG.sub("", tag))
    return said.replace("\u00a0", " ").strip()


def attachments(activity: JsonValue) -> tuple[Attachment, ...]:
    """Give the files; the copy of the text as HTML, and cards, are none."""
    return tuple(_files(activity))


def _files(activity: JsonValue) -> Iterator[Attachment]:
    for fragment in children(activity, "attachments"):
        media, name = text(fragment, "contentType"), text(fragment, "name")
        if media == DOWNLOAD:
            url, suffix = text(fragment, "content", "downloadUrl"), _suffix(child(fragment, "content"), name)
            found = Attachment(kind=_SUFFIXES.get(suffix, AttachmentKind.FILE), url=url, name=name)
        elif media.startswith(("text/html", "application/vnd.microsoft")):
            continue
        else:
            kind = _KINDS.get(media.partition("/")[0], AttachmentKind.FILE)
            known = "" if media.endswith("/*") else media
            url = text(fragment, "contentUrl")
            found = Attachment(kind=kind, url=url, content_type=known, name=name)
        if found.url:
            yield found


def _suffix(content: JsonValue, name: str) -> str:
    return (text(content, "fileType") or name.rpartition(".")[2]).lower()
