"""What customers sent along, as files; and once more from the provider, when fetching had failed.

A file is handed out to be saved, never to be shown: it is a stranger's. https://owasp.org/www-project-secure-headers
"""

from collections.abc import Mapping
from urllib.parse import quote

from functions.conversations.model import StoredMessage
from functions.desk.call import Call, File, Nothing, Reply
from functions.desk.conversations import message_of
from functions.errors import NotFound
from functions.media.fetcher import LARGEST
from functions.message import Attachment
from functions.services import Services

SANDBOX = {"Content-Security-Policy": "default-src 'none'; sandbox"}
NAME_LIMIT = 200  # characters


async def get_attachment(call: Call[Nothing, Nothing], services: Services) -> Reply[File]:
    """Give the copy of an attachment as a file; NotFound, with the reason, while there is none."""
    message = await message_of(call.parameters, services)
    attachment = _attachment(message, call.parameters)
    if not attachment.blob:
        raise NotFound(attachment.error or "the attachment has not been fetched yet")
    content = await services.blobs.get(attachment.blob, LARGEST)
    headers = {**SANDBOX, "Content-Disposition": _disposition(attachment, call.parameters["index"])}
    return Reply(File(content=content, content_type=attachment.content_type), headers=headers)


async def fetch_attachment(call: Call[Nothing, Nothing], services: Services) -> Reply[StoredMessage]:
    """Fetch an attachment once more; Conflict when it is there already."""
    message = await message_of(call.parameters, services)
    _attachment(message, call.parameters)
    return Reply(await services.media.again(message, int(call.parameters["index"])), 202)


def _attachment(message: StoredMessage, parameters: Mapping[str, str]) -> Attachment:
    index = parameters["index"]
    if not (index.isascii() and index.isdigit() and len(index) < 4 and int(index) < len(message.attachments)):
        raise NotFound("the message has no such attachment")
    return message.attachments[int(index)]


def _disposition(attachment: Attachment, index: str) -> str:
    """Name the file as RFC 6266 says: once for all programs, once for those that know more than ASCII."""
    name = attachment.name[:NAME_LIMIT].encode(errors="replace").decode() or f"attachment-{int(index)}"
    plain = "".join(sign if sign.isascii() and (sign.isalnum() or sign in "._- ") else "_" for sign in name)
    return f"attachment; filename=\"{plain}\"; filename*=UTF-8''{quote(name, safe='')}"
