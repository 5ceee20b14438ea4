"""Who a customer is: changes of records count from the next message on, and agents' hands are remembered."""

import json
from datetime import UTC, datetime
from typing import Any
from uuid import uuid4

import pytest

from functions.configuration.yaml_text import load
from functions.conversations.model import Conversation
from functions.message import Address, Inbound, Kind
from functions.routing.inbound import Delivery
from tests.desk.kit import ADMINISTRATOR, Desk


def number() -> str:
    return f"+35844{uuid4().int % 10**7:07d}"


async def put(desk: Desk, contact: str, entity: str = "contact", **body: object) -> None:
    told = await desk.call("PUT", f"records/{entity}/{contact}", body, role=ADMINISTRATOR)
    assert told.status == 200


async def writes(
    desk: Desk, phone: str, conversation: int = 1, account: str = "sms-twilio", **fields: Any
) -> Conversation:
    """The customer writes, and it becomes, or goes into, their conversation of that number."""
    item = Inbound.model_validate(
        {
            "channel": "sms",
            "provider": "twilio",
            "account": account,
            "thread": phone,
            "event": uuid4().hex,
            "kind": Kind.MESSAGE,
            "sender": Address(id=phone, phone=phone),
            "text": "moi",
            "received_at": datetime.now(UTC),
        }
        | fields
    )
    delivery = Delivery(item.id, item.session, item.json_text(), 1)
    await desk.services.router.route(f"inbound-{item.channel}", [delivery])
    return await desk.services.threads.conversation(f"{item.session}-{conversation:06d}")


def plain(text: str) -> dict[str, Any]:
    """The document as plain values, which are written as JSON: that is YAML too."""
    document = load(text)
    assert isinstance(document, dict)
    return document


async def close(desk: Desk, conversation: Conversation) -> None:
    assert (await desk.call("POST", f"conversations/{conversation.id}/close", {})).status == 200


def linked(conversation: Conversation) -> list[str]:
    return [link.id for link in conversation.links]


async def test_a_changed_number_counts_from_the_next_message_on(desk: Desk) -> None:
    phone, anna, ben = number(), uuid4().hex, uuid4().hex
    await put(desk, anna, name="Anna", mobiles=[phone])
    first = await writes(desk, phone)
    assert linked(first) == [anna]
    await close(desk, first)
    await put(desk, anna, name="Anna", mobiles=[number()])
    await put(desk, ben, name="Ben", businessPhones=[phone])
    second = await writes(desk, phone, 2)
    assert linked(second) == [ben]
    await close(desk, second)
    await put(desk, ben, name="Ben", businessPhones=[phone], active=False)
    assert linked(await writes(desk, phone, 3)) == []


async def test_two_with_one_number_are_candidates_and_the_trace_says_so(desk: Desk) -> None:
    phone, names = number(), [uuid4().hex, uuid4().hex]
    for name in names:
        await put(desk, name, name=name, phones=[phone])
    opened = await writes(desk, phone)
    assert linked(opened) == []
    assert {ref.id for ref in opened.customer.candidates} == {*names}
    assert opened.decision
    assert [(one.rank, one.hits) for one in opened.decision.matching] == [
        ("socialId", 0),
        ("phone or email", 2),
    ]
    question = {
        "message": {"channel": "sms", "account": "sms-twilio", "sender": {"id": phone, "phone": phone}}
    }
    told = await desk.call("POST", "configuration/explain", question, role=ADMINISTRATOR)
    (social, phones) = told.body["matching"]
    assert (social["hits"], phones["hits"]) == (0, 2)
    assert {ref["id"] for ref in phones["records"]} == {*names}


async def test_a_link_by_hand_is_reused_by_the_next_conversation_and_at_another_account(
    desk: Desk,
) -> None:
    phone, anna, maija = number(), uuid4().hex, uuid4().hex
    for name in (anna, maija):
        await put(desk, name, name=name, phones=[phone])
    first = await writes(desk, phone)
    link = f"conversations/{first.id}/links/contact/{anna}"
    assert (await desk.call("PUT", link)).status == 200
    await close(desk, first)
    second = await writes(desk, phone, 2)
    assert linked(second) == [anna]
    assert second.decision
    assert [one.rank for one in second.decision.matching] == ["linked by hand"]
    other = await writes(desk, phone, account="sms-other")
    assert linked(other) == [anna]
    assert other.decision
    assert [one.rank for one in other.decision.matching] == ["socialId"]
    assert (await desk.call("DELETE", link)).status == 200
    assert linked(await writes(desk, phone, account="sms-third")) == []


async def test_merged_identities_are_one_customer_until_they_are_unmerged(desk: Desk) -> None:
    phone, anna, user = number(), uuid4().hex, f"U{uuid4().hex}"
    await put(desk, anna, name="Anna", phones=[phone])
    await writes(desk, phone)
    line: dict[str, Any] = {"channel": "line", "provider": "line", "thread": user, "sender": Address(id=user)}
    stranger = await writes(desk, user, account="line-line", **line)
    assert linked(stranger) == []
    await close(desk, stranger)

    path = f"identities/sms/sms-twilio/{phone}"
    alias = {"channel": "line", "account": "line-line", "id": user}
    merged = await desk.call("POST", f"{path}/merge", alias)
    assert (merged.status, merged.body["id"], merged.body["aliases"][0]["id"]) == (200, phone, user)
    known = await writes(desk, user, 2, account="line-line", **line)
    assert linked(known) == [anna]
    await close(desk, known)

    shown = await desk.call("GET", f"identities/line/line-line/{user}")
    assert shown.body["mergedInto"]["id"] == phone
    (entry,) = shown.body["history"]
    assert (entry["did"], entry["alias"]["id"], entry["by"]) == ("merged", user, known_caller(shown.body))

    assert (await desk.call("POST", f"{path}/unmerge", alias)).status == 200
    assert linked(await writes(desk, user, 3, account="line-line", **line)) == []
    assert (await desk.call("POST", f"{path}/unmerge", alias)).status == 404


def known_caller(body: dict[str, list[dict[str, str]]]) -> str:
    """Somebody: an entry without a name would be no audit."""
    assert body["history"][0]["by"]
    return body["history"][0]["by"]


async def test_a_deleted_contact_is_unlinked_everywhere(desk: Desk) -> None:
    phone, family, anna, maija = number(), number(), uuid4().hex, uuid4().hex
    await put(desk, anna, name="Anna", phones=[phone, family])
    await put(desk, maija, name="Maija", phones=[family])
    closed = await writes(desk, phone)
    await close(desk, closed)
    remembered, candidate = await writes(desk, phone, 2), await writes(desk, family)
    assert (await desk.call("PUT", f"conversations/{remembered.id}/links/contact/{anna}")).status == 200

    assert (await desk.call("DELETE", f"records/contact/{anna}", role=ADMINISTRATOR)).status == 204
    threads, identities = desk.services.threads, desk.services.identities
    assert [linked(await threads.conversation(one.id)) for one in (closed, remembered)] == [[], []]
    left = (await threads.conversation(candidate.id)).customer.candidates
    assert [ref.id for ref in left] == [maija]
    assert (await identities.seen("sms", "sms-twilio", phone)).linked is None
    assert (await desk.call("GET", f"records/contact/{anna}/conversations")).body["items"] == []
    await close(desk, remembered)
    assert linked(await writes(desk, phone, 3)) == []
    assert linked(await writes(desk, family, account="sms-other")) == [maija]


async def test_deleting_again_unlinks_what_a_crash_had_left(desk: Desk) -> None:
    conversation, quote = await writes(desk, number()), uuid4().hex
    assert (await desk.call("PUT", f"conversations/{conversation.id}/links/quote/{quote}")).status == 200
    # Nothing is known of the quote here, as after a deletion that stopped half way.
    assert (await desk.call("DELETE", f"records/quote/{quote}", role=ADMINISTRATOR)).status == 204
    assert linked(await desk.services.threads.conversation(conversation.id)) == []


@pytest.mark.parametrize(
    ("attribute", "queue"), [("owner", "gold"), ("ownerid", "gold"), ("queue", "damage")]
)
async def test_the_linked_case_s_owner_and_queue_route(
    blank: Desk, example: str, attribute: str, queue: str
) -> None:
    document = plain(example)
    (service,) = [one for one in document["workstreams"] if one["id"] == "service"]
    service["rules"] = [
        {"name": "mia's", "when": {"field": "linked.case.owner", "equals": "Mia"}, "agentQueue": "gold"},
        {"name": "damage", "when": {"field": "linked.case.queue", "equals": "mia"}, "agentQueue": "damage"},
    ]
    await blank.services.configurations.apply(json.dumps(document), "tests")
    phone = number()
    await put(blank, "anna", name="Anna", phones=[phone])
    assert (await writes(blank, phone, account="other")).agent_queue == "service"
    await put(blank, "i-1", "incident", customer="contact/anna", attributes={attribute: "mia"})
    opened = await writes(blank, phone)
    assert (linked(opened), opened.agent_queue) == (["anna", "i-1"], queue)
    await put(blank, "i-1", "incident", customer="contact/anna", active=False)
    assert (await writes(blank, phone, account="third")).agent_queue == "service"


async def test_ranks_of_the_configuration_are_asked(blank: Desk, example: str) -> None:
    document = plain(example)
    phone = number()
    await put(blank, "anna", name="Anna", mobiles=[phone])
    await put(blank, "oy", "account", name="Oy", businessPhones=[phone])
    opened = []
    for at, matching in enumerate(
        ([], [{"by": "mobile"}], [{"by": "phone", "entity": "account"}], [{"by": "phone"}])
    ):
        text = json.dumps(document | {"matching": matching})
        await blank.services.configurations.apply(text, "tests")
        opened.append(linked(await writes(blank, phone, account=f"a{at}")))
    assert opened == [[], ["anna"], ["oy"], []]
