"""What a follower of a conversation hears of, and how little is read for it."""

import pytest

from functions.conversations.following import Known
from functions.conversations.model import Conversation, State
from functions.conversations.threads import Draft
from functions.errors import Invalid, NotFound
from functions.message import Delivery, Kind
from tests.conversations.kit import World


async def opened(world: World) -> Conversation:
    return (await world.receive(world.item("1"))).opened[0]


class Follower:
    """Follows a conversation; its mark goes through text each time, as over HTTP."""

    def __init__(self, world: World, conversation: str) -> None:
        self.world, self.conversation = world, conversation
        self.mark, self.typing = "", False

    async def hears(self) -> list[tuple[int, str]]:
        look = await self.world.threads.look(self.conversation, Known.read(self.mark))
        self.mark, self.typing = str(look.known), look.known.typing
        return [(item.sequence, item.delivery or item.text) for item in look.items]


async def test_what_is_new_is_heard_once(world: World) -> None:
    follower = Follower(world, (await opened(world)).id)
    assert await follower.hears() == [(1, "text of 1")]
    assert await follower.hears() == []
    await world.receive(world.item("2"), world.item("3"))
    assert await follower.hears() == [(2, "text of 2"), (3, "text of 3")]
    await world.threads.accept(follower.conversation, "liisa")
    await world.threads.note(follower.conversation, "muista", key="n", agent="liisa")
    assert await follower.hears() == [(4, "an agent took it"), (5, "muista")]
    assert await follower.hears() == []


async def test_how_far_a_reply_has_come_is_heard(world: World) -> None:
    follower = Follower(world, (await opened(world)).id)
    reply = await world.threads.reply(follower.conversation, Draft(text="Hei!"), key="k", agent="liisa")
    await follower.hears()
    await world.threads.attempt(reply.message.id, world.now)
    assert await follower.hears() == []
    await world.threads.sent(reply.message.id, ["SM1"])
    await world.receive(world.item("2"))
    assert await follower.hears() == [(3, "sent"), (4, "text of 2")]
    await world.receive(world.receipt("r1", Delivery.DELIVERED, "SM1"))
    assert await follower.hears() == [(3, "delivered")]
    await world.receive(world.receipt("r2", Delivery.READ, watermark=world.now))
    assert await follower.hears() == [(3, "read")]


async def test_changes_of_the_last_messages_are_heard_and_of_older_ones_not(world: World) -> None:
    conversation = await opened(world)
    follower = Follower(world, conversation.id)
    await world.receive(*(world.item(str(n)) for n in range(2, 31)))
    assert len(await follower.hears()) == 30
    world.later(minutes=1)
    await world.receive(
        world.item("e1", Kind.EDIT, target="10", text="too old"),
        world.item("e2", Kind.EDIT, target="11", text="better"),
        world.item("r1", Kind.REACTION, target="30", text="👍"),
    )
    assert await follower.hears() == [(11, "better"), (30, "text of 30")]
    assert await follower.hears() == []


async def test_a_long_conversation_is_read_in_pieces(world: World) -> None:
    conversation = await opened(world)
    await world.receive(*(world.item(str(n)) for n in range(2, 301)))
    follower = Follower(world, conversation.id)
    seen: list[int] = []
    while heard := await follower.hears():
        seen += [sequence for sequence, _ in heard]
    assert seen == list(range(1, 301))


async def test_an_echo_that_was_ours_is_taken_away_again(world: World) -> None:
    follower = Follower(world, (await opened(world)).id)
    reply = await world.threads.reply(follower.conversation, Draft(text="Hei!"), key="k", agent="liisa")
    await world.receive(world.item("mid.1", Kind.ECHO, text="Hei"))
    assert [sequence for sequence, _ in await follower.hears()] == [1, 2, 3, 4]
    await world.threads.sent(reply.message.id, ["mid.1"])
    look = await world.threads.look(follower.conversation, Known.read(follower.mark))
    assert [(item.sequence, item.kind) for item in look.items] == [(3, "message"), (4, "copy")]
    late = Follower(world, follower.conversation)
    assert [sequence for sequence, _ in await late.hears()] == [1, 2, 3]


async def test_the_customers_typing_lasts_five_seconds_or_until_they_write(world: World) -> None:
    conversation = await opened(world)
    follower = Follower(world, conversation.id)
    session = world.item("1").session
    world.later(seconds=1)
    await world.threads.typing(session, "agent")
    await follower.hears()
    assert not follower.typing
    await world.threads.typing(session, "customer")
    await follower.hears()
    assert follower.typing
    world.later(seconds=5)
    await follower.hears()
    assert not follower.typing
    await world.threads.typing(session, "customer")
    world.later(seconds=1)
    await world.receive(world.item("2"))
    assert await follower.hears() == [(2, "text of 2")]
    assert not follower.typing


async def test_a_former_conversation_is_not_mixed_with_the_next(world: World) -> None:
    first = await opened(world)
    await world.threads.transition(first.id, State.CLOSED, agent="liisa")
    follower = Follower(world, first.id)
    second = (await world.receive(world.item("2"))).opened[0]
    assert [sequence for sequence, _ in await follower.hears()] == [1, 2]
    await world.receive(world.item("3", Kind.OPT_OUT, text="STOP"))
    assert await follower.hears() == []
    assert [text for _, text in await Follower(world, second.id).hears()] == ["text of 2", "STOP"]


async def test_a_look_is_two_reads(world: World) -> None:
    follower = Follower(world, (await opened(world)).id)
    await follower.hears()
    world.tables["threads"].taken()
    await follower.hears()
    assert world.tables["threads"].taken() == (2, 0)


@pytest.mark.parametrize("mark", ["x", "1", "1-2-", "1-0-abc", "1-0-" + "a" * 12, "1-0-\n", "-1-0-"])
async def test_a_mark_of_somebody_else_is_refused(mark: str) -> None:
    with pytest.raises(Invalid, match="mark"):
        Known.read(mark)


async def test_a_conversation_that_is_not_there_is_not_followed(world: World) -> None:
    conversation = await opened(world)
    for unknown in (f"{conversation.id[:-1]}2", f"{'0' * 32}-000001", "nonsense"):
        with pytest.raises(NotFound):
            await world.threads.look(unknown, Known())
