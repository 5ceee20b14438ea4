"""What a customer's items become, over real Table Storage."""

from datetime import timedelta

import pytest

from functions.conversations.model import Direction, State, StoredMessage
from functions.errors import Unavailable
from functions.message import Attachment, AttachmentKind, Delivery, Kind
from functions.ports import Op
from tests.conversations.kit import CONTACT, World, opening


async def texts(world: World, conversation: str) -> list[tuple[int, str]]:
    page = await world.threads.messages(conversation, None, 100)
    return [(message.sequence, message.text) for message in page.items]


async def test_first_words_open_a_conversation_with_its_decision(world: World) -> None:
    received = await world.receive(world.item("1", text="Hei", raw={"all": ["of", "it"]}))
    [conversation] = received.opened
    assert received.conversation == conversation
    found = await world.threads.conversation(conversation.id)
    assert found == conversation
    assert (found.state, found.workstream, found.decision) == (State.OPEN, "care", opening().decision)
    assert found.close_after == world.now + timedelta(days=30)
    [message] = received.stored
    assert await world.threads.message(message.id) == message
    assert (message.text, message.raw, message.sequence) == ("Hei", {"all": ["of", "it"]}, 1)
    assert message.direction is Direction.INBOUND


async def test_a_further_message_is_one_read_and_one_transaction(world: World) -> None:
    await world.receive(world.item("1"))
    for counting in world.tables.values():
        counting.taken()
    received = await world.receive(world.item("2"))
    assert [message.sequence for message in received.stored] == [2]
    assert {name: counting.taken() for name, counting in world.tables.items()} == {
        "threads": (1, 1),
        "inbox": (0, 0),
        "records": (0, 0),
        "due": (0, 0),
    }


async def test_a_batch_is_one_transaction_too(world: World) -> None:
    await world.receive(world.item("0"))
    world.tables["threads"].taken()
    await world.receive(*(world.item(str(n)) for n in range(1, 31)))
    assert world.tables["threads"].taken() == (1, 1)


async def test_a_batch_over_the_limits_is_split_and_stays_in_order(world: World) -> None:
    many = [world.item(str(n), text=f"{n}") for n in range(120)]
    received = await world.receive(*many)
    assert received.conversation
    assert max(world.tables["threads"].commits) <= 100
    assert [message.text for message in received.stored] == [str(n) for n in range(120)]
    large = [world.item(f"large{n}", text="ä" * 90_000) for n in range(8)]
    assert len((await world.receive(*large)).stored) == 8
    page = await world.threads.messages(received.conversation.id, None, 200)
    assert [message.sequence for message in page.items] == list(range(1, 129))
    assert page.items[-1].text == "ä" * 90_000


async def test_duplicates_are_dropped_wherever_they_stand(world: World) -> None:
    one, two, three = (world.item(str(n)) for n in range(3))
    await world.receive(one)
    received = await world.receive(one, two, two, one, three)
    assert (received.duplicates, len(received.stored)) == (3, 2)
    again = await world.receive(one, two, three)
    assert (again.duplicates, again.stored, again.opened) == (3, (), ())
    assert again.conversation
    assert [n for n, _ in await texts(world, again.conversation.id)] == [1, 2, 3]


async def test_a_redelivery_long_after_the_close_opens_nothing(world: World) -> None:
    first = world.item("1")
    opened = (await world.receive(first)).opened[0]
    await world.threads.transition(opened.id, State.CLOSED, agent="liisa")
    received = await world.receive(first)
    assert (received.opened, received.duplicates) == ((), 1)
    assert received.conversation
    assert received.conversation.id == opened.id


async def test_a_closed_conversation_never_reopens(world: World) -> None:
    world.goes_to("care")
    first = (await world.receive(world.item("1"))).opened[0]
    await world.threads.transition(first.id, State.CLOSED, agent="liisa")
    world.goes_to("sales")
    second = (await world.receive(world.item("2"))).opened[0]
    assert first.id != second.id
    assert (await world.threads.conversation(second.id)).workstream == "sales"
    assert (await world.threads.conversation(first.id)).state is State.CLOSED
    assert await texts(world, second.id) == [(1, "text of 2")]


async def test_a_note_before_the_first_words_waits_quietly_for_them(world: World) -> None:
    joined = await world.receive(world.item("1", Kind.JOINED))
    assert joined.opened == ()
    assert joined.conversation
    assert (await world.threads.inbox("care", State.OPEN, None, 10)).items == ()
    world.goes_to("sales")
    received = await world.receive(world.item("2"))
    [opened] = received.opened
    assert (opened.id, opened.workstream) == (joined.conversation.id, "sales")
    assert [message.kind for message in (await world.threads.messages(opened.id, None, 9)).items] == [
        "joined",
        "message",
    ]
    assert (await world.threads.inbox("sales", State.OPEN, None, 10)).items[0].id == opened.id
    assert (await world.threads.conversation(opened.id)).decision == world.opening.decision


async def test_a_note_after_the_close_is_kept_where_it_belongs(world: World) -> None:
    opened = (await world.receive(world.item("1"))).opened[0]
    await world.threads.transition(opened.id, State.CLOSED, agent="liisa")
    received = await world.receive(world.item("2", Kind.OPT_OUT, text="STOP"))
    assert (received.opened, len(received.stored)) == ((), 1)
    assert (await world.threads.conversation(opened.id)).state is State.CLOSED
    assert await texts(world, opened.id) == [
        (1, "text of 1"),
        (2, "closed before an agent took it"),
        (3, "STOP"),
    ]


async def test_edit_reaction_and_deletion_change_their_message(world: World) -> None:
    picture = Attachment(kind=AttachmentKind.IMAGE, url="https://example.com/1.jpg")
    stored = (await world.receive(world.item("1", attachments=(picture,), raw={"secret": 1}))).stored[0]
    world.later(minutes=1)
    await world.receive(
        world.item("e1", Kind.EDIT, target="1", text="better"),
        world.item("r1", Kind.REACTION, target="1", text="👍"),
    )
    found = await world.threads.message(stored.id)
    assert (found.text, found.attachments, found.edited_at) == ("better", (picture,), world.now)
    assert found.reactions == {"+358401": "👍"}
    await world.receive(world.item("r2", Kind.REACTION, target="1"))
    assert (await world.threads.message(stored.id)).reactions == {}
    await world.receive(world.item("d1", Kind.DELETE, target="1"))
    gone = await world.threads.message(stored.id)
    assert (gone.text, gone.attachments, gone.raw, gone.deleted_at) == ("", (), None, world.now)
    again = await world.receive(world.item("e1", Kind.EDIT, target="1", text="better"))
    assert again.duplicates == 1
    assert (await world.threads.message(stored.id)).text == ""


async def test_a_message_and_its_edit_may_come_in_one_batch(world: World) -> None:
    received = await world.receive(world.item("1"), world.item("e", Kind.EDIT, target="1", text="better"))
    assert [message.text for message in received.stored] == ["better"]


async def test_changes_of_unknown_messages_are_kept_as_messages(world: World) -> None:
    await world.receive(world.item("1"))
    received = await world.receive(
        world.item("e", Kind.EDIT, target="unknown", text="edited"),
        world.item("r", Kind.REACTION, target="unknown", text="❤"),
        world.item("d", Kind.DELETE, target="unknown", text="must go", raw="must go"),
    )
    kinds = [(message.kind, message.text, message.raw) for message in received.stored]
    assert kinds == [("edit", "edited", None), ("reaction", "❤", None), ("delete", "", None)]


async def test_the_customers_words_wake_a_waiting_conversation(world: World) -> None:
    opened = (await world.receive(world.item("1"))).opened[0]
    await world.threads.transition(opened.id, State.ACTIVE, agent="liisa")
    await world.threads.transition(opened.id, State.WAITING, agent="liisa")
    world.later(hours=1)
    await world.receive(world.item("2"))
    found = await world.threads.conversation(opened.id)
    assert (found.state, found.agent) == (State.OPEN, "")
    assert (found.state_reason, found.last_inbound_at) == ("the customer wrote again", world.now)
    assert found.close_after == world.now + timedelta(days=30)
    assert [item.id for item in (await world.threads.inbox("care", State.OPEN, None, 9)).items] == [opened.id]


async def test_leaving_ends_a_live_session_only(world: World) -> None:
    opened = (await world.receive(world.item("1"), world.item("2", Kind.LEFT))).conversation
    assert opened
    assert opened.state is State.OPEN
    left = await world.receive(
        world.item("1", channel="chat"),
        world.item("2", Kind.LEFT, channel="chat"),
        world.item("3", channel="chat"),
    )
    assert [head.state for head in left.opened] == [State.CLOSED, State.OPEN]


async def test_what_was_written_elsewhere_is_kept_as_the_providers(world: World) -> None:
    await world.receive(world.item("1"))
    received = await world.receive(
        world.receipt("s1", Delivery.DELIVERED, "e1"), world.item("e1", Kind.ECHO, text="from the phone")
    )
    [echo] = received.stored
    assert (echo.direction, echo.author, echo.delivery) == (
        Direction.OUTBOUND,
        "provider",
        Delivery.DELIVERED,
    )
    await world.receive(world.receipt("s2", Delivery.READ, "e1"))
    assert (await world.threads.message(echo.id)).delivery is Delivery.READ


async def test_typing_leaves_no_trace(world: World) -> None:
    received = await world.receive(world.item("t", Kind.TYPING))
    assert (received.conversation, received.stored, world.opened) == (None, (), [])
    assert world.tables["threads"].commits == []


async def test_a_text_of_any_length_and_script_survives(world: World) -> None:
    text = "päivää 👩‍👩‍👧 \u0000 \\ \" ' " * 4000
    stored = (await world.receive(world.item("1", text=text))).stored[0]
    assert (await world.threads.message(stored.id)).text == text


async def test_messages_are_read_page_by_page(world: World) -> None:
    opened = (await world.receive(*(world.item(str(n)) for n in range(7)))).opened[0]
    seen: list[StoredMessage] = []
    cursor, pages = None, 0
    while pages == 0 or cursor:
        page = await world.threads.messages(opened.id, cursor, 3)
        seen += page.items
        cursor, pages = page.cursor, pages + 1
    assert [message.sequence for message in seen] == list(range(1, 8))
    assert pages == 3


async def test_a_run_cut_off_before_its_indexes_is_repaired_by_redelivery(world: World) -> None:
    world.opening = opening(links=(CONTACT,))
    inbox, broken = world.tables["inbox"], _Down()
    world.tables["inbox"] = broken  # type: ignore[assignment]
    world.threads = world.another()
    with pytest.raises(Unavailable):
        await world.receive(world.item("1"))
    world.tables["inbox"] = inbox
    world.threads = world.another()
    received = await world.receive(world.item("1"), world.item("2"))
    assert (received.duplicates, len(received.stored)) == (1, 1)
    assert len((await world.threads.inbox("care", State.OPEN, None, 9)).items) == 1
    assert len((await world.threads.of_record("contact", "c1", None, 9)).items) == 1


class _Down:
    async def commit(self, ops: list[Op]) -> None:
        raise Unavailable("down")
