"""Many writers of one thread: nothing is lost, nothing is doubled, no number is skipped."""

import asyncio

from functions.conversations.model import STATE, State
from functions.conversations.threads import Draft, Moved
from functions.errors import Conflict
from functions.message import Delivery
from tests.conversations.kit import World


async def test_receives_and_replies_at_once_lose_nothing(world: World) -> None:
    conversation = (await world.receive(world.item("0"))).opened[0]
    await asyncio.gather(
        *(world.receive(world.item(f"in{n}"), world.item(f"in{n}b")) for n in range(8)),
        *(
            world.threads.reply(conversation.id, Draft(text=f"out{n}"), key=f"k{n}", agent="liisa")
            for n in range(8)
        ),
    )
    page = await world.threads.messages(conversation.id, None, 100)
    assert [message.sequence for message in page.items] == list(range(1, 27))
    assert len({message.text for message in page.items if message.kind != STATE}) == 25
    assert [message.payload for message in page.items if message.kind == STATE] == [State.ACTIVE]
    found = await world.threads.conversation(conversation.id)
    assert (found.messages, found.state, found.agent) == (26, State.ACTIVE, "liisa")


async def test_one_batch_delivered_many_times_at_once_is_stored_once(world: World) -> None:
    batch = [world.item(str(n)) for n in range(4)]
    received = await asyncio.gather(*(world.receive(*batch) for _ in range(8)))
    assert sum(len(one.stored) for one in received) == 4
    assert sum(one.duplicates for one in received) == 28
    assert sum(len(one.opened) for one in received) == 1
    assert len({one.conversation.id for one in received if one.conversation}) == 1


async def test_one_reply_requested_many_times_at_once_is_recorded_once(world: World) -> None:
    conversation = (await world.receive(world.item("0"))).opened[0]
    replies = await asyncio.gather(
        *(world.threads.reply(conversation.id, Draft(text="Hei!"), key="k", agent="liisa") for _ in range(8))
    )
    assert sum(reply.created for reply in replies) == 1
    assert len({reply.message.id for reply in replies}) == 1


async def test_answer_receipts_and_replies_at_once_agree(world: World) -> None:
    conversation = (await world.receive(world.item("0"))).opened[0]
    sent = (await world.threads.reply(conversation.id, Draft(text="Hei!"), key="k", agent="liisa")).message
    states = (Delivery.SENT, Delivery.READ, Delivery.DELIVERED)
    await asyncio.gather(
        world.threads.sent(sent.id, ["SM1"]),
        *(world.receive(world.receipt(f"r{state}", state, "SM1")) for state in states),
        *(world.receive(world.item(f"in{n}")) for n in range(3)),
    )
    assert (await world.threads.message(sent.id)).delivery is Delivery.READ


async def test_agents_and_the_customer_move_the_state_at_once(world: World) -> None:
    conversation = (await world.receive(world.item("0"))).opened[0]
    await world.threads.transition(conversation.id, State.ACTIVE, agent="liisa")
    await asyncio.gather(
        world.threads.transition(conversation.id, State.WAITING, agent="liisa"),
        *(world.receive(world.item(f"in{n}")) for n in range(4)),
    )
    found = await world.threads.conversation(conversation.id)
    inboxes = {
        state: [item.id for item in (await world.threads.inbox("care", state, None, 9)).items]
        for state in State
    }
    assert inboxes == {state: [conversation.id] if state is found.state else [] for state in State}
    page = await world.threads.messages(conversation.id, None, 100)
    states = [message.payload for message in page.items if message.kind == STATE]
    assert states[:2] == [State.ACTIVE, State.WAITING]
    assert states[-1] == found.state


async def test_of_two_agents_who_accept_at_once_one_has_it(world: World) -> None:
    conversation = (await world.receive(world.item("0"))).opened[0]
    agents = [f"agent{n}" for n in range(5)]
    results = await asyncio.gather(
        *(world.threads.accept(conversation.id, agent) for agent in agents), return_exceptions=True
    )
    found = await world.threads.conversation(conversation.id)
    won = [agent for agent, result in zip(agents, results, strict=True) if isinstance(result, Moved)]
    assert won == [found.agent]
    assert sum(isinstance(result, Conflict) for result in results) == 4
    page = await world.threads.messages(conversation.id, None, 100)
    assert [(message.kind, message.author) for message in page.items[1:]] == [(STATE, found.agent)]
