"""Agents hand conversations on: to another agent queue, whose agents find and take them there."""

from typing import Any
from uuid import uuid4

import pytest

from functions.conversations.model import Conversation, State
from functions.message import Address
from tests.desk.kit import Desk, Told
from tests.desk.test_agents import agent


async def transfer(desk: Desk, conversation: Conversation, body: Any) -> Told:
    return await desk.call("POST", f"conversations/{conversation.id}/transfer", body)


async def history(desk: Desk, conversation: Conversation) -> list[tuple[str, str, str]]:
    page = await desk.call("GET", f"conversations/{conversation.id}/messages")
    return [
        (one["payload"], one["text"], one["author"]) for one in page.body["items"] if one["kind"] == "state"
    ]


async def inbox(desk: Desk, query: str) -> set[str]:
    """Read an inbox to its last page, a short one at a time."""
    found, cursor = set[str](), ""
    while True:
        page = await desk.call("GET", "conversations", query=f"workstream=service&limit=3&{query}{cursor}")
        found |= {one["id"] for one in page.body["items"]}
        if page.body["cursor"] is None:
            return found
        cursor = f"&cursor={page.body['cursor']}"


async def test_a_transferred_conversation_waits_in_the_other_queue_until_it_is_taken(desk: Desk) -> None:
    conversation = await desk.opened()
    await desk.call("POST", f"conversations/{conversation.id}/accept")
    told = await transfer(desk, conversation, {"agentQueue": "damage", "reason": "a broken jar"})
    assert (told.status, told.body["state"], told.body["agent"]) == (200, "open", "")
    assert told.body["agentQueue"] == "damage"
    assert conversation.id in await inbox(desk, "state=open&agentQueue=damage")
    assert conversation.id not in await inbox(desk, "state=open&agentQueue=service")
    taken = await desk.call("POST", f"conversations/{conversation.id}/accept", authorization=agent("maija"))
    assert (taken.body["agent"], taken.body["agentQueue"]) == ("maija", "damage")
    assert await history(desk, conversation) == [
        ("active", "an agent took it", "agent-7"),
        ("open", "transferred to the agent queue damage: a broken jar", "agent-7"),
        ("active", "an agent took it", "maija"),
    ]


async def test_one_that_nobody_took_yet_is_transferred_too_and_once_if_repeated(desk: Desk) -> None:
    conversation = await desk.opened()
    for _ in range(2):
        told = await transfer(desk, conversation, {"agentQueue": "gold"})
        assert (told.status, told.body["agentQueue"]) == (200, "gold")
    assert await history(desk, conversation) == [("open", "transferred to the agent queue gold", "agent-7")]


async def test_it_stays_in_its_queue_when_the_customer_writes_again(desk: Desk) -> None:
    conversation = await desk.opened()
    await transfer(desk, conversation, {"agentQueue": "gold"})
    who = conversation.customer.id
    again = await desk.opened(thread=conversation.thread, sender=Address(id=who, phone=who), text="lasku")
    assert (again.id, again.agent_queue, again.messages) == (conversation.id, "gold", 3)


async def test_an_agent_finds_their_own(desk: Desk) -> None:
    mine, theirs, name = await desk.opened(), await desk.opened(), f"agent-{uuid4().hex}"
    for one, who in ((mine, name), (theirs, "somebody")):
        await desk.call("POST", f"conversations/{one.id}/accept", authorization=agent(who))
    assert await inbox(desk, f"state=active&agent={name}") == {mine.id}


@pytest.mark.parametrize(
    ("state", "body", "status", "reason"),
    [
        (State.OPEN, {"agentQueue": "nobody"}, 400, "there is no agent queue 'nobody'"),
        (State.OPEN, {}, 400, "agentQueue: Field required"),
        (State.CLOSED, {"agentQueue": "gold"}, 409, "in the state closed goes to no other agent queue"),
    ],
)
async def test_what_cannot_be_transferred_is_refused(
    desk: Desk, state: State, body: Any, status: int, reason: str
) -> None:
    conversation = await desk.opened()
    if state is not State.OPEN:
        await desk.call("POST", f"conversations/{conversation.id}/state", {"state": state})
    told = await transfer(desk, conversation, body)
    assert told.status == status
    assert reason in told.body["detail"]


async def test_a_call_that_was_answered_stays_with_its_agent(desk: Desk) -> None:
    call = await desk.opened(channel="voice", account="voice-twilio")
    await desk.call("POST", f"conversations/{call.id}/accept")
    told = await transfer(desk, call, {"agentQueue": "gold"})
    assert (told.status, told.body["detail"]) == (409, "a call stays with the agent who answered it")


HOURS = """
version: 1
workstreams: [{id: care, name: Care, agentQueue: day}]
agentQueues: [{id: day, hours: always}, {id: night, name: Night, hours: never}, {id: any}]
operatingHours:
  - {id: never, timezone: UTC, open: []}
  - id: always
    timezone: UTC
    open: [{days: [mon, tue, wed, thu, fri, sat, sun], from: 00:00, until: 00:00}]
"""


async def test_agents_learn_which_inboxes_and_queues_there_are(blank: Desk) -> None:
    await blank.services.configurations.apply(HOURS, "tests")
    streams = await blank.call("GET", "workstreams")
    assert streams.body["items"] == [{"id": "care", "name": "Care", "agentQueue": "day"}]
    queues = (await blank.call("GET", "agent-queues")).body["items"]
    assert {one["id"]: one["open"] for one in queues} == {"day": True, "night": False, "any": True}
