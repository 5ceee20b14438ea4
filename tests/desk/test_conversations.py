"""Agents read conversations, answer them, and move them from state to state."""

import asyncio
from datetime import timedelta
from uuid import uuid4

import pytest

from functions.conversations.model import Conversation
from functions.message import Address, Kind, Outbound
from local.servicebus.launch import ServiceBus
from tests.desk.kit import Desk, Told, now
from tests.intake.reading import read, text

MESSENGER = {
    "channel": "facebook",
    "provider": "meta",
    "account": "facebook-meta",
    "thread": "123456",
    "sender": Address(id="123456", name="Liisa"),
}


async def reply(desk: Desk, conversation: Conversation, key: str = "", **body: object) -> Told:
    path = f"conversations/{conversation.id}/messages"
    return await desk.call("POST", path, {"text": "hei", **body}, idempotency_key=key or uuid4().hex)


async def test_a_conversation_is_shown_with_its_decision(desk: Desk) -> None:
    conversation = await desk.opened(text="tarjous, kiitos")
    told = await desk.call("GET", f"conversations/{conversation.id}")
    assert told.status == 200
    assert told.body["customer"]["phone"] == conversation.customer.phone
    assert told.body["workstream"] == told.body["decision"]["workstream"] == "sales"
    assert told.body["decision"]["verdicts"][0]["matched"] is True
    messages = await desk.call("GET", f"conversations/{conversation.id}/messages")
    assert [(one["direction"], one["text"]) for one in messages.body["items"]] == [
        ("inbound", "tarjous, kiitos")
    ]


async def test_the_inbox_is_paged_through_newest_first(desk: Desk) -> None:
    opened = [(await desk.opened(account="telegram-bot", channel="telegram")).id for _ in range(5)]
    found: list[str] = []
    cursor: str | None = ""
    pages = 0
    while cursor is not None:
        query = f"workstream=sales&state=open&limit=2&cursor={cursor}"
        page = (await desk.call("GET", "conversations", query=query)).body
        found += [one["id"] for one in page["items"]]
        cursor, pages = page["cursor"], pages + 1
    assert [one for one in found if one in opened] == opened[::-1]
    assert len(set(found)) == len(found)
    assert pages >= 3


async def test_a_reply_is_recorded_and_queued_once_for_its_key(desk: Desk, servicebus: ServiceBus) -> None:
    conversation = await desk.opened()
    first, again = [await reply(desk, conversation, "key-1") for _ in range(2)]
    assert (first.status, again.status) == (202, 200)
    assert first.body == again.body
    assert (first.body["delivery"], first.body["author"]) == ("queued", "agent-7")

    session = conversation.id[:32]
    queued = await read(servicebus, "outbound-sms", session, count=1)
    assert [message.message_id for message in queued] == [first.body["id"]]
    outbound = Outbound.model_validate_json(text(queued[0]))
    assert (outbound.text, outbound.recipient) == ("hei", conversation.customer.id)

    location = first.headers["location"].removeprefix("/api/")
    assert (await desk.call("GET", location)).body == first.body
    assert (await desk.call("GET", f"conversations/{conversation.id}")).body["state"] == "active"


async def test_replies_at_once_with_one_key_are_one_reply(desk: Desk) -> None:
    conversation = await desk.opened()
    told = await asyncio.gather(*(reply(desk, conversation, "same") for _ in range(5)))
    assert sorted(one.status for one in told) == [200, 200, 200, 200, 202]
    assert len({one.body["id"] for one in told}) == 1


async def test_a_key_is_not_used_for_another_reply(desk: Desk) -> None:
    conversation = await desk.opened()
    await reply(desk, conversation, "key-1")
    told = await reply(desk, conversation, "key-1", text="something else")
    assert (told.status, told.body["type"]) == (409, "urn:monikanava:problem:conflict")


async def test_a_reply_without_a_key_is_told_which_header_is_missing(desk: Desk) -> None:
    conversation = await desk.opened()
    told = await desk.call("POST", f"conversations/{conversation.id}/messages", {"text": "hei"})
    assert told.status == 400
    assert "Idempotency-Key" in told.body["detail"]


@pytest.mark.parametrize("body", [{"text": "  "}, {"choices": [{"title": "a", "payload": "b"}]}])
async def test_a_reply_says_something(desk: Desk, body: dict[str, object]) -> None:
    path = f"conversations/{(await desk.opened()).id}/messages"
    told = await desk.call("POST", path, body, idempotency_key="key-1")
    assert (told.status, told.body["detail"]) == (400, "a reply needs a text, an attachment or a template")


async def test_a_customer_who_opted_out_is_not_written_to(desk: Desk) -> None:
    conversation = await desk.opened()
    who = {"thread": conversation.thread, "sender": Address(id=conversation.customer.id)}
    await desk.opened(**who, kind=Kind.OPT_OUT, text="STOP")
    told = await reply(desk, conversation)
    assert (told.status, told.body["type"]) == (409, "urn:monikanava:problem:opted-out")
    await desk.opened(**who, kind=Kind.OPT_IN, text="START", received_at=now())
    assert (await reply(desk, conversation)).status == 202


async def test_a_repeated_reply_is_answered_as_at_first_whatever_came_between(desk: Desk) -> None:
    conversation = await desk.opened()
    first = await reply(desk, conversation, "key-1")
    who = {"thread": conversation.thread, "sender": Address(id=conversation.customer.id)}
    await desk.opened(**who, kind=Kind.OPT_OUT, text="STOP")
    again = await reply(desk, conversation, "key-1")
    assert (again.status, again.body["id"]) == (200, first.body["id"])
    other = await reply(desk, conversation, "key-2")
    assert (other.status, other.body["type"]) == (409, "urn:monikanava:problem:opted-out")


async def test_what_the_channel_would_refuse_is_refused_at_once(desk: Desk) -> None:
    conversation = await desk.opened(**MESSENGER, received_at=now() - timedelta(days=2))
    told = await reply(desk, conversation)
    assert told.status == 422
    assert told.body["type"].startswith("urn:monikanava:problem:")
    assert told.body["detail"]
    kept = await desk.call("GET", f"conversations/{conversation.id}/messages")
    assert [one["direction"] for one in kept.body["items"]] == ["inbound"]
    assert (await reply(desk, conversation, tag="humanAgent")).status == 202


async def test_a_conversation_of_an_account_that_is_gone_is_not_answered(desk: Desk) -> None:
    told = await reply(desk, await desk.opened(account="sms-former"))
    assert (told.status, told.body["type"]) == (422, "urn:monikanava:problem:no-account")


async def test_states_follow_the_state_machine(desk: Desk) -> None:
    conversation = await desk.opened()
    path = f"conversations/{conversation.id}/state"
    taken = await desk.call("POST", path, {"state": "active"})
    assert (taken.body["state"], taken.body["agent"]) == ("active", "agent-7")
    closed = await desk.call("POST", path, {"state": "closed", "reason": "solved"})
    assert (closed.body["state"], closed.body["stateReason"]) == ("closed", "solved")
    refused = await desk.call("POST", path, {"state": "open"})
    assert refused.status == 409
    assert "closed" in refused.body["detail"]
    assert "open" in refused.body["detail"]
    assert (await reply(desk, conversation)).status == 409


async def test_a_reply_that_was_recorded_is_given_again_after_the_conversation_closed(desk: Desk) -> None:
    conversation = await desk.opened()
    first = await reply(desk, conversation, "key-1")
    await desk.call("POST", f"conversations/{conversation.id}/state", {"state": "closed"})
    again = await reply(desk, conversation, "key-1")
    assert (again.status, again.body["id"]) == (200, first.body["id"])


@pytest.mark.parametrize(
    "path",
    [
        "conversations/nothing",
        f"conversations/{'0' * 32}-000001",
        f"conversations/{'0' * 32}-000001/messages",
        f"conversations/{'0' * 32}-000001/messages/{'0' * 32}-000001-00000001",
    ],
)
async def test_what_is_not_there_is_404(desk: Desk, path: str) -> None:
    assert (await desk.call("GET", path)).status == 404


async def test_a_message_is_read_in_its_own_conversation_only(desk: Desk) -> None:
    one, other = await desk.opened(), await desk.opened()
    sent = (await reply(desk, one)).body["id"]
    assert (await desk.call("GET", f"conversations/{one.id}/messages/{sent}")).status == 200
    assert (await desk.call("GET", f"conversations/{other.id}/messages/{sent}")).status == 404
