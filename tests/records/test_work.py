"""A record that becomes work: by which rules, linked to whom, with what in it, and when it is over."""

import pytest

from functions.conversations.model import Direction, Relation, State
from local.simulators.dataverse_webhook import Money, Operation, Option, Ref, Value
from tests.desk.kit import now
from tests.records.house import APPLICATION, House, later, name, number

HIGH, LOW = Option(1, "High"), Option(3, "Low")
OPEN, RESOLVED = Option(0, "Active"), Option(1, "Resolved")


def case(id_: str, customer: str = "", **values: Value) -> Operation:
    given: dict[str, Value] = {"title": "Laskussa on virhe", "statecode": OPEN, **values}
    if customer:
        given["customerid"] = Ref("contact", customer, "Aino")
    return Operation("Create", "incident", id_, given)


def contact(id_: str, **values: Value) -> Operation:
    return Operation("Create", "contact", id_, {"fullname": "Aino Virtanen", **values})


async def test_a_case_is_work_linked_to_itself_and_its_customer(house: House) -> None:
    aino, one, phone = name(), name(), number()
    await house.hear(contact(aino, mobilephone=phone, emailaddress1="aino@x.example"))
    await house.hear(case(one, aino, prioritycode=HIGH))
    work = await house.work("incident", one)
    assert (work.channel, work.provider, work.thread) == ("records", "dataverse", f"incident/{one}")
    assert (work.workstream, work.agent_queue, work.state) == ("cases", "urgent", State.OPEN)
    assert [(link.entity, link.id, link.name, link.relation) for link in work.links] == [
        ("incident", one, "Laskussa on virhe", Relation.CASE),
        ("contact", aino, "Aino Virtanen", Relation.CUSTOMER),
    ]
    assert (work.customer.id, work.customer.name) == (f"contact/{aino}", "Aino Virtanen")
    assert (work.customer.phone, work.customer.email) == (phone, "aino@x.example")
    assert work.close_after is None  # the timer never closes a record's work
    assert await house.works("contact", aino) == [work.model_copy(update={"decision": None})]
    [message] = await house.messages(work)
    assert (message.kind, message.direction, message.sequence) == ("record", Direction.SYSTEM, 1)
    assert message.text.startswith("created: title = Laskussa on virhe, statecode = Active")


async def test_the_decision_tells_which_intake_rule_took_it_in(house: House) -> None:
    one = name()
    await house.hear(case(one))
    decision = (await house.work("incident", one)).decision
    assert decision
    assert decision.reason.startswith("workstream by the rule 'cases, except those that are ours'")
    assert [verdict.matched for verdict in decision.verdicts][:4] == [False, False, False, True]


async def test_what_no_intake_rule_takes_is_nobodys_work(house: House) -> None:
    one, aino = name(), name()
    await house.hear(case(one, title="internal: test"), contact(aino))
    assert await house.works("incident", one) == []
    assert await house.works("contact", aino) == []
    assert (await house.services.records.get("incident", one)) is not None


async def test_changes_are_notes_in_their_order_and_the_work_stays_an_agents(house: House) -> None:
    one = name()
    await house.hear(case(one))
    work = await house.work("incident", one)
    await house.services.threads.accept(work.id, "anna")
    await house.hear(
        Operation("Update", "incident", one, {"prioritycode": HIGH}, after={"prioritycode": HIGH}),
        Operation("Assign", "incident", one, {"ownerid": Ref("team", name(), "Laskutus")}),
        Operation(
            "Update", "incident", one, {"title": "Kaksi virhettä", "modifiedby": Ref("systemuser", "x")}
        ),
    )
    after = await house.work("incident", one)
    assert (after.state, after.agent) == (State.ACTIVE, "anna")
    assert (await house.notes(after))[1:] == [
        "changed: prioritycode = High",
        "assigned: ownerid = Laskutus",
        "changed: title = Kaksi virhettä",
    ]


async def test_the_same_webhook_twice_is_one_note(house: House) -> None:
    one = name()
    created, update = case(one), Operation("Update", "incident", one, {"prioritycode": LOW})
    await house.hear(created, created, update, update)
    await house.hear(created, update, update, batch=True)
    assert len(await house.notes(await house.work("incident", one))) == 2


async def test_a_synchronous_step_that_runs_twice_for_a_record_is_two_notes(house: House) -> None:
    one, operation = name(), name()
    await house.hear(case(one))
    for priority in (HIGH, LOW, LOW):
        values = {"prioritycode": priority}
        await house.hear(
            Operation(
                "Update", "incident", one, values, mode=0, name=operation, at=later(now(), priority.value)
            )
        )
    notes = await house.notes(await house.work("incident", one))
    assert len(notes) == 4  # the clock of each moved on: another body


async def test_a_waiting_work_item_is_open_again_when_its_record_changes(house: House) -> None:
    one = name()
    await house.hear(case(one))
    work = await house.work("incident", one)
    threads = house.services.threads
    await threads.accept(work.id, "anna")
    await threads.transition(work.id, State.WAITING, agent="anna")
    await house.hear(Operation("Update", "incident", one, {"prioritycode": HIGH}))
    after = await house.work("incident", one)
    assert (after.state, after.state_reason) == (State.OPEN, "the record changed")


@pytest.mark.parametrize("state", [State.OPEN, State.ACTIVE, State.WAITING, State.WRAP_UP])
@pytest.mark.parametrize(
    ("message", "values", "reason"),
    [
        ("Update", {"statecode": RESOLVED, "statuscode": Option(5, "Problem Solved")}, "resolved"),
        ("SetStateDynamicEntity", {"statecode": RESOLVED, "statuscode": Option(5)}, "resolved"),
        ("Delete", {}, "deleted"),
    ],
)
async def test_the_end_of_the_record_is_the_works_end(
    house: House, state: State, message: str, values: dict[str, Option], reason: str
) -> None:
    one = name()
    await house.hear(case(one))
    work = await house.work("incident", one)
    for step in {State.OPEN: (), State.ACTIVE: (State.ACTIVE,)}.get(state, (State.ACTIVE, state)):
        await house.services.threads.transition(work.id, step, agent="anna")
    await house.hear(Operation(message, "incident", one, values))
    ended = await house.services.threads.conversation(work.id)
    assert (ended.state, ended.state_reason) == (State.CLOSED, f"the record was {reason}")
    *_, note, news = await house.messages(ended)
    assert (note.kind, note.payload) == ("record", reason)
    assert (news.kind, news.payload, news.text) == ("state", "closed", f"the record was {reason}")


async def test_a_case_that_is_opened_again_is_new_work(house: House) -> None:
    one = name()
    await house.hear(case(one), Operation("Update", "incident", one, {"statecode": RESOLVED}))
    await house.hear(Operation("Update", "incident", one, {"description": "jälkikäteen"}))
    assert [work.state for work in await house.works("incident", one)] == [State.CLOSED]
    await house.hear(Operation("Update", "incident", one, {"statecode": OPEN}))
    assert [work.state for work in await house.works("incident", one)] == [State.OPEN, State.CLOSED]


async def test_a_case_that_was_resolved_before_anybody_heard_of_it_is_no_work(house: House) -> None:
    one = name()
    await house.hear(case(one, statecode=RESOLVED))
    assert await house.works("incident", one) == []


async def test_our_own_doing_and_automations_are_no_work_but_are_known(house: House) -> None:
    mine, chained = name(), name()
    ours = Operation("Create", "incident", mine, {"title": "omamme"}, user=APPLICATION)
    deep = Operation("Create", "incident", chained, {"title": "ketju"}, depth=2)
    await house.hear(ours, deep)
    for one, title in ((mine, "omamme"), (chained, "ketju")):
        assert await house.works("incident", one) == []
        kept = await house.services.records.get("incident", one)
        assert kept
        assert kept.name == title


async def test_our_own_doing_is_no_note_but_ends_the_work(house: House) -> None:
    one = name()
    await house.hear(case(one))
    await house.hear(Operation("Update", "incident", one, {"prioritycode": HIGH}, user=APPLICATION))
    assert len(await house.notes(await house.work("incident", one))) == 1
    await house.hear(Operation("Update", "incident", one, {"statecode": RESOLVED}, user=APPLICATION))
    assert (await house.work("incident", one)).state is State.CLOSED


async def test_a_quote_is_work_by_its_amount_and_ends_when_it_is_won(house: House) -> None:
    small, large, firm = name(), name(), name()
    for one, amount in ((small, 999.0), (large, 1500.5)):
        values: dict[str, Value] = {
            "name": "Tarjous",
            "totalamount": Money(amount),
            "customerid": Ref("account", firm),
        }
        await house.hear(Operation("Create", "quote", one, values))
    assert await house.works("quote", small) == []
    work = await house.work("quote", large)
    assert (work.workstream, work.customer.id) == ("sales", f"account/{firm}")
    assert [link.relation for link in work.links] == [Relation.REGARDING, Relation.CUSTOMER]
    await house.hear(Operation("Update", "quote", large, {"statecode": Option(1, "Active")}))
    assert (await house.work("quote", large)).state is State.OPEN
    await house.hear(Operation("Update", "quote", large, {"statecode": Option(2, "Won")}))
    assert (await house.work("quote", large)).state is State.CLOSED


async def test_a_campaign_becomes_work_when_it_is_launched(house: House) -> None:
    one = name()
    await house.hear(
        Operation("Create", "campaign", one, {"name": "Kevät", "statuscode": Option(0, "Proposed")})
    )
    assert await house.works("campaign", one) == []
    await house.hear(Operation("Update", "campaign", one, {"statuscode": Option(2, "Launched")}))
    work = await house.work("campaign", one)
    assert (work.customer.id, [link.name for link in work.links]) == (f"campaign/{one}", ["Kevät"])


async def test_a_table_of_ones_own_has_its_own_columns(house: House) -> None:
    gold, one = name(), name()
    await house.hear(contact(gold, customertypecode=Option(7, "Gold")))
    values: dict[str, Value] = {
        "new_title": "Aamukäynti",
        "new_guest": Ref("contact", gold),
        "new_phase": Option(10),
    }
    await house.hear(Operation("Create", "new_visit", one, values))
    work = await house.work("new_visit", one)
    assert (work.links[0].name, work.links[0].relation) == ("Aamukäynti", Relation.REGARDING)
    await house.hear(Operation("Update", "new_visit", one, {"new_phase": Option(20)}))
    assert (await house.work("new_visit", one)).state is State.OPEN
    await house.hear(Operation("Update", "new_visit", one, {"new_phase": Option(30)}))
    assert (await house.work("new_visit", one)).state is State.CLOSED


async def test_a_case_that_changes_its_customer_changes_its_work_but_not_what_agents_linked(
    house: House,
) -> None:
    aino, matti, one, extra = name(), name(), name(), name()
    await house.hear(contact(aino), Operation("Create", "contact", matti, {"fullname": "Matti Laine"}))
    await house.hear(case(one, aino))
    work = await house.work("incident", one)
    regarding = work.links[0].model_copy(
        update={"entity": "quote", "id": extra, "relation": Relation.REGARDING}
    )
    await house.services.threads.link(work.id, regarding)
    await house.hear(Operation("Update", "incident", one, {"customerid": Ref("contact", matti)}))
    after = await house.work("incident", one)
    assert (after.customer.id, after.customer.name) == (f"contact/{matti}", "Matti Laine")
    assert [(link.entity, link.id) for link in after.links] == [
        ("incident", one),
        ("contact", matti),
        ("quote", extra),
    ]
    assert await house.works("contact", aino) == []


async def test_changes_in_any_order_come_to_the_same(house: House) -> None:
    one, aino, when = name(), name(), now()
    await house.hear(contact(aino))
    created = case(one, aino, prioritycode=LOW)
    values: dict[str, Value] = {"prioritycode": HIGH, "title": "Uusi nimi"}
    await house.hear(Operation("Update", "incident", one, values, at=later(when, 2)))
    work = await house.work("incident", one)
    assert (work.workstream, work.customer.id) == ("cases", f"incident/{one}")
    await house.hear(Operation(created.message, "incident", one, created.values, at=when))
    work = await house.work("incident", one)
    assert work.customer.id == f"contact/{aino}"
    assert "Uusi nimi" in [link.name for link in work.links]
    kept = await house.services.records.get("incident", one)
    assert kept
    assert (kept.name, kept.attributes["prioritycode.name"]) == ("Uusi nimi", "High")
    assert (await house.notes(work))[-1] == "created: statecode = Active, customerid = Aino"


async def test_a_late_resolution_does_not_close_what_was_opened_again(house: House) -> None:
    one, when = name(), now()
    await house.hear(case(one))
    await house.hear(Operation("Update", "incident", one, {"statecode": OPEN}, at=later(when, 9)))
    await house.hear(Operation("Update", "incident", one, {"statecode": RESOLVED}, at=later(when, 5)))
    assert (await house.work("incident", one)).state is State.OPEN
