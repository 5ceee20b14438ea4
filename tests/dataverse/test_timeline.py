"""Write-back: a conversation that closes is a note on the timeline there, once."""

from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest
from aiohttp import web

from functions.conversations import layout
from functions.conversations.model import Conversation, Link, Relation, State
from functions.conversations.threads import Draft
from functions.dataverse.timeline import SPREAD, _partition
from functions.dataverse.transcript import LONGEST, transcript
from functions.erasure.threads import drop
from functions.message import Attachment, AttachmentKind, EntityRef
from local.simulators.state import Behaviour
from tests.dataverse.house import guid
from tests.dataverse.world import World

NOWHERE = "http://127.0.0.1:9"  # nobody listens there


def notes(world: World) -> list[dict[str, Any]]:
    return list(world.house.dataverse.store.rows["annotations"].values())


async def waiting(world: World) -> list[str]:
    rows = [row for part in range(SPREAD) for row in await world.timeline._table.range(_partition(part))]
    return [row.key for row in rows]


def phone() -> str:
    return f"+35840{uuid4().int % 10**7:07d}"


async def closed(world: World, *links: Link, text: str = "moi") -> Conversation:
    """A conversation with a reply and a private note, closed by the agent."""
    threads = world.services.threads
    head = await world.text(phone(), name="Aino <b>Virtanen</b>")
    for link in links:
        head = await threads.link(head.id, link)
    await threads.reply(head.id, Draft(text=text), key="1", agent="liisa")
    await threads.note(head.id, "a private word", key="2", agent="liisa")
    return (await threads.transition(head.id, State.CLOSED, agent="liisa")).conversation


def customer(world: World) -> Link:
    id_ = world.house.put("contacts", "aino", fullname="Aino")
    return Link(entity="contact", id=id_, relation=Relation.CUSTOMER)


def case(world: World) -> Link:
    id_ = world.house.put("incidents", "case", title="Lasku")
    return Link(entity="incident", id=id_, relation=Relation.CASE)


async def test_a_closed_conversation_is_a_note_on_its_case(world: World) -> None:
    await world.configure(writeBack=True)
    head = await closed(world, customer(world), case(world), text="Hei & <script>")
    assert await waiting(world) == [head.id]
    assert await world.timeline.write(world.services.threads) == 1
    [note] = notes(world)
    assert (note["_objectid_value"], note["_objectid_value@"]) == (guid("case"), "incident")
    assert note["subject"] == "sms: Aino <b>Virtanen</b>"
    lines = note["notetext"].removeprefix("<div>").removesuffix("</div>").split("</div><div>")
    assert [line.split(" ", 2)[2] for line in lines] == [
        "Aino &lt;b&gt;Virtanen&lt;/b&gt;: moi",
        "Agent: Hei &amp; &lt;script&gt;",
    ]
    assert await waiting(world) == []


async def test_without_a_case_it_is_the_customers(world: World) -> None:
    await world.configure(writeBack=True)
    await closed(world, customer(world))
    await world.timeline.write(world.services.threads)
    [note] = notes(world)
    assert note["_objectid_value@"] == "contact"


async def test_a_note_is_written_once(world: World) -> None:
    await world.configure(writeBack=True)
    head = await closed(world, case(world))
    await world.timeline.write(world.services.threads)
    await world.timeline.closed(head)  # as after a crash
    assert await world.timeline.write(world.services.threads) == 1
    assert len(notes(world)) == 1
    assert await waiting(world) == []


async def test_one_that_has_an_erased_ones_number_has_a_note_of_its_own(world: World) -> None:
    await world.configure(writeBack=True)
    number = phone()
    for count in (1, 2):
        head = await world.text(number, thread=number)
        await world.services.threads.link(head.id, customer(world))
        await world.services.threads.transition(head.id, State.CLOSED, agent="liisa")
        await world.timeline.write(world.services.threads)
        assert (head.id[-1], len(notes(world))) == ("1", count)
        table = world.services.threads._store.table  # as erasing does, without the other rooms
        await drop(table, await table.range(layout.place(head.id).partition))


@pytest.mark.parametrize("answer", [Behaviour.TOO_MANY, Behaviour.ERROR])
async def test_it_waits_while_the_environment_is_down(world: World, answer: Behaviour) -> None:
    await world.configure(writeBack=True)
    head = await closed(world, case(world))
    world.house.order(answer)
    assert await world.timeline.write(world.services.threads) == 0
    assert await waiting(world) == [head.id]
    if answer is Behaviour.ERROR:
        assert await world.timeline.write(world.services.threads) == 1
        assert len(notes(world)) == 1


@pytest.mark.parametrize("settings", [{"clientSecret": "wrong"}, {}])
async def test_it_waits_while_we_are_not_let_in(world: World, settings: dict[str, Any]) -> None:
    await world.configure(writeBack=True, **settings)
    head = await closed(world, case(world))
    world.house.answers = [web.Response(status=401), web.Response(status=401)]
    assert await world.timeline.write(world.services.threads) == 0
    assert await waiting(world) == [head.id]


async def test_what_is_refused_is_given_up(world: World) -> None:
    await world.configure(writeBack=True)
    await closed(world, Link(entity="contact", id=guid("nobody"), relation=Relation.CUSTOMER))
    assert await world.timeline.write(world.services.threads) == 1
    assert notes(world) == []
    assert await waiting(world) == []


async def test_what_another_environment_refuses_is_written_where_the_record_lies(world: World) -> None:
    await world.configure("elsewhere", writeBack=True)
    await closed(world, case(world))
    world.house.answers = [web.Response(status=404)]
    assert await world.timeline.write(world.services.threads) == 2  # once in each
    assert len(notes(world)) == 1
    assert await waiting(world) == []


async def test_an_environment_that_is_down_holds_up_no_other_and_has_its_notes_later(world: World) -> None:
    await world.configure("elsewhere", elsewhere={"apiBase": NOWHERE}, writeBack=True)
    heads = [await closed(world, case(world)) for _ in range(3)]
    assert await world.timeline.write(world.services.threads) == 3
    assert len(notes(world)) == 3
    later = await closed(world, case(world))
    assert await world.timeline.write(world.services.threads) == 1
    assert len(notes(world)) == 4
    assert sorted(await waiting(world)) == sorted(head.id for head in (*heads, later))
    await world.configure("elsewhere", writeBack=True)
    world.house.dataverse.store.rows["annotations"].clear()
    assert await world.timeline.write(world.services.threads) == 4
    assert (len(notes(world)), await waiting(world)) == (4, [])


async def test_an_account_without_its_secret_holds_up_no_other(world: World) -> None:
    await world.configure("elsewhere", elsewhere={"clientSecret": {"secret": "not-there"}}, writeBack=True)
    await closed(world, case(world))
    assert await world.timeline.write(world.services.threads) == 1
    assert len(notes(world)) == 1


@pytest.mark.parametrize("entity_id", ["aino", ""])
async def test_a_record_that_is_not_theirs_has_no_note(world: World, entity_id: str) -> None:
    await world.configure(writeBack=True)
    links = [Link(entity="contact", id=entity_id, relation=Relation.CUSTOMER)] if entity_id else []
    await closed(world, *links)
    assert await waiting(world) == []


async def test_without_the_setting_nothing_waits(world: World) -> None:
    await world.configure()
    await closed(world, case(world))
    assert await waiting(world) == []


async def test_what_the_timer_closes_is_written_too(world: World) -> None:
    await world.configure(writeBack=True)
    threads = world.services.threads
    head = await world.text(phone())
    await threads.link(head.id, case(world))
    later = head.created_at + timedelta(days=30, hours=1)

    async def send(news: object) -> None:
        raise AssertionError(news)

    assert await threads.close_idle(later, send) == 1
    assert await waiting(world) == [head.id]


async def test_a_very_long_conversation_is_cut(world: World) -> None:
    await world.configure(writeBack=True)
    head = await closed(world, case(world))
    page = await world.services.threads.messages(head.id, None, 1)
    picture = Attachment(kind=AttachmentKind.IMAGE, url="https://x.example/1", name="rikki.jpg")
    long = page.items[0].model_copy(update={"text": "<" * 1000, "attachments": (picture,)})
    text = transcript(head, [long] * 100)
    assert len(text) <= LONGEST
    assert text.endswith("[rikki.jpg]</div><div>…</div>")
    assert EntityRef(entity="incident", id=guid("case")) in {link.ref for link in head.links}
