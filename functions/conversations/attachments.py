"""What becomes of a stored message's attachment: its copy, or why there is none."""

from collections.abc import Callable

from functions.conversations import layout
from functions.conversations.model import StoredMessage
from functions.conversations.store import Store, persist
from functions.message import Attachment
from functions.ports import Op, Write


async def change_attachment(
    store: Store, message: str, which: tuple[int, str], change: Callable[[Attachment], Attachment]
) -> StoredMessage | None:
    """Change the attachment with this place and `url`; None when the message has it no more.

    An edit or deletion that comes at the same time wins, in whatever order they are written.
    """
    index, url = which

    async def attempt() -> StoredMessage | None:
        found, etag = await store.message(message)
        former = found.attachments
        if index >= len(former) or former[index].url != url:
            return None
        attachments = (*former[:index], change(former[index]), *former[index + 1 :])
        after = found.model_copy(update={"attachments": attachments})
        if after != found:
            await store.table.commit([Op(Write.REPLACE, layout.message_row(after, etag))])
        return after

    return await persist(attempt)
