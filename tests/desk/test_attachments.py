"""A customer's files over the API: handed out to be saved, and fetched once more when that had failed."""

import io
from collections.abc import AsyncIterator
from typing import Any

import pytest
import pytest_asyncio

from functions.conversations.model import Conversation
from functions.desk.tokens import Authority
from functions.media.jobs import blob_name
from functions.message import Attachment, AttachmentKind
from local.azurite import Azurite
from local.servicebus.launch import ServiceBus
from tests.desk.kit import Desk, services

CONTENT = bytes(range(256))


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def desk(
    azurite: Azurite, blob_service: Azurite, servicebus: ServiceBus, authority: Authority, example: str
) -> AsyncIterator[Desk]:
    connections = [one.connection_string for one in (azurite, servicebus, blob_service)]
    async with services(*connections) as found:
        await found.configurations.apply(example, "tests")
        yield Desk(found, authority)


async def sent(desk: Desk, **fields: Any) -> tuple[Conversation, str]:
    """A customer's message with one picture; give its path too."""
    given = {"kind": AttachmentKind.IMAGE, "url": "http://127.0.0.1:1/twilio/picture"} | fields
    conversation = await desk.opened(attachments=(Attachment.model_validate(given),))
    return conversation, f"conversations/{conversation.id}/messages/{conversation.id}-00000001"


async def fetched(desk: Desk, **fields: Any) -> str:
    """A message whose picture is there; give its path."""
    conversation, path = await sent(desk, **fields)
    message = await desk.services.threads.message(f"{conversation.id}-00000001")
    name = blob_name(message.id, 0, message.attachments[0])
    await desk.services.blobs.put(name, io.BytesIO(CONTENT), len(CONTENT), "image/png")

    def done(attachment: Attachment) -> Attachment:
        return attachment.model_copy(update={"blob": name, "content_type": "image/png"})

    url = message.attachments[0].url
    assert await desk.services.threads.change_attachment(message.id, 0, url, done)
    return path


async def test_a_file_comes_to_be_saved_and_not_shown(desk: Desk) -> None:
    path = await fetched(desk, name='lasku ä"\r\n../x.png')
    told = await desk.call("GET", f"{path}/attachments/0")
    assert (told.status, told.body) == (200, CONTENT)
    assert told.headers["content-type"] == "image/png"
    assert told.headers["x-content-type-options"] == "nosniff"
    assert told.headers["content-security-policy"] == "default-src 'none'; sandbox"
    assert told.headers["content-disposition"] == (
        "attachment; filename=\"lasku ____.._x.png\"; filename*=UTF-8''lasku%20%C3%A4%22%0D%0A..%2Fx.png"
    )


async def test_a_file_without_a_name_gets_one(desk: Desk) -> None:
    told = await desk.call("GET", f"{await fetched(desk)}/attachments/0")
    assert told.headers["content-disposition"].startswith('attachment; filename="attachment-0"')


async def test_what_is_not_there_yet_says_so(desk: Desk) -> None:
    _, path = await sent(desk)
    told = await desk.call("GET", f"{path}/attachments/0")
    assert (told.status, told.body["detail"]) == (404, "the attachment has not been fetched yet")


@pytest.mark.parametrize("index", ["1", "-1", "x", "99999", "٠"])
async def test_there_is_no_other_attachment(desk: Desk, index: str) -> None:
    path = await fetched(desk)
    for method, tail in (("GET", ""), ("POST", "/fetch")):
        told = await desk.call(method, f"{path}/attachments/{index}{tail}")
        assert (told.status, told.body["detail"]) == (404, "the message has no such attachment")


async def test_a_message_of_another_conversation_gives_nothing(desk: Desk) -> None:
    path, (other, _) = await fetched(desk), await sent(desk)
    message = path.rpartition("/")[2]
    told = await desk.call("GET", f"conversations/{other.id}/messages/{message}/attachments/0")
    assert told.status == 404


async def test_only_agents_get_files(desk: Desk) -> None:
    path = await fetched(desk)
    assert (await desk.call("GET", f"{path}/attachments/0", role=None)).status == 401
    assert (await desk.call("POST", f"{path}/attachments/0/fetch", role=None)).status == 401


async def test_what_was_lost_is_fetched_once_more(desk: Desk) -> None:
    conversation, path = await sent(desk)

    def lost(attachment: Attachment) -> Attachment:
        return attachment.model_copy(update={"error": "the provider has it no more (HTTP 404)"})

    await desk.services.threads.change_attachment(
        f"{conversation.id}-00000001", 0, "http://127.0.0.1:1/twilio/picture", lost
    )
    told = await desk.call("GET", f"{path}/attachments/0")
    assert (told.status, told.body["detail"]) == (404, "the provider has it no more (HTTP 404)")
    again = await desk.call("POST", f"{path}/attachments/0/fetch")
    assert (again.status, again.body["attachments"][0]["error"]) == (202, "")


async def test_what_is_there_is_not_fetched_again(desk: Desk) -> None:
    told = await desk.call("POST", f"{await fetched(desk)}/attachments/0/fetch")
    assert (told.status, told.body["detail"]) == (409, "the attachment has been fetched already")
