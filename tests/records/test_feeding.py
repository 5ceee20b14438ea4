"""Contacts, accounts and cases feed the record store: the very next message links by what they told."""

import logging
from collections.abc import Mapping

import pytest

from functions.channels.records.change import RecordChange, RecordValue
from functions.conversations.model import Conversation, Relation, State
from functions.errors import Unavailable
from local.simulators.dataverse_webhook import LARGEST, Operation, Option, Ref, Value
from tests.desk.kit import now
from tests.records.house import Columns, House, System, later, name, number


def contact(id_: str, phone: str, **values: Value) -> Operation:
    given: dict[str, Value] = {"fullname": "Aino Virtanen", "mobilephone": phone, **values}
    return Operation("Create", "contact", id_, given)


def update(id_: str, values: Mapping[str, Value], entity: str = "contact", seconds: float = 0) -> Operation:
    return Operation("Update", entity, id_, values, at=later(now(), seconds))


def customers(conversation: Conversation) -> list[str]:
    return [link.id for link in conversation.links if link.relation is Relation.CUSTOMER]


def columns(**values: str) -> Columns:
    return {column: RecordValue(value=value) for column, value in values.items()}


async def test_a_new_contact_is_linked_by_the_next_message(house: House) -> None:
    aino, phone = name(), number()
    assert customers(await house.text(phone)) == []
    await house.hear(contact(aino, f"0{phone[4:]}"))  # as people write it in Finland
    found = await house.text(phone)
    assert [(link.entity, link.id, link.name) for link in found.links] == [("contact", aino, "Aino Virtanen")]


async def test_a_number_that_goes_over_to_another_contact_is_hers_in_the_next_message(house: House) -> None:
    aino, maija, phone = name(), name(), number()
    await house.hear(contact(aino, phone), contact(maija, number(), fullname="Maija Laine"))
    assert customers(await house.text(phone)) == [aino]
    await house.hear(update(maija, {"mobilephone": phone}))
    both = await house.text(phone)
    assert customers(both) == []
    assert {one.id for one in both.customer.candidates} == {aino, maija}
    await house.hear(update(aino, {"mobilephone": None}))
    assert customers(await house.text(phone)) == [maija]


@pytest.mark.parametrize(
    "operation",
    [
        Operation("Delete", "contact", ""),
        Operation("SetState", "contact", "", {"statecode": Option(1), "statuscode": Option(2)}),
        Operation("Update", "contact", "", {"statecode": Option(1, "Inactive")}),
    ],
    ids=["deleted", "inactive", "inactive by update"],
)
async def test_who_is_no_contact_any_more_is_linked_no_more(house: House, operation: Operation) -> None:
    aino, phone = name(), number()
    await house.hear(contact(aino, phone))
    ended = Operation(operation.message, "contact", aino, operation.values)
    await house.hear(ended)
    assert customers(await house.text(phone)) == []
    await house.hear(update(aino, {"fullname": "myöhässä"}, seconds=-5))
    assert customers(await house.text(phone)) == []


async def test_an_account_links_by_its_main_phone_and_a_case_comes_along(house: House) -> None:
    firm, one, phone = name(), name(), number()
    await house.hear(Operation("Create", "account", firm, {"name": "Leipomo Oy", "telephone1": phone}))
    values: dict[str, Value] = {"title": "internal: a", "customerid": Ref("account", firm)}
    await house.hear(Operation("Create", "incident", one, values))
    found = await house.text(phone)
    assert {(link.id, link.relation) for link in found.links} == {
        (firm, Relation.CUSTOMER),
        (one, Relation.CASE),
    }
    await house.hear(update(one, {"statecode": Option(1, "Resolved")}, "incident"))
    assert [link.id for link in (await house.text(phone)).links] == [firm]


async def test_the_order_of_webhooks_makes_no_difference(house: House) -> None:
    aino, old, new = name(), number(), number()
    await house.hear(contact(aino, number()))
    await house.hear(update(aino, {"mobilephone": new}, seconds=60))
    await house.hear(update(aino, {"mobilephone": old}, seconds=30))
    assert customers(await house.text(old)) == []
    assert customers(await house.text(new)) == [aino]


async def test_a_batch_of_one_contact_is_taken_whole(house: House) -> None:
    aino, last = name(), number()
    numbers = [number() for _ in range(5)]
    updates = [update(aino, {"mobilephone": phone}, seconds=at + 1) for at, phone in enumerate(numbers)]
    await house.hear(
        contact(aino, number()), *updates, update(aino, {"mobilephone": last}, seconds=9), batch=True
    )
    assert customers(await house.text(numbers[4])) == []
    assert customers(await house.text(last)) == [aino]


async def test_an_update_of_who_is_known_from_elsewhere_keeps_the_rest(house: House) -> None:
    aino, phone, mail = name(), number(), f"{name()}@x.example"
    await house.hear(contact(aino, phone))
    kept = await house.services.records.get("contact", aino)
    assert kept
    stranger = name()
    await house.services.records.put(kept.model_copy(update={"id": stranger, "mobiles": (number(),)}))
    await house.hear(update(stranger, {"emailaddress1": mail}))
    after = await house.services.records.get("contact", stranger)
    assert after
    assert (after.name, after.emails, len(after.mobiles)) == ("Aino Virtanen", (mail,), 1)


async def test_what_was_left_out_for_its_size_is_read_again(house: House) -> None:
    aino, phone = name(), number()
    system = System({f"contact/{aino}": columns(fullname="Aino", mobilephone=phone)})
    asking = house.asking(system)
    [item] = await asking.told(contact(aino, number(), description="x" * LARGEST))
    assert isinstance(item.raw, dict)
    assert item.raw["partial"] is True
    await asking.route(item)
    assert system.asked == [f"contact/{aino}"]
    assert customers(await asking.text(phone)) == [aino]


async def test_a_case_whose_change_was_left_out_tells_what_is_new(house: House) -> None:
    one = name()
    system = System({f"incident/{one}": columns(title="Iso", statecode="0", prioritycode="3")})
    asking = house.asking(system)
    await asking.hear(Operation("Create", "incident", one, {"description": "x" * LARGEST}))
    work = await asking.work("incident", one)
    assert work.links[0].name == "Iso"
    system.rows[f"incident/{one}"] = columns(title="Iso", statecode="0", prioritycode="1")
    await asking.hear(Operation("Update", "incident", one, {"description": "y" * LARGEST}))
    assert (await asking.notes(work))[-1] == "changed: prioritycode = 1"
    system.rows[f"incident/{one}"] = columns(title="Iso", statecode="1", prioritycode="1")
    await asking.hear(Operation("Merge", "incident", one))
    assert (await asking.work("incident", one)).state is State.CLOSED
    assert len(system.asked) == 3


async def test_a_row_that_is_gone_when_it_is_read_again_is_deleted(house: House) -> None:
    one, aino, phone = name(), name(), number()
    await house.hear(Operation("Create", "incident", one, {"title": "x"}), contact(aino, phone))
    work, asking = await house.work("incident", one), house.asking(System())
    await asking.hear(Operation("Merge", "incident", one), Operation("Merge", "contact", aino))
    ended = await house.services.threads.conversation(work.id)
    assert (ended.state, ended.state_reason) == (State.CLOSED, "the record was deleted")
    assert customers(await asking.text(phone)) == []


async def test_a_customer_nobody_told_of_is_read_once_and_kept(house: House) -> None:
    one, two, aino, phone = name(), name(), name(), number()
    system = System({f"contact/{aino}": columns(fullname="Aino Virtanen", mobilephone=phone)})
    asking = house.asking(system)
    for case in (one, two):
        values: dict[str, Value] = {"title": "x", "customerid": Ref("contact", aino)}
        await asking.hear(Operation("Create", "incident", case, values))
        assert (await asking.work("incident", case)).customer.name == "Aino Virtanen"
    assert system.asked == [f"contact/{aino}"]
    assert customers(await asking.text(phone)) == [aino]


async def test_without_an_api_what_is_known_must_do(house: House) -> None:
    one = name()
    await house.hear(Operation("Update", "incident", one, {"description": "x" * LARGEST}))
    work = await house.work("incident", one)
    assert (work.customer.id, work.links[0].name) == (f"incident/{one}", "")
    await house.hear(Operation("Merge", "incident", one))
    assert await house.notes(work) == ["changed"]


class Down(System):
    async def read(self, account: str, entity: str, id: str) -> Columns | None:  # noqa: A002
        await super().read(account, entity, id)
        raise Unavailable("Dataverse does not answer", 30)


async def test_while_the_api_is_down_the_queue_keeps_the_change(
    house: House, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("functions.routing.inbound.PATIENCE", 2.0)
    one, down = name(), Down()
    created = Operation("Create", "incident", one, {"title": "salaista", "description": "x" * LARGEST})
    with caplog.at_level(logging.DEBUG, "monikanava"), pytest.raises(Unavailable):
        await house.asking(down).hear(created)
    assert len(down.asked) > 1  # it was sat out first
    assert await house.works("incident", one) == []
    system = System({f"incident/{one}": columns(title="salaista", statecode="0")})
    await house.asking(system).hear(created)
    assert (await house.work("incident", one)).links[0].name == "salaista"
    assert "salaista" not in caplog.text


async def test_a_creation_that_is_found_again_by_looking_is_no_news(house: House) -> None:
    one = name()
    await house.hear(Operation("Create", "incident", one, {"title": "x", "statecode": Option(0)}))
    [told] = await house.told(Operation("Create", "incident", one, {"title": "x", "statecode": Option(0)}))
    found = RecordChange.model_validate(told.raw).model_copy(update={"changed": (), "at": later(now(), 1)})
    raw = found.model_dump(mode="json", by_alias=True)
    await house.route(told.model_copy(update={"event": name(), "raw": raw}))
    assert await house.notes(await house.work("incident", one)) == ["created: title = x, statecode = 0"]
    unheard = name()
    raw = found.model_copy(update={"id": unheard}).model_dump(mode="json", by_alias=True)
    lost = {"event": name(), "thread": f"incident/{unheard}", "raw": raw}
    await house.route(told.model_copy(update=lost))
    assert len(await house.works("incident", unheard)) == 1


async def test_what_can_do_without_the_api_does_not_wait_for_it(house: House) -> None:
    one, aino = name(), name()
    asking = house.asking(Down())
    values: dict[str, Value] = {"title": "x", "customerid": Ref("contact", aino)}
    await asking.hear(Operation("Update", "incident", one, values))
    work = await asking.work("incident", one)
    assert work.customer.id == f"contact/{aino}"
    assert customers(work) == [aino]


async def test_a_batch_that_was_cut_off_before_the_row_was_kept_finds_the_same_news(house: House) -> None:
    """The row is kept last: who comes again compares with the same one."""
    one = name()
    system = System({f"incident/{one}": columns(title="B")})
    asking = house.asking(system)
    await asking.hear(Operation("Create", "incident", one, {"title": "A"}))
    again = await asking.told(Operation("Route", "incident", one))
    await asking.route(*again)
    await asking.route(*again)
    assert await asking.notes(await asking.work("incident", one)) == [
        "created: title = A",
        "Route: title = B",
    ]
