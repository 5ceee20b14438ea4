"""Files of customers: taken as forms, kept in Blob storage, given back to their conversation only.

https://learn.microsoft.com/azure/bot-service/rest-api/bot-framework-rest-direct-line-3-0-send-activity.
Files are stored before the message that names them. A blob's name is made from its content too, so that a
form which comes again changes nothing.
"""

import hashlib
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from io import BytesIO
from urllib.parse import quote

import multipart

from functions.channels.chat import ACTIVITY_LIMIT, UPLOAD_LIMIT
from functions.channels.contract import Response
from functions.directline.access import admit, by_secret
from functions.directline.activities import Activity
from functions.directline.call import Call, answered
from functions.directline.limits import UPLOAD, Limits
from functions.directline.posting import ATTACHMENTS, Posted, Posting, kind_of_file, read_activity
from functions.directline.sessions import Sessions
from functions.directline.tokens import Grant, check_file
from functions.errors import Invalid, NotFound, TooLarge
from functions.media.sniff import HEAD, content_type
from functions.message import Attachment, Kind, digest, thread_key
from functions.providers.payload import children, plain, read_json, text

FORM = "multipart/form-data"
ACTIVITY = "activity"  # the part that is no file
NAME_LIMIT = 200  # characters of a file's name
SHOWABLE = ("image/", "audio/", "video/")  # the rest is given to be saved, for it is a stranger's
GUARDED = {
    "X-Content-Type-Options": "nosniff",
    "Content-Security-Policy": "default-src 'none'; sandbox",
    "Cache-Control": "private, max-age=3600",
}


@dataclass(frozen=True, slots=True)
class File:
    """A file as it came."""

    name: str
    declared: str
    content: bytes


class Uploads:
    """The endpoints for files."""

    def __init__(self, sessions: Sessions, posting: Posting, limits: Limits) -> None:
        self._sessions = sessions
        self._posting = posting
        self._limits = limits

    async def upload(self, call: Call) -> Response:
        """Take a form of an activity and its files, or one file alone; 200 with the activity's id."""
        grant = await admit(call, self._sessions)
        if len(call.request.body) > UPLOAD_LIMIT:
            raise TooLarge(f"an upload is over {UPLOAD_LIMIT:,} bytes")
        content, files = read_form(call)
        posted = read_activity(grant, {**content, "attachments": [{"name": file.name} for file in files]})
        if not any(file.content for file in files) or posted.kind is not Kind.MESSAGE:
            raise Invalid("an upload is a message with files")
        if not by_secret(call):
            await self._limits.spend(call, UPLOAD, _megabytes(files), call.account.settings.upload_limit)
        # A file that no message names would stay for good: first it must be sure that one may be said.
        session = await self._posting.still_on(call, grant)
        kept = [await self._keep(call, grant, posted, index, file) for index, file in enumerate(files)]
        await self._posting.say(call, session, posted, tuple(kept))
        return answered({"id": posted.id})

    async def download(self, call: Call) -> Response:
        """Give a file back to whoever has its link, or a token of the conversation."""
        conversation, message, index = (call.parameters[n] for n in ("conversation", "message", "index"))
        if token := call.request.parameters().get("t"):
            check_file(call.account, token, message, index, call.request.received_at)
        else:
            await admit(call, self._sessions)
        key = thread_key(call.account.channel, call.account.id, conversation)
        if not message.startswith(f"{key}-"):
            raise NotFound("no such attachment")
        found = (await call.rooms.threads.message(message)).attachments
        attachment = (
            found[int(index)] if re.fullmatch("[0-9]{1,2}", index) and int(index) < len(found) else None
        )
        if attachment is None or not attachment.blob:
            raise NotFound("no such attachment")
        content = await call.rooms.blobs.get(attachment.blob, UPLOAD_LIMIT)
        return Response(200, content, attachment.content_type, {**GUARDED, **_shown(attachment)})

    async def _keep(self, call: Call, grant: Grant, posted: Posted, index: int, file: File) -> Attachment:
        kind = content_type(file.content[:HEAD], file.declared)
        name = digest(posted.id, hashlib.sha256(file.content).hexdigest())
        blob = f"chat/{grant.conversation}/{name}-{index}"
        await call.rooms.blobs.put(blob, BytesIO(file.content), len(file.content), kind)
        return Attachment(
            kind=kind_of_file(kind),
            content_type=kind,
            name=file.name[:NAME_LIMIT],
            size=len(file.content),
            blob=blob,
        )


def _megabytes(files: Sequence[File]) -> int:
    return sum(max(1, len(file.content) // 1_000_000) for file in files)


def read_form(call: Call) -> tuple[Activity, list[File]]:
    """Read the activity and the files of an upload; raises Invalid, or TooLarge."""
    declared, options = multipart.parse_options_header(call.request.headers.get("content-type", ""))
    if declared != FORM:
        _, said = multipart.parse_options_header(call.request.headers.get("content-disposition", ""))
        name = plain(said.get("filename", ""))  # a header may hold any bytes
        return {"type": "message"}, [File(name, declared, call.request.body)]
    try:
        parts = list(_parts(call.request.body, options.get("boundary", "")))
    except (multipart.MultipartError, ValueError) as error:
        raise Invalid("the form cannot be read") from error
    message: Activity = {"type": "message"}
    content = next((_activity(file) for name, file in parts if name == ACTIVITY), message)
    files = [file for name, file in parts if name != ACTIVITY]
    if len(files) > ATTACHMENTS:
        raise Invalid(f"a message has at most {ATTACHMENTS} attachments")
    # The form's own names count: its files may come in another order than the activity has them.
    names = [text(one, "name") for one in children(content, "attachments")] + [""] * len(files)
    return content, [replace(file, name=file.name or name) for name, file in zip(names, files, strict=False)]


def _parts(body: bytes, boundary: str) -> Iterator[tuple[str, File]]:
    form = multipart.MultipartParser(
        BytesIO(body),
        boundary,
        len(body),
        part_limit=ATTACHMENTS + 2,
        spool_limit=UPLOAD_LIMIT,  # it is all in memory already
        memory_limit=UPLOAD_LIMIT,
    )
    for part in form:
        yield part.name, File(part.filename or "", part.content_type, part.raw)


def _activity(part: File) -> Activity:
    if len(part.content) > ACTIVITY_LIMIT:
        raise TooLarge(f"the activity is over {ACTIVITY_LIMIT:,} bytes")
    found = read_json(part.content)
    if not isinstance(found, dict):
        raise Invalid("the activity is not a JSON object")
    return found


def _shown(attachment: Attachment) -> dict[str, str]:
    way = "inline" if attachment.content_type.startswith(SHOWABLE) else "attachment"
    return {"Content-Disposition": f"{way}; filename*=UTF-8''{quote(attachment.name, safe='')}"}
