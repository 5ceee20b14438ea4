"""Records by which customers are recognised, and links that agents make and unmake."""

from uuid import uuid4

import pytest

from functions.message import Address
from tests.desk.kit import ADMINISTRATOR, AGENT, Desk


async def put(desk: Desk, contact: str, **body: object) -> None:
    told = await desk.call("PUT", f"records/contact/{contact}", body, role=ADMINISTRATOR)
    assert told.status == 200


async def test_a_record_is_written_read_and_forgotten(desk: Desk) -> None:
    path = f"records/contact/{uuid4()}"
    body = {"name": "Aino", "phones": ["040 765 4321"], "attributes": {"tier": "gold"}}
    told = await desk.call("PUT", path, body, role=ADMINISTRATOR)
    assert (told.status, told.body["phones"]) == (200, ["+358407654321"])
    assert (await desk.call("GET", path)).body == told.body
    assert (await desk.call("DELETE", path, role=ADMINISTRATOR)).status == 204
    assert (await desk.call("GET", path)).status == 404


async def test_agents_read_records_but_do_not_write_them(desk: Desk) -> None:
    for method in ("PUT", "DELETE"):
        told = await desk.call(method, "records/contact/x", {"name": "x"}, role=AGENT)
        assert (told.status, told.body["type"]) == (403, "urn:monikanava:problem:forbidden")


async def test_the_conversations_of_a_record_are_listed(desk: Desk) -> None:
    phone, name = f"+35844{uuid4().int % 10**7:07d}", uuid4().hex
    await put(desk, name, name="Oona", phones=[phone])
    opened = await desk.opened(sender=Address(id=phone, phone=phone))
    assert [(link.entity, link.id, link.relation) for link in opened.links] == [("contact", name, "customer")]
    told = await desk.call("GET", f"records/contact/{name}/conversations")
    assert [one["id"] for one in told.body["items"]] == [opened.id]


async def test_a_contact_linked_by_hand_is_remembered_until_it_is_unlinked(desk: Desk) -> None:
    conversation, name = await desk.opened(), uuid4().hex
    await put(desk, name, name="Onni")
    path = f"conversations/{conversation.id}/links/contact/{name}"
    linked = await desk.call("PUT", path)
    link = {"entity": "contact", "id": name, "name": "Onni", "relation": "customer"}
    assert (linked.status, linked.body["links"]) == (200, [link])
    who = ("sms", "sms-twilio", conversation.customer.id)
    identity = await desk.services.identities.get(*who)
    assert identity
    assert identity.linked
    assert identity.linked.id == name

    assert (await desk.call("DELETE", path)).body["links"] == []
    identity = await desk.services.identities.get(*who)
    assert identity
    assert identity.linked is None


async def test_an_id_of_dataverse_is_one_record_however_it_is_written(desk: Desk) -> None:
    conversation, name = await desk.opened(), str(uuid4())
    shouted = f"{{{name.upper()}}}"
    await put(desk, name, name="Onni")
    linked = await desk.call("PUT", f"conversations/{conversation.id}/links/contact/{shouted}")
    assert [(link["id"], link["name"]) for link in linked.body["links"]] == [(name, "Onni")]
    case = await desk.call(
        "PUT", f"records/incident/{uuid4()}", {"customer": f"contact/{shouted}"}, role=ADMINISTRATOR
    )
    assert case.body["customer"] == f"contact/{name}"
    await desk.services.records.delete("contact", name)  # as a webhook names it
    assert (await desk.call("GET", f"conversations/{conversation.id}")).body["links"] == []


@pytest.mark.parametrize(("entity", "relation"), [("incident", "case"), ("quote", "regarding")])
async def test_other_records_are_linked_to_the_conversation_only(
    desk: Desk, entity: str, relation: str
) -> None:
    conversation = await desk.opened()
    linked = await desk.call("PUT", f"conversations/{conversation.id}/links/{entity}/17%2F2026")
    assert linked.body["links"] == [{"entity": entity, "id": "17/2026", "name": "", "relation": relation}]
    identity = await desk.services.identities.get("sms", "sms-twilio", conversation.customer.id)
    assert identity
    assert identity.linked is None


@pytest.mark.parametrize(
    "path", ["records/Contact/1", "records/con%20tact/1", f"records/contact/{'x' * 201}"]
)
async def test_a_path_that_names_no_record_is_refused(desk: Desk, path: str) -> None:
    told = await desk.call("GET", path)
    assert (told.status, told.body["errors"][0]["path"]) == (400, "entity" if "/1" in path else "id")


async def test_a_customer_of_a_record_is_named_by_entity_and_id(desk: Desk) -> None:
    told = await desk.call("PUT", "records/incident/1", {"customer": "aino"}, role=ADMINISTRATOR)
    assert told.status == 400
