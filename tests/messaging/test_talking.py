"""A whole conversation: the customer through the API, the agent to the webhook."""

from collections.abc import AsyncIterator
from typing import Any
from urllib.parse import quote
from uuid import uuid4

import pytest
import pytest_asyncio
from botbuilder.schema import Activity

from functions.conversations.feed import Mark
from functions.conversations.model import State
from functions.conversations.threads import Draft
from functions.message import Attachment, AttachmentKind, Choice, Delivery, thread_key
from local.azurite import Azurite
from local.servicebus.launch import ServiceBus
from tests.messaging.house import CHANNEL, House, open_house


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def opened(azurite: Azurite, servicebus: ServiceBus) -> AsyncIterator[House]:
    async with open_house(azurite, servicebus) as house:
        yield house


@pytest.fixture
def house(opened: House) -> House:
    opened.webhook.taken.clear()
    opened.webhook.status = 200
    return opened


async def test_both_speak_and_both_read(house: House) -> None:
    conversation = await house.created(preferredname="Aino", email="aino@example.com")
    head = await house.services.threads.conversation(house.ours(conversation))
    assert (head.customer.name, head.customer.email, head.state) == ("Aino", "aino@example.com", State.OPEN)
    said: dict[str, Any] = {"type": "message", "id": "a-1", "text": "Lasku on väärin"}
    said["attachments"] = [
        {"contentType": "image/png", "contentUrl": "https://f.example/1.png", "name": "1.png"}
    ]
    for _ in "12":  # its answer was lost
        answer = await house.call("POST", f"conversation/{conversation}", said)
        assert len(answer.body["messageId"]) == 13
    await house.route(conversation, 1)
    photo = Attachment(kind=AttachmentKind.IMAGE, url="https://f.example/2.png", content_type="image/png")
    draft = Draft(
        text="**Korjaamme**", attachments=(photo,), choices=(Choice(title="Kiitos", payload="THX"),)
    )
    replied = await house.services.threads.reply(head.id, draft, key=uuid4().hex, agent="maija")
    assert replied.news
    for outbound in (replied.news, replied.outbound):
        await house.deliver(outbound)
    accepted, message = house.webhook.taken
    assert (accepted["type"], accepted["name"]) == ("message", "AgentAccepted")
    assert accepted["id"] < message["id"]
    assert accepted["text"] == "EventName: **_AgentAccepted_**"
    assert (message["channelId"], message["textFormat"]) == (CHANNEL, "markdown")
    for activity in (accepted, message):
        read = Activity.deserialize(activity)
        assert _equal(read.serialize(), activity)
    page = await house.call("GET", f"conversation/{conversation}/messages")
    assert [one["text"] for one in page.body["messages"]] == ["Moi", "Lasku on väärin", "**Korjaamme**"]
    assert page.body["messages"][2]["messageId"] == message["id"]
    read_it = {"type": "event", "name": "MessageRead", "value": {"messageId": message["id"]}}
    await house.call("POST", f"conversation/{conversation}", read_it)
    await house.route(conversation, 1)
    seen = await house.services.threads.message(replied.message.id)
    assert seen.delivery is Delivery.READ


def _equal(one: dict[str, Any], other: dict[str, Any]) -> bool:
    """Compare but for the way in which a time is written."""
    return {**one, "timestamp": ""} == {**other, "timestamp": ""}


async def test_pages_of_messages(house: House) -> None:
    conversation = await house.created()
    for number in range(4):
        await house.call("POST", f"conversation/{conversation}", {"type": "message", "text": f"{number}"})
    await house.route(conversation, 4)
    texts, query = [], "PageSize=2"
    while page := (await house.call("GET", f"conversation/{conversation}/messages", query=query)).body:
        if not page["messages"]:
            break
        texts += [one["text"] for one in page["messages"]]
        last = page["messages"][-1]["timestamp"]
        query = f"PageSize=2&ContinuationToken={page['continuationToken']}"
    assert texts == ["Moi", "0", "1", "2", "3"]
    query = f"StartTimeStamp={quote(last)}"
    page = (await house.call("GET", f"conversation/{conversation}/messages", query=query)).body
    assert len(page["messages"]) <= 1


async def test_typing_is_no_message(house: House) -> None:
    conversation = await house.created()
    await house.call("POST", f"conversation/{conversation}", {"type": "typing"})
    feed = await house.services.threads.feed(thread_key("custom", "portal", conversation), Mark())
    assert "customer" in feed.typing
    assert len(feed.messages) == 1


async def test_context_is_there_at_once_and_in_the_conversation(house: House) -> None:
    variables = {"product": {"isDisplayable": True, "value": "XBox"}, "count": {"value": 7}}
    body = {"conversationcontext": variables, "startmessage": "Moi"}
    made = await house.call("POST", "conversation/create", body)
    conversation = made.body["conversationId"]
    page = await house.call("GET", f"conversation/{conversation}/context")
    assert page.body == {"context": [{"name": "product", "value": "XBox"}, {"name": "count", "value": "7"}]}
    await house.route(conversation, 1)
    head = await house.services.threads.conversation(house.ours(conversation))
    assert {**head.context} == {**head.context, "product": "XBox", "count": "7"}


async def test_the_customer_ends_it_and_starts_another(house: House) -> None:
    customer = uuid4().hex
    conversation = await house.created(customerid=customer)
    listed = await house.call("GET", "conversations", query="PageSize=250")
    assert conversation in [one["conversationid"] for one in listed.body["conversations"]]
    await house.call("POST", f"conversation/{conversation}", {"type": "endOfConversation"})
    await house.route(conversation, 1)
    head = await house.services.threads.conversation(house.ours(conversation))
    assert head.state is State.CLOSED
    late = await house.call("POST", f"conversation/{conversation}", {"type": "message", "text": "x"})
    assert (late.status, late.body["code"]) == (404, "30013")
    listed = await house.call("GET", "conversations", query="PageSize=250")
    assert conversation not in [one["conversationid"] for one in listed.body["conversations"]]
    again = await house.call("POST", "conversation/create", {"customercontext": {"customerid": customer}})
    assert again.body["isNew"]
    assert again.body["conversationId"] != conversation


async def test_pages_of_conversations(house: House) -> None:
    made = [await house.created() for _ in range(3)]
    found: list[str] = []
    query = "PageSize=2"
    while True:
        page = (await house.call("GET", "conversations", query=query)).body
        found += [one["conversationid"] for one in page["conversations"]]
        if "continuationtoken" not in page:
            break
        query = f"PageSize=2&ContinuationToken={quote(page['continuationtoken'])}"
    assert [one for one in found if one in made] == made
    assert len(found) == len(set(found))


async def test_a_webhook_that_is_down_gets_it_later(house: House) -> None:
    conversation = await house.created()
    house.webhook.status = 503
    replied = await house.services.threads.reply(
        house.ours(conversation), Draft(text="Hei"), key=uuid4().hex, agent="maija"
    )
    await house.deliver(replied.outbound)
    message = await house.services.threads.message(replied.message.id)
    assert message.delivery is Delivery.QUEUED
    house.webhook.status = 200
    await house.deliver(replied.outbound)
    assert [one["text"] for one in house.webhook.taken] == ["Hei"]
