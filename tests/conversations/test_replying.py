"""Replies: recorded once, sent, and how far they came."""

import pytest

from functions.conversations.model import Conversation, Direction, State, StoredMessage
from functions.conversations.threads import Draft
from functions.errors import Conflict, Invalid, NotFound, TooLarge
from functions.message import Attachment, AttachmentKind, Choice, Delivery, Kind, Tag
from tests.conversations.kit import World

HELLO = Draft(text="Hei!", choices=(Choice(title="A", payload="a"),), tag=Tag.HUMAN_AGENT)
PHOTO = Attachment(kind=AttachmentKind.IMAGE, url="https://files.example.com/1.jpg")


async def opened(world: World) -> Conversation:
    return (await world.receive(world.item("1"))).opened[0]


async def replied(
    world: World, text: str = "Hei!", attachments: tuple[Attachment, ...] = ()
) -> StoredMessage:
    conversation, draft = await opened(world), Draft(text=text, attachments=attachments)
    return (await world.threads.reply(conversation.id, draft, key="k", agent="liisa")).message


async def read(world: World, message: StoredMessage) -> StoredMessage:
    return await world.threads.message(message.id)


async def test_a_reply_is_recorded_queued_and_takes_the_conversation(world: World) -> None:
    conversation = await opened(world)
    draft = HELLO.model_copy(update={"reply_to": f"{conversation.id}-00000001"})
    world.later(minutes=1)
    reply = await world.threads.reply(conversation.id, draft, key="k", agent="liisa")
    assert reply.created
    assert await read(world, reply.message) == reply.message
    assert (reply.message.delivery, reply.message.sequence) == (Delivery.QUEUED, 3)
    assert reply.message.author == "liisa"
    outbound = reply.outbound
    assert (outbound.id, outbound.text, outbound.choices) == (reply.message.id, "Hei!", HELLO.choices)
    assert (outbound.recipient, outbound.reply_to, outbound.tag) == ("+358401", "1", Tag.HUMAN_AGENT)
    assert outbound.session == world.item("1").session
    found = await world.threads.conversation(conversation.id)
    assert (found.state, found.agent, found.last_activity_at) == (State.ACTIVE, "liisa", world.now)
    assert [item.id for item in (await world.threads.inbox("care", State.ACTIVE, None, 9)).items] == [
        conversation.id
    ]


async def test_a_repeated_key_gives_the_recorded_reply_even_after_the_close(world: World) -> None:
    conversation = await opened(world)
    first = await world.threads.reply(conversation.id, HELLO, key="k", agent="liisa")
    again = await world.threads.reply(conversation.id, HELLO, key="k", agent="liisa")
    assert (again.message, again.outbound, again.created) == (first.message, first.outbound, False)
    await world.threads.transition(conversation.id, State.CLOSED, agent="liisa")
    closed = await world.threads.reply(conversation.id, HELLO, key="k", agent="liisa")
    assert (closed.message, closed.created) == (first.message, False)
    with pytest.raises(Conflict, match="closed"):
        await world.threads.reply(conversation.id, HELLO, key="other", agent="liisa")


async def test_a_key_is_for_one_reply(world: World) -> None:
    conversation = await opened(world)
    await world.threads.reply(conversation.id, HELLO, key="k", agent="liisa")
    with pytest.raises(Conflict, match="idempotency-key"):
        await world.threads.reply(conversation.id, Draft(text="Moi!"), key="k", agent="liisa")
    page = await world.threads.messages(conversation.id, None, 9)
    assert [message.text for message in page.items] == ["text of 1", "an agent took it", "Hei!"]


async def test_what_cannot_be_recorded_is_refused_with_its_reason(world: World) -> None:
    conversation = await opened(world)
    reply = world.threads.reply
    with pytest.raises(Invalid, match="replyTo"):
        await reply(conversation.id, Draft(text="x", reply_to="nonsense"), key="k", agent="liisa")
    elsewhere = f"{'0' * 32}-000001-00000001"
    with pytest.raises(Invalid, match="replyTo"):
        await reply(conversation.id, Draft(text="x", reply_to=elsewhere), key="k", agent="liisa")
    with pytest.raises(TooLarge):
        await reply(conversation.id, Draft(text="x" * 200_000), key="k", agent="liisa")
    for unknown in ("nonsense", f"{'0' * 32}-000001", "", f"{conversation.id}\n"):
        with pytest.raises(NotFound):
            await reply(unknown, HELLO, key="k", agent="liisa")


async def test_a_reply_is_one_read_and_one_transaction(world: World) -> None:
    conversation = await opened(world)
    await world.threads.reply(conversation.id, HELLO, key="1", agent="liisa")
    for counting in world.tables.values():
        counting.taken()
    await world.threads.reply(conversation.id, HELLO, key="2", agent="liisa")
    assert [counting.taken() for counting in world.tables.values()] == [(1, 1), (0, 0), (0, 0), (0, 0)]


async def test_statuses_move_a_sent_message_forward_only(world: World) -> None:
    message = await replied(world)
    await world.threads.attempt(message.id, world.now)
    assert (await read(world, message)).attempted_at == world.now
    await world.threads.sent(message.id, ["SM1"])
    sent = await read(world, message)
    assert (sent.delivery, sent.provider_message_id, sent.parts) == (Delivery.SENT, "SM1", ("SM1",))
    await world.receive(world.receipt("a", Delivery.READ, "SM1"), world.receipt("b", Delivery.SENT, "SM1"))
    await world.receive(world.receipt("c", Delivery.DELIVERED, "SM1"))
    assert (await read(world, message)).delivery is Delivery.READ


async def test_a_failure_keeps_its_code_and_reason(world: World) -> None:
    message = await replied(world)
    await world.threads.sent(message.id, ["SM1"])
    await world.receive(world.receipt("a", Delivery.FAILED, "SM1", code="30003", reason="unreachable"))
    failed = await read(world, message)
    assert (failed.delivery, failed.delivery_code, failed.delivery_reason) == (
        Delivery.FAILED,
        "30003",
        "unreachable",
    )


async def test_a_receipt_that_comes_before_the_answer_is_merged(world: World) -> None:
    message = await replied(world)
    await world.threads.attempt(message.id, world.now)
    await world.receive(world.receipt("a", Delivery.DELIVERED, "SM1"))
    await world.receive(world.receipt("b", Delivery.SENT, "SM1"))
    assert (await read(world, message)).delivery is Delivery.QUEUED
    await world.threads.sent(message.id, ["SM1"])
    assert (await read(world, message)).delivery is Delivery.DELIVERED
    await world.receive(world.receipt("c", Delivery.READ, "SM1"))
    assert (await read(world, message)).delivery is Delivery.READ


async def test_a_message_of_several_calls_is_as_far_as_its_slowest(world: World) -> None:
    message = await replied(world)
    await world.threads.attempt(message.id, world.now)
    await world.threads.part_sent(message.id, "SM1")
    half = await read(world, message)
    assert (half.delivery, half.parts, half.attempted_at) == (Delivery.QUEUED, ("SM1",), None)
    await world.receive(world.receipt("a", Delivery.DELIVERED, "SM1"))
    assert (await read(world, message)).delivery is Delivery.QUEUED
    await world.threads.sent(message.id, ["SM1", "SM2"])
    assert (await read(world, message)).delivery is Delivery.SENT
    await world.receive(world.receipt("b", Delivery.DELIVERED, "SM2"))
    assert (await read(world, message)).delivery is Delivery.DELIVERED


async def test_a_message_whose_rest_failed_stays_failed(world: World) -> None:
    message = await replied(world)
    await world.threads.part_sent(message.id, "SM1")
    await world.threads.failed(message.id, "21610", "stopped")
    await world.receive(world.receipt("a", Delivery.READ, "SM1"))
    failed = await read(world, message)
    assert (failed.delivery, failed.delivery_code) == (Delivery.FAILED, "21610")


async def test_an_attempt_without_effect_is_taken_back(world: World) -> None:
    message = await replied(world)
    await world.threads.attempt(message.id, world.now)
    await world.threads.retry_later(message.id)
    found = await read(world, message)
    assert (found.attempted_at, found.delivery) == (None, Delivery.QUEUED)


async def test_an_uncertain_message_is_settled_by_its_echo(world: World) -> None:
    message = await replied(world)
    await world.threads.uncertain(message.id, "timed out")
    assert (await read(world, message)).delivery is Delivery.UNCERTAIN
    received = await world.receive(world.item("mid.1", Kind.ECHO, target=message.id, text="Hei!"))
    assert received.stored == ()
    settled = await read(world, message)
    assert (settled.delivery, settled.provider_message_id) == (Delivery.SENT, "mid.1")
    assert (settled.delivery_code, settled.delivery_reason) == ("", "")
    await world.receive(world.receipt("a", Delivery.READ, "mid.1"))
    assert (await read(world, message)).delivery is Delivery.READ


async def test_the_echo_of_one_call_says_nothing_of_the_others(world: World) -> None:
    message = await replied(world, attachments=(PHOTO,))
    await world.threads.attempt(message.id, world.now)
    await world.receive(world.item("mid.1", Kind.ECHO, target=message.id, text=message.text))
    found = await read(world, message)
    assert (found.delivery, found.parts) == (Delivery.QUEUED, ("mid.1",))
    await world.threads.sent(message.id, ["mid.1", "mid.2"])
    assert (await world.receive(world.item("mid.2", Kind.ECHO, target=message.id))).stored == ()
    found = await read(world, message)
    assert (found.delivery, found.parts) == (Delivery.SENT, ("mid.1", "mid.2"))


async def test_the_echo_of_a_lone_picture_settles_it(world: World) -> None:
    message = await replied(world, text="", attachments=(PHOTO,))
    await world.threads.uncertain(message.id, "timed out")
    await world.receive(world.item("mid.1", Kind.ECHO, target=message.id))
    assert (await read(world, message)).delivery is Delivery.SENT


@pytest.mark.parametrize("state", [Delivery.SENT, Delivery.DELIVERED, Delivery.FAILED])
async def test_an_uncertain_message_is_settled_by_a_status_with_our_id(world: World, state: Delivery) -> None:
    message = await replied(world)
    await world.threads.uncertain(message.id, "timed out")
    await world.receive(world.receipt("a", state, "wamid.1", ours=message.id, whole=True, code="131026"))
    settled = await read(world, message)
    assert (settled.delivery, settled.parts) == (state, ("wamid.1",))
    assert settled.delivery_code == ("131026" if state is Delivery.FAILED else "")
    await world.receive(world.receipt("b", Delivery.READ, "wamid.1"))
    assert (await read(world, message)).delivery is Delivery.READ


async def test_a_status_may_come_before_the_answer(world: World) -> None:
    message = await replied(world)
    await world.threads.attempt(message.id, world.now)
    await world.receive(world.receipt("a", Delivery.DELIVERED, "wamid.1", ours=message.id, whole=True))
    await world.threads.sent(message.id, ["wamid.1"])
    found = await read(world, message)
    assert (found.delivery, found.parts) == (Delivery.DELIVERED, ("wamid.1",))


async def test_the_status_of_one_call_says_nothing_of_the_others(world: World) -> None:
    message = await replied(world)
    await world.threads.uncertain(message.id, "timed out")
    await world.receive(world.receipt("a", Delivery.DELIVERED, "wamid.1", ours=message.id))
    found = await read(world, message)
    assert (found.delivery, found.parts) == (Delivery.UNCERTAIN, ("wamid.1",))


@pytest.mark.parametrize("ours", ["tracking 7", "0" * 32 + "-000001-00000001"])
async def test_a_status_with_somebody_elses_word_waits_for_its_message(world: World, ours: str) -> None:
    message = await replied(world)
    await world.receive(world.receipt("a", Delivery.READ, "wamid.1", ours=ours, whole=True))
    assert (await read(world, message)).delivery is Delivery.QUEUED
    await world.threads.sent(message.id, ["wamid.1"])
    assert (await read(world, message)).delivery is Delivery.READ


async def test_the_echo_of_what_we_sent_is_not_stored_again(world: World) -> None:
    message = await replied(world)
    await world.threads.sent(message.id, ["mid.1"])
    assert (await world.receive(world.item("mid.1", Kind.ECHO, text="Hei!"))).stored == ()


async def test_an_echo_that_comes_before_the_answer_becomes_the_same_message(world: World) -> None:
    message = await replied(world)
    await world.receive(world.item("mid.1", Kind.ECHO, text="Hei!"))
    await world.receive(world.receipt("a", Delivery.DELIVERED, "mid.1"))
    await world.threads.sent(message.id, ["mid.1"])
    page = await world.threads.messages(message.conversation, None, 9)
    assert [(item.text, item.delivery) for item in page.items[2:]] == [("Hei!", Delivery.DELIVERED)]
    await world.receive(world.receipt("b", Delivery.READ, "mid.1"))
    assert (await read(world, message)).delivery is Delivery.READ


@pytest.mark.parametrize("answered", ["sent", "uncertain"])
async def test_an_echo_that_outruns_the_answer_is_the_message_that_is_being_sent(
    world: World, answered: str
) -> None:
    message = await replied(world)
    await world.threads.attempt(message.id, world.now)
    if answered == "uncertain":
        await world.threads.uncertain(message.id, "timed out")
    received = await world.receive(world.item("mid.1", Kind.ECHO, text=" Hei!\n"))
    assert (received.stored, [after.id for _, after in received.changed]) == ((), [message.id])
    if answered == "sent":
        await world.threads.sent(message.id, ["mid.1"])
    found = await read(world, message)
    assert (found.delivery, found.parts, found.provider_message_id) == (Delivery.SENT, ("mid.1",), "mid.1")
    page = await world.threads.messages(message.conversation, None, 9)
    assert [item.text for item in page.items if item.direction is Direction.OUTBOUND] == ["Hei!"]
    await world.receive(world.receipt("a", Delivery.READ, "mid.1"))
    assert (await read(world, message)).delivery is Delivery.READ


async def test_an_echo_is_one_message_only(world: World) -> None:
    message = await replied(world)
    await world.threads.attempt(message.id, world.now)
    echoes = [world.item(f"mid.{number}", Kind.ECHO, text="Hei!") for number in (1, 2)]
    [other] = (await world.receive(*echoes)).stored
    assert (other.text, other.provider_message_id) == ("Hei!", "mid.2")
    assert (await read(world, message)).provider_message_id == "mid.1"


async def test_an_echo_of_other_words_or_of_what_nobody_sends_yet_is_another_message(world: World) -> None:
    message = await replied(world)
    [early] = (await world.receive(world.item("mid.1", Kind.ECHO, text="Hei!"))).stored
    await world.threads.attempt(message.id, world.now)
    [other] = (await world.receive(world.item("mid.2", Kind.ECHO, text="Moi!"))).stored
    assert (early.provider_message_id, other.provider_message_id) == ("mid.1", "mid.2")
    assert (await read(world, message)).delivery is Delivery.QUEUED


async def test_what_is_being_sent_comes_before_what_was_lost_track_of(world: World) -> None:
    lost = await replied(world)
    await world.threads.attempt(lost.id, world.now)
    await world.threads.uncertain(lost.id, "timed out")
    again = (await world.threads.reply(lost.conversation, HELLO, key="again", agent="liisa")).message
    await world.threads.attempt(again.id, world.now)
    await world.receive(world.item("mid.1", Kind.ECHO, text="Hei!"))
    assert (await read(world, again)).delivery is Delivery.SENT
    assert (await read(world, lost)).delivery is Delivery.UNCERTAIN


async def test_only_an_unknown_echo_costs_a_read(world: World) -> None:
    message = await replied(world)
    await world.threads.attempt(message.id, world.now)
    counting = world.tables["threads"]
    counting.taken()
    await world.receive(world.item("mid.1", Kind.ECHO, text="Hei!"))
    assert counting.taken()[0] == 3  # head, name, latest messages
    await world.receive(world.item("next"))
    assert counting.taken()[0] == 1


async def test_watermarks_count_for_all_that_was_sent_before_them(world: World) -> None:
    first = await replied(world)
    await world.threads.attempt(first.id, world.now)
    await world.threads.sent(first.id, ["mid.1"])
    await world.threads.transition(first.conversation, State.CLOSED, agent="liisa")
    world.later(minutes=1)
    seen = world.now
    second = (await world.receive(world.item("2"))).opened[0]
    world.later(minutes=1)
    late = (await world.threads.reply(second.id, HELLO, key="late", agent="liisa")).message
    await world.threads.attempt(late.id, world.now)
    await world.threads.sent(late.id, ["mid.2"])
    await world.receive(world.receipt("r", Delivery.READ, watermark=seen))
    await world.receive(world.receipt("old", Delivery.READ, watermark=seen.replace(hour=1)))
    assert (await read(world, first)).delivery is Delivery.READ
    assert (await read(world, late)).delivery is Delivery.SENT
    await world.receive(world.receipt("d", Delivery.DELIVERED, watermark=world.now))
    page = await world.threads.messages(second.id, None, 9)
    assert page.items[-1].delivery is Delivery.DELIVERED


async def test_a_reaction_to_what_we_sent_finds_it(world: World) -> None:
    message = await replied(world)
    await world.threads.sent(message.id, ["mid.1"])
    await world.receive(world.item("r", Kind.REACTION, target="mid.1", text="🙏"))
    assert (await read(world, message)).reactions == {"+358401": "🙏"}
