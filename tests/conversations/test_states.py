"""A conversation's own history, in its place among the messages, and the news of it that go out."""

import pytest

from functions.conversations.feed import Mark
from functions.conversations.model import NOTE, STATE, Direction, State, StoredMessage
from functions.conversations.threads import Draft
from functions.errors import Conflict
from functions.message import Delivery, Event, Inbound, Kind
from tests.conversations.kit import World

HELLO = Draft(text="Hei!")


def chat(world: World, event: str, kind: Kind = Kind.MESSAGE) -> Inbound:
    return world.item(event, kind, channel="chat", provider="directline")


def custom(world: World, event: str) -> Inbound:
    """A message of a channel whose customers' side is told of everything."""
    return world.item(event, channel="custom", provider="webhook")


async def history(world: World, conversation: str) -> list[tuple[int, str, str]]:
    page = await world.threads.messages(conversation, None, 100)
    return [(message.sequence, message.kind, message.payload or message.text) for message in page.items]


async def stored(world: World, conversation: str, sequence: int) -> StoredMessage:
    return await world.threads.message(f"{conversation}-{sequence:08d}")


async def test_a_transition_is_a_message_in_its_place(world: World) -> None:
    opened = (await world.receive(world.item("1"))).opened[0]
    moved = await world.threads.transition(opened.id, State.ACTIVE, agent="liisa")
    await world.receive(world.item("2"))
    await world.threads.transition(opened.id, State.CLOSED, agent="liisa", reason="solved")
    assert await history(world, opened.id) == [
        (1, "message", "text of 1"),
        (2, STATE, "active"),
        (3, "message", "text of 2"),
        (4, STATE, "closed"),
    ]
    assert moved.message == await stored(world, opened.id, 2)
    closed = await stored(world, opened.id, 4)
    assert (closed.direction, closed.author, closed.text) == (Direction.SYSTEM, "liisa", "solved")
    assert (closed.received_at, closed.delivery) == (world.now, None)
    assert (await world.threads.conversation(opened.id)).messages == 4


async def test_a_repeated_transition_stores_nothing(world: World) -> None:
    opened = (await world.receive(world.item("1"))).opened[0]
    for _ in range(3):
        moved = await world.threads.accept(opened.id, "liisa")
    assert (moved.message, moved.news) == (None, None)
    for _ in range(2):
        await world.threads.transition(opened.id, State.CLOSED, agent="liisa")
    assert [payload for _, kind, payload in await history(world, opened.id) if kind == STATE] == [
        "active",
        "closed",
    ]


async def test_a_transition_is_one_read_and_one_transaction(world: World) -> None:
    opened = (await world.receive(world.item("1"))).opened[0]
    world.tables["threads"].taken()
    await world.threads.accept(opened.id, "liisa")
    # The other read is the index's, which looks whether the conversation has left its former inbox.
    assert world.tables["threads"].taken() == (2, 1)
    assert world.tables["threads"].commits == []


async def test_a_reply_takes_the_conversation_and_says_so_first(world: World) -> None:
    opened = (await world.receive(custom(world, "1"))).opened[0]
    replied = await world.threads.reply(opened.id, HELLO, key="k", agent="liisa")
    assert [kind for _, kind, _ in await history(world, opened.id)] == ["message", STATE, "message"]
    assert replied.news
    assert (replied.news.event, replied.news.text) == (Event.ACCEPTED, "")
    assert replied.news.id == f"{opened.id}-00000002"
    assert replied.news.session == replied.outbound.session
    again = await world.threads.reply(opened.id, HELLO, key="k", agent="liisa")
    assert again.news == replied.news
    await world.threads.sent(replied.news.id, [])
    assert (await world.threads.reply(opened.id, HELLO, key="k", agent="liisa")).news is None
    assert (await world.threads.reply(opened.id, HELLO, key="next", agent="liisa")).news is None


async def test_news_go_out_again_until_they_are_sent(world: World) -> None:
    opened = (await world.receive(custom(world, "1"))).opened[0]
    first, again = [await world.threads.accept(opened.id, "liisa") for _ in range(2)]
    assert first.news
    assert first.news == again.news
    assert (await stored(world, opened.id, 2)).delivery is Delivery.QUEUED
    await world.threads.sent(first.news.id, [])
    assert (await world.threads.accept(opened.id, "liisa")).news is None
    ended = await world.threads.transition(opened.id, State.WRAP_UP, agent="liisa")
    closed = await world.threads.transition(opened.id, State.CLOSED, agent="liisa")
    assert [moved.news.event for moved in (ended, closed) if moved.news] == [Event.ENDED, Event.CLOSED]


async def test_a_channel_that_does_not_carry_news_gets_none(world: World) -> None:
    opened = (await world.receive(world.item("1"))).opened[0]
    moved = await world.threads.accept(opened.id, "liisa")
    assert moved.message
    assert (moved.news, moved.message.delivery) == (None, None)


async def test_what_the_customer_does_comes_before_what_it_brings(world: World) -> None:
    opened = (await world.receive(world.item("1"))).opened[0]
    await world.threads.accept(opened.id, "liisa")
    await world.threads.transition(opened.id, State.WAITING, agent="liisa")
    received = await world.receive(world.item("2"), world.item("3"))
    assert [message.kind for message in received.stored] == ["message", STATE, "message"]
    assert [item for item in await history(world, opened.id) if item[0] > 3] == [
        (4, "message", "text of 2"),
        (5, STATE, "open"),
        (6, "message", "text of 3"),
    ]


async def test_who_leaves_a_chat_is_not_told_of_it(world: World) -> None:
    opened = (await world.receive(chat(world, "1"))).opened[0]
    received = await world.receive(chat(world, "2", Kind.LEFT))
    assert [(message.kind, message.payload) for message in received.stored] == [
        ("left", ""),
        (STATE, State.CLOSED),
    ]
    assert received.stored[1].delivery is None
    again = await world.receive(chat(world, "2", Kind.LEFT))
    assert (again.stored, len(await history(world, opened.id))) == ((), 3)


async def test_the_timers_close_is_told_and_told_again_when_it_was_cut_off(world: World) -> None:
    opened = (await world.receive(custom(world, "1"))).opened[0]
    world.later(days=31)

    async def broken(_: object) -> None:
        raise ConnectionError("the process ends here")

    with pytest.raises(ConnectionError):
        await world.threads.close_idle(world.now, broken)
    assert await world.close_idle() == 0  # it is closed already; what was not sent is sent now
    [news] = world.sent
    assert (news.event, news.id) == (Event.CLOSED, f"{opened.id}-00000002")
    assert await history(world, opened.id) == [(1, "message", "text of 1"), (2, STATE, "closed")]
    await world.close_idle()
    assert world.sent == [news]


async def test_a_chat_that_nobody_took_is_seen_to_close_where_its_customer_reads(world: World) -> None:
    opened = (await world.receive(chat(world, "1"))).opened[0]
    world.later(minutes=21)
    assert await world.close_idle() == 1
    assert [news.event for news in world.sent] == [Event.CLOSED]
    feed = await world.threads.feed(world.item("1").model_copy(update={"channel": "chat"}).session, Mark())
    last = feed.messages[-1]
    assert (last.kind, last.payload, last.text) == (STATE, State.CLOSED, "closed by the timer")
    assert last.conversation == opened.id


async def test_another_agent_does_not_get_what_one_has(world: World) -> None:
    opened = (await world.receive(world.item("1"))).opened[0]
    await world.threads.accept(opened.id, "liisa")
    with pytest.raises(Conflict, match="another agent"):
        await world.threads.accept(opened.id, "maija")
    await world.threads.transition(opened.id, State.WAITING, agent="liisa")
    with pytest.raises(Conflict, match="another agent"):
        await world.threads.accept(opened.id, "maija")
    resumed = await world.threads.accept(opened.id, "liisa")
    assert resumed.conversation.state is State.ACTIVE
    await world.threads.transition(opened.id, State.OPEN, agent="liisa")
    assert (await world.threads.accept(opened.id, "maija")).conversation.agent == "maija"


async def test_a_note_is_kept_once_and_not_in_a_closed_conversation(world: World) -> None:
    opened = (await world.receive(world.item("1"))).opened[0]
    first, new = await world.threads.note(opened.id, "soitti myös", key="n", agent="liisa")
    again, newer = await world.threads.note(opened.id, "soitti myös", key="n", agent="liisa")
    assert (again, new, newer) == (first, True, False)
    assert (first.kind, first.direction, first.delivery) == (NOTE, Direction.SYSTEM, None)
    with pytest.raises(Conflict, match="idempotency-key"):
        await world.threads.note(opened.id, "muuta", key="n", agent="liisa")
    with pytest.raises(Conflict, match="idempotency-key"):
        await world.threads.reply(opened.id, Draft(text="soitti myös"), key="n", agent="liisa")
    await world.threads.transition(opened.id, State.CLOSED, agent="liisa")
    assert await world.threads.note(opened.id, "soitti myös", key="n", agent="liisa") == (first, False)
    with pytest.raises(Conflict, match="closed"):
        await world.threads.note(opened.id, "myöhässä", key="m", agent="liisa")


async def test_the_agent_is_not_seen_typing_more_often_than_it_helps(world: World) -> None:
    opened = (await world.receive(custom(world, "1"))).opened[0]
    first = await world.threads.agent_types(opened.id)
    assert first
    assert (first.event, first.recipient) == (Event.TYPING, "+358401")
    world.later(seconds=2)
    assert await world.threads.agent_types(opened.id) is None
    world.later(seconds=2)
    second = await world.threads.agent_types(opened.id)
    assert second
    assert first.id != second.id
    await world.threads.transition(opened.id, State.CLOSED, agent="liisa")
    with pytest.raises(Conflict, match="closed"):
        await world.threads.agent_types(opened.id)
    assert [kind for _, kind, _ in await history(world, opened.id)] == ["message", STATE]
