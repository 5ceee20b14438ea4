"""A customer's data: given whole, then gone from every table and container, and nobody else's is touched."""

import json
from collections.abc import AsyncIterator
from dataclasses import dataclass
from io import BytesIO
from typing import Any
from uuid import uuid4

import pytest_asyncio
from azure.data.tables.aio import TableServiceClient

from functions.cloud.blobs import AzureBlobs
from functions.configuration.document import Record
from functions.conversations.model import State
from functions.conversations.threads import Draft
from functions.desk.tokens import Authority
from functions.identity.merging import Who
from functions.media.jobs import blob_name
from functions.message import Attachment, AttachmentKind, EntityRef
from functions.ports import Entity, Envelope, Op, Write
from functions.rows import pack
from local.azurite import Azurite
from local.servicebus.launch import ServiceBus
from tests.desk.kit import ADMINISTRATOR, AGENT, Desk, now, services

Rows = dict[tuple[str, str, str], dict[str, Any]]
ADDRESS = "sms/sms-twilio"
PICTURE = Attachment(kind=AttachmentKind.IMAGE, url="https://api.twilio.com/picture")


@dataclass
class House:
    """The service, its API, and everything that lies in its tables and its container."""

    desk: Desk
    prefix: str
    tables: TableServiceClient
    blobs: AzureBlobs

    async def everything(self) -> tuple[Rows, set[str]]:
        """List every row of every table, and every blob."""
        rows: Rows = {}
        async for table in self.tables.list_tables():
            if table.name.startswith(self.prefix):
                async for row in self.tables.get_table_client(table.name).list_entities():
                    where = (table.name, str(row["PartitionKey"]), str(row["RowKey"]))
                    rows[where] = dict(row)
        return rows, set(await self.blobs.names(""))

    async def known(self, customer: str, friend: str = "") -> str:
        """Fill every room with a customer's data; give the closed conversation."""
        one = self.desk.services
        opened = await self.desk.opened(
            thread=customer,
            sender={"id": customer, "phone": customer, "name": f"Name {customer}"},
            text=f"Words of {customer}",
            attachments=(PICTURE,),
        )
        replied = await one.threads.reply(opened.id, Draft(text="Vastaus"), key=customer, agent="agent-1")
        sent = f"SM{customer[1:]}"
        await one.threads.sent(replied.message.id, [sent])
        await one.sends.remember(replied.outbound, [sent])
        name = blob_name(f"{opened.id}-00000001", 0, PICTURE)
        await one.blobs.put(name, BytesIO(b"picture"), 7, "image/png")
        body = replied.outbound.json_text()
        await one.parked.record(
            f"0-{uuid4().hex}",
            body,
            {
                "queue": "outbound-sms",
                "session": opened.id,
                "message": "m",
                "reason": "r",
                "parkedAt": now().isoformat(),
            },
        )
        table = one.erasure._table
        spooled = Envelope(uuid4().hex, body)
        await table("spool").commit([Op(Write.UPSERT, Entity("~queues", "outbound-sms", {}))])
        values = {"id": spooled.id, "session": "", "properties": "{}", **pack("body", body)}
        await table("spool").commit([Op(Write.UPSERT, Entity("outbound-sms", customer, values))])
        waits = Entity(replied.outbound.session, replied.message.id, {"since": now(), "tries": 1})
        await table("waiting").commit([Op(Write.UPSERT, waits)])
        if friend:
            ref = EntityRef(entity="contact", id=f"c-{friend}")
            await self.desk.call("PUT", f"conversations/{opened.id}/links/contact/{ref.id}", {})
            await one.merger.merge(_who(friend), _who(customer), "admin")
        for state in (State.WRAP_UP, State.CLOSED):
            await one.threads.transition(opened.id, state, agent="agent-1")
        return opened.id


def _who(customer: str) -> Who:
    return Who(channel="sms", account="sms-twilio", id=customer)


def number() -> str:
    return f"+35840{uuid4().int % 10**7:07d}"


@pytest_asyncio.fixture
async def house(
    azurite: Azurite, blob_service: Azurite, servicebus: ServiceBus, authority: Authority
) -> AsyncIterator[House]:
    async with (
        services(
            azurite.connection_string, servicebus.connection_string, blob_service.connection_string
        ) as found,
        TableServiceClient.from_connection_string(azurite.connection_string) as tables,
    ):
        prefix = found.erasure._table("threads")._client.table_name.removesuffix("threads")  # type: ignore[attr-defined]
        blobs = found.blobs
        assert isinstance(blobs, AzureBlobs)
        yield House(Desk(found, authority), prefix, tables, blobs)


async def test_all_is_given_then_all_is_gone_and_nobody_elses(house: House) -> None:
    other, customer = number(), number()
    await house.desk.services.records.put(Record(entity="contact", id=f"c-{other}", name="Anna"))
    await house.known(other)
    before, blobs = await house.everything()
    conversation = await house.known(customer, friend=other)
    assert len((await house.everything())[0]) > len(before) + 10
    path = f"customers/{ADDRESS}/{customer}"

    given = await house.desk.call("GET", f"{path}/export", role=ADMINISTRATOR)
    lines = [json.loads(line) for line in given.body.splitlines()]
    assert [line["type"] for line in lines] == ["identity", "conversation", *["message"] * (len(lines) - 2)]
    assert {f"Words of {customer}", "Vastaus"} <= {line.get("text") for line in lines}
    assert lines[2]["attachments"] == [{"kind": "image", "url": PICTURE.url}]
    assert lines[1]["links"][0]["id"] == f"c-{other}"

    erased = (await house.desk.call("DELETE", path, role=ADMINISTRATOR)).body
    assert (erased["conversations"], erased["files"], erased["unrouted"]) == (1, 1, 2)
    assert erased["identity"]
    after, left = await house.everything()
    notes = {where: row for where, row in after.items() if where[1] == "erasures"}
    assert len(notes) == 1
    digits = customer[1:]
    assert not [where for where, row in after.items() if digits in f"{where} {row}"]
    assert not [where for where, row in after.items() if conversation[:32] in f"{where} {row}"]
    assert {where for where in after if where not in notes} == set(before)
    assert left == blobs
    changed = [where for where, row in before.items() if after[where] != row]
    assert not [where for where in changed if "identities" not in where[0] and "records" not in where[0]]

    assert (await house.desk.call("GET", f"{path}/export", role=ADMINISTRATOR)).status == 404
    again = (await house.desk.call("DELETE", path, role=ADMINISTRATOR)).body
    assert (again["conversations"], again["identity"]) == (0, False)


async def test_an_open_conversation_is_closed_first(house: House) -> None:
    opened = await house.desk.opened()
    path = f"customers/{ADDRESS}/{opened.customer.id}"
    refused = await house.desk.call("DELETE", path, role=ADMINISTRATOR)
    assert refused.status == 409
    assert opened.id in refused.body["detail"]
    assert (await house.desk.call("GET", f"{path}/export", role=ADMINISTRATOR)).status == 200


async def test_it_is_for_administrators(house: House) -> None:
    path = f"customers/{ADDRESS}/{number()}"
    assert (await house.desk.call("DELETE", path, role=AGENT)).status == 403
    assert (await house.desk.call("GET", f"{path}/export", role=AGENT)).status == 403


async def test_in_a_shared_thread_the_others_conversation_stays(house: House) -> None:
    group, first, second = uuid4().hex, number(), number()
    one = await house.desk.opened(thread=group, sender={"id": first, "phone": first})
    threads = house.desk.services.threads
    await threads.transition(one.id, State.CLOSED, agent="agent-1")
    theirs = await house.desk.opened(thread=group, sender={"id": second, "phone": second})
    number_two = theirs.id[:-1] + "2"
    await house.desk.call("DELETE", f"customers/{ADDRESS}/{first}", role=ADMINISTRATOR)
    assert (await threads.conversation(number_two)).customer.id == second
    page = await threads.messages(number_two, None, 10)
    assert [message.author for message in page.items] == [second]
    assert not [where for where, row in (await house.everything())[0].items() if first[1:] in str(row)]
