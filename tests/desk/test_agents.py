"""Agents take conversations, end and close them, leave notes, and are seen typing."""

import asyncio
from collections.abc import Mapping
from typing import Any
from uuid import uuid4

import pytest

from functions.conversations.model import Conversation
from functions.message import Address, Event, Outbound
from local.servicebus.launch import ServiceBus
from tests.desk.issuers import token
from tests.desk.kit import Desk, Told, now
from tests.intake.reading import read, text

CUSTOM = {"channel": "custom", "provider": "webhook", "account": "custom-webhook"}


def somebody(channel: Mapping[str, str]) -> dict[str, Any]:
    """A customer of a channel whom nobody has heard of."""
    name = uuid4().hex
    return {**channel, "thread": name, "sender": Address(id=name)}


async def act(desk: Desk, conversation: Conversation, what: str, body: Any = None, **headers: str) -> Told:
    return await desk.call("POST", f"conversations/{conversation.id}/{what}", body, **headers)


def agent(name: str) -> str:
    return f"Bearer {token(roles=['Agent'], oid=name)}"


async def queued(bus: ServiceBus, queue: str, conversation: Conversation, count: int) -> list[Outbound]:
    messages = await read(bus, queue, conversation.id[:32], count=count)
    return [Outbound.model_validate_json(text(message)) for message in messages]


async def test_of_two_agents_who_accept_at_once_one_has_it(desk: Desk) -> None:
    conversation = await desk.opened()
    told = await asyncio.gather(
        *(act(desk, conversation, "accept", authorization=agent(name)) for name in ("liisa", "maija"))
    )
    assert sorted(one.status for one in told) == [200, 409]
    [winner] = [one.body["agent"] for one in told if one.status == 200]
    again = await act(desk, conversation, "accept", authorization=agent(winner))
    assert (again.status, again.body["state"], again.body["agent"]) == (200, "active", winner)


async def test_a_conversation_is_accepted_ended_and_closed(desk: Desk) -> None:
    conversation = await desk.opened()
    refused = await act(desk, conversation, "end")
    assert (refused.status, refused.body["type"]) == (409, "urn:monikanava:problem:conflict")
    states = [
        (await act(desk, conversation, "accept")).body["state"],
        (await act(desk, conversation, "end")).body["state"],
        (await act(desk, conversation, "close", {"reason": "solved"})).body["state"],
    ]
    assert states == ["active", "wrapUp", "closed"]
    page = await desk.call("GET", f"conversations/{conversation.id}/messages")
    told = [(one["kind"], one["payload"], one["text"], one["author"]) for one in page.body["items"][1:]]
    assert told == [
        ("state", "active", "an agent took it", "agent-7"),
        ("state", "wrapUp", "ended by the agent", "agent-7"),
        ("state", "closed", "solved", "agent-7"),
    ]


async def test_agents_list_what_they_have(desk: Desk) -> None:
    name = uuid4().hex
    mine, other = await desk.opened(), await desk.opened()
    assert (await act(desk, mine, "accept", authorization=agent(name))).status == 200
    assert (await act(desk, other, "accept")).status == 200
    own = await desk.call("GET", "agents/me/conversations", authorization=agent(name))
    assert [one["id"] for one in own.body["items"]] == [mine.id]
    assert (await desk.call("GET", f"agents/{name}/conversations")).body == own.body
    await act(desk, mine, "close", {}, authorization=agent(name))
    assert (await desk.call("GET", f"agents/{name}/conversations")).body["items"] == []


@pytest.mark.parametrize("what", ["accept", "end", "typing", "notes"])
async def test_a_closed_conversation_refuses(desk: Desk, what: str) -> None:
    conversation = await desk.opened()
    assert (await act(desk, conversation, "close", {})).status == 200
    body = {"text": "x"} if what == "notes" else None
    refused = await act(desk, conversation, what, body, idempotency_key="k")
    assert (refused.status, refused.body["type"]) == (409, "urn:monikanava:problem:conflict")
    assert "closed" in refused.body["detail"]
    assert (await act(desk, conversation, "close", {})).status == 200


async def test_the_customers_side_is_told_what_agents_do(desk: Desk, servicebus: ServiceBus) -> None:
    conversation = await desk.opened(**somebody(CUSTOM))
    for what, body in (("accept", None), ("accept", None), ("end", None), ("close", {})):
        assert (await act(desk, conversation, what, body)).status == 200
    told = await queued(servicebus, "outbound-custom", conversation, 3)
    assert [one.event for one in told] == [Event.ACCEPTED, Event.ENDED, Event.CLOSED]
    state = (await desk.call("GET", f"conversations/{conversation.id}/messages/{told[0].id}")).body
    assert (state["kind"], state["payload"], state["delivery"]) == ("state", "active", "queued")


async def test_a_reply_comes_after_the_news_of_who_gives_it(desk: Desk, servicebus: ServiceBus) -> None:
    conversation = await desk.opened(**somebody(CUSTOM))
    for _ in range(2):
        await act(desk, conversation, "messages", {"text": "hei"}, idempotency_key="k")
    told = await queued(servicebus, "outbound-custom", conversation, 2)
    assert [(one.event, one.text) for one in told] == [(Event.ACCEPTED, ""), (None, "hei")]


async def test_the_timers_close_is_told_too(desk: Desk, servicebus: ServiceBus) -> None:
    long_ago = now().replace(year=now().year - 1)
    conversation = await desk.opened(**somebody(CUSTOM), received_at=long_ago)
    # As the timer's function does it.
    from functions.delivery.outgoing import enqueue

    services = desk.services
    await services.threads.close_idle(now(), lambda news: enqueue(services.outbox, [news]))
    [told] = await queued(servicebus, "outbound-custom", conversation, 1)
    assert told.event is Event.CLOSED
    page = await desk.call("GET", f"conversations/{conversation.id}/messages")
    last = page.body["items"][-1]
    assert (last["id"], last["text"], last["author"]) == (told.id, "closed by the timer", "")


async def test_typing_is_passed_on_but_not_too_often(desk: Desk, servicebus: ServiceBus) -> None:
    conversation = await desk.opened(**somebody(CUSTOM))
    told = [await act(desk, conversation, "typing") for _ in range(3)]
    assert [one.status for one in told] == [202, 202, 202]
    await act(desk, conversation, "accept")
    outbound = await queued(servicebus, "outbound-custom", conversation, 2)
    assert [one.event for one in outbound] == [Event.TYPING, Event.ACCEPTED]
    page = await desk.call("GET", f"conversations/{conversation.id}/messages")
    assert [one["kind"] for one in page.body["items"]] == ["message", "state"]


async def test_a_note_is_for_agents_and_never_goes_out(desk: Desk, servicebus: ServiceBus) -> None:
    conversation = await desk.opened(**somebody(CUSTOM))
    first, again = [
        await act(desk, conversation, "notes", {"text": "VIP"}, idempotency_key="n") for _ in range(2)
    ]
    assert (first.status, again.status, first.body) == (201, 200, again.body)
    assert (first.body["kind"], first.body["direction"], first.body["delivery"]) == ("note", "system", None)
    location = first.headers["location"].removeprefix("/api/")
    assert (await desk.call("GET", location)).body == first.body
    # What goes out is what follows it.
    await act(desk, conversation, "messages", {"text": "hei"}, idempotency_key="k")
    told = await queued(servicebus, "outbound-custom", conversation, 2)
    assert "VIP" not in "".join(one.json_text() for one in told)
    page = await desk.call("GET", f"conversations/{conversation.id}/messages")
    assert [one["kind"] for one in page.body["items"]] == ["message", "note", "state", "message"]


@pytest.mark.parametrize("body", [{}, {"text": " \n"}, {"text": "x" * 20_001}, {"text": "x", "to": "y"}])
async def test_a_note_has_a_text(desk: Desk, body: dict[str, str]) -> None:
    conversation = await desk.opened()
    assert (await act(desk, conversation, "notes", body, idempotency_key="k")).status == 400


async def test_a_note_needs_a_key(desk: Desk) -> None:
    refused = await act(desk, await desk.opened(), "notes", {"text": "x"})
    assert refused.status == 400
    assert "Idempotency-Key" in refused.body["detail"]


@pytest.mark.parametrize("what", ["accept", "end", "close", "typing", "notes"])
async def test_nobody_acts_without_a_role(desk: Desk, what: str) -> None:
    conversation = await desk.opened()
    body = {"close": {}, "notes": {"text": "x"}}.get(what)
    assert (await act(desk, conversation, what, body, role=None)).status == 401  # type: ignore[arg-type]
    assert (await desk.call("GET", f"conversations/{conversation.id}")).body["state"] == "open"
