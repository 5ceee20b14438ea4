"""Finding conversations: inbox, linked records, and the timer that closes what rests."""

import asyncio
from datetime import timedelta

import pytest

from functions.conversations.indexes import SPREAD
from functions.conversations.model import Conversation, Link, Relation, State
from functions.errors import Conflict, Invalid, NotFound
from functions.message import Kind, digest
from functions.ports import Entity, Op, Write
from tests.conversations.kit import CONTACT, World, opening

CASE = Link(entity="incident", id="i1", relation=Relation.REGARDING)


async def several(world: World, count: int) -> list[Conversation]:
    """Conversations of different customers, the newest last."""
    made: list[Conversation] = []
    for n in range(count):
        world.later(seconds=1)
        received = await world.receive(world.item("1", thread=f"{world.thread}-{n}"))
        made += received.opened
    return made


async def listed(world: World, state: State, limit: int = 100) -> list[str]:
    found: list[str] = []
    cursor = None
    while True:
        page = await world.threads.inbox("care", state, cursor, limit)
        assert len(page.items) <= limit
        found += [item.id for item in page.items]
        if not (cursor := page.cursor):
            return found


async def rows(world: World, state: State) -> int:
    parts = [await world.tables["inbox"].range(f"care:{state}:{part}") for part in range(SPREAD)]
    return sum(len(part) for part in parts)


async def test_an_inbox_is_listed_newest_first_page_by_page(world: World) -> None:
    made = [conversation.id for conversation in await several(world, 9)]
    assert await listed(world, State.OPEN) == made[::-1]
    assert await listed(world, State.OPEN, limit=2) == made[::-1]
    assert await listed(world, State.OPEN, limit=3) == made[::-1]


async def test_a_conversation_is_in_the_inbox_of_its_state_only(world: World) -> None:
    one, two = await several(world, 2)
    await world.threads.transition(one.id, State.ACTIVE, agent="liisa")
    assert await listed(world, State.OPEN) == [two.id]
    assert await listed(world, State.ACTIVE) == [one.id]
    assert (await rows(world, State.OPEN), await rows(world, State.ACTIVE)) == (1, 1)


async def test_an_agent_finds_what_they_have_wherever_it_is(world: World) -> None:
    one, two = await several(world, 2)
    world.goes_to("sales")
    world.later(seconds=1)
    [three] = (await world.receive(world.item("1", thread=f"{world.thread}-sales"))).opened
    for conversation in (one, two, three):
        await world.threads.accept(conversation.id, "liisa")

    async def of(agent: str) -> list[str]:
        kept = await world.tables["inbox"].range(digest("agent", agent))  # before the list drops any
        page = await world.threads.of_agent(agent, None, 10)
        assert len(kept) == len(page.items), "what is over leaves no row"
        return [item.id for item in page.items]

    assert await of("liisa") == [three.id, two.id, one.id]
    await world.threads.transition(one.id, State.CLOSED, agent="liisa")
    await world.threads.transition(two.id, State.WRAP_UP, agent="liisa")
    await world.threads.transfer(three.id, "gold", agent="liisa")
    assert (await of("liisa"), await of("maija")) == ([two.id], [])
    await world.threads.accept(three.id, "maija")
    assert (await of("liisa"), await of("maija")) == ([two.id], [three.id])


async def test_who_had_it_is_erased_with_it(world: World) -> None:
    [conversation] = await several(world, 1)
    held = (await world.threads.accept(conversation.id, "liisa")).conversation
    assert await world.tables["inbox"].range(digest("agent", "liisa"))
    await world.threads.indexes.erase(held)
    assert await world.tables["inbox"].range(digest("agent", "liisa")) == []


async def test_stale_rows_are_dropped_and_good_pages_stay_full(world: World) -> None:
    made = await several(world, 6)
    for conversation in made[2:5]:
        hint = Entity(f"care:waiting:{0}", f"{1:013d}:{conversation.id}", {})
        await world.tables["inbox"].commit([Op(Write.UPSERT, hint)])
    assert await listed(world, State.WAITING, limit=2) == []
    assert await rows(world, State.WAITING) == 0
    assert len(await listed(world, State.OPEN, limit=4)) == 6


@pytest.mark.parametrize("cursor", ["%%%", "bm9uc2Vuc2U", "4pi6"])
async def test_a_foreign_cursor_is_refused(world: World, cursor: str) -> None:
    [conversation] = await several(world, 1)
    with pytest.raises(Invalid):
        await world.threads.inbox("care", State.OPEN, cursor, 10)
    with pytest.raises(Invalid):
        await world.threads.messages(conversation.id, cursor, 10)


async def test_a_records_conversations_follow_its_links(world: World) -> None:
    world.opening = opening(links=(CONTACT,))
    one, two = await several(world, 2)
    linked = await world.threads.link(two.id, CASE)
    assert linked.links == (CONTACT, CASE)
    assert await world.threads.link(two.id, CASE) == linked

    async def of(entity: str, record: str) -> list[str]:
        page = await world.threads.of_record(entity, record, None, 10)
        return [item.id for item in page.items]

    assert await of("contact", "c1") == [two.id, one.id]
    assert await of("incident", "i1") == [two.id]
    assert (await world.threads.unlink(two.id, "incident", "i1")).links == (CONTACT,)
    assert await of("incident", "i1") == []
    await world.threads.transition(one.id, State.CLOSED, agent="liisa")
    assert await of("contact", "c1") == [two.id, one.id]


async def test_an_illegal_transition_names_both_states(world: World) -> None:
    [conversation] = await several(world, 1)
    with pytest.raises(Conflict, match="from open to wrapUp"):
        await world.threads.transition(conversation.id, State.WRAP_UP, agent="liisa")
    moved = await world.threads.transition(conversation.id, State.CLOSED, agent="liisa", reason="spam")
    closed = moved.conversation
    assert (closed.state_reason, closed.closed_at, closed.close_after) == ("spam", world.now, None)
    again = await world.threads.transition(conversation.id, State.CLOSED, agent="liisa")
    assert (again.conversation, again.message) == (closed, None)
    with pytest.raises(NotFound):
        await world.threads.transition(f"{conversation.id[:-1]}9", State.CLOSED, agent="liisa")


async def test_the_timer_closes_what_rested_and_nothing_else(world: World) -> None:
    one, two, three = await several(world, 3)
    await world.threads.transition(two.id, State.ACTIVE, agent="liisa")
    await world.threads.transition(two.id, State.WAITING, agent="liisa")
    start = world.now
    world.now = start + timedelta(hours=23)
    assert await world.close_idle() == 0
    world.now = start + timedelta(days=1, minutes=1)
    assert await world.close_idle() == 1
    closed = await world.threads.conversation(two.id)
    assert (closed.state, closed.state_reason) == (State.CLOSED, "closed by the timer")
    assert await listed(world, State.WAITING) == []
    world.now = start + timedelta(days=29)
    await world.receive(world.item("late", thread=three.thread))
    world.now = start + timedelta(days=30, minutes=1)
    assert await world.close_idle() == 1
    assert (await world.threads.conversation(one.id)).state is State.CLOSED
    assert (await world.threads.conversation(three.id)).state is State.OPEN
    world.now = start + timedelta(days=59, minutes=1)
    assert await world.close_idle() == 1
    assert await world.close_idle() == 0


async def test_the_timer_forgets_what_it_has_dealt_with(world: World) -> None:
    [conversation] = await several(world, 1)
    await world.threads.transition(conversation.id, State.CLOSED, agent="liisa")
    world.later(days=31)
    assert await world.close_idle() == 0
    world.tables["due"].taken()
    world.tables["threads"].taken()
    await world.close_idle()
    assert world.tables["threads"].taken() == (0, 0)
    assert world.tables["due"].taken() == (1 + 4, 1)


async def test_two_timers_at_once_close_each_conversation_once(world: World) -> None:
    made = await several(world, 5)
    world.later(days=31)
    other = world.another()
    counts = await asyncio.gather(world.close_idle(), world.close_idle(other))
    assert sum(counts) == 5
    assert await listed(world, State.CLOSED) == [conversation.id for conversation in made[::-1]]


async def test_a_call_that_nobody_ends_goes_to_wrap_up_first(world: World) -> None:
    call = (await world.receive(world.item("1", channel="voice"))).opened[0]
    await world.threads.transition(call.id, State.ACTIVE, agent="liisa")
    world.later(hours=2, minutes=1)
    assert await world.close_idle() == 1
    assert (await world.threads.conversation(call.id)).state is State.WRAP_UP
    world.later(days=1, minutes=1)
    assert await world.close_idle() == 1
    assert (await world.threads.conversation(call.id)).state is State.CLOSED


async def test_a_quiet_conversation_is_closed_by_the_timer_too(world: World) -> None:
    quiet = (await world.receive(world.item("1", Kind.JOINED))).conversation
    assert quiet
    world.later(days=31)
    assert await world.close_idle() == 1
    assert (await world.receive(world.item("2"))).opened[0].id != quiet.id
