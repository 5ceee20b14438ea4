"""Business records: what customers are recognised by, and which conversations are about them."""

from collections.abc import Mapping
from contextlib import suppress
from typing import Annotated

from pydantic import AfterValidator, Field, StringConstraints, TypeAdapter, ValidationError

from functions.configuration.document import Record
from functions.configuration.parts import Name
from functions.configuration.recordtables import EntityName
from functions.conversations.model import Conversation, Link, Relation
from functions.desk.call import Body, Call, Nothing, Reply, nothing
from functions.desk.conversations import Paging
from functions.desk.problems import faulty
from functions.errors import NotFound
from functions.identity.keys import CASE, CUSTOMERS, social_key
from functions.message import EntityRef, Model
from functions.paging import Page
from functions.providers.dataverse.values import guid
from functions.services import Services


def _as_told(text: str) -> str:
    """Write Dataverse's ids as its webhooks do: its forms give them as {ABC…}, and each is one record."""
    entity, slash, last = text.rpartition("/")
    return f"{entity}{slash}{guid(last) or last}"


Text = Annotated[str, StringConstraints(max_length=500)]
RecordId = Annotated[
    str,
    StringConstraints(min_length=1, max_length=200, pattern=r"^[^\x00-\x1f\x7f]+$"),
    AfterValidator(_as_told),
]


class RecordPath(Model):
    """The part of a path that names a record."""

    entity: EntityName
    id: RecordId


PATH = TypeAdapter(RecordPath)


class RecordChange(Body):
    """A record without its name in the path. `customer` is `contact/ID` or `account/ID`."""

    name: Text = ""
    phones: tuple[Text, ...] = Field(default=(), max_length=50)
    mobiles: tuple[Text, ...] = Field(default=(), max_length=50)
    business_phones: tuple[Text, ...] = Field(default=(), max_length=50)
    emails: tuple[Text, ...] = Field(default=(), max_length=50)
    social_ids: Mapping[Name, tuple[Text, ...]] = Field(default={}, max_length=50)
    customer_number: Text = ""
    customer: Annotated[Text, AfterValidator(_as_told)] = ""
    active: bool = True
    attributes: Mapping[str, Text] = Field(default={}, max_length=100)


async def put_record(call: Call[Nothing, RecordChange], services: Services) -> Reply[Record]:
    """Write a record, replacing what was there with all its match keys."""
    ref = _ref(call.parameters["entity"], call.parameters["recordId"])
    return Reply(await services.records.put(Record(entity=ref.entity, id=ref.id, **dict(call.body))))


async def get_record(call: Call[Nothing, Nothing], services: Services) -> Reply[Record]:
    """Give a record with its match keys."""
    ref = _ref(call.parameters["entity"], call.parameters["recordId"])
    record = await services.records.get(ref.entity, ref.id)
    if record is None:
        raise NotFound(f"no {ref.entity} of this id is known here")
    return Reply(record)


async def delete_record(call: Call[Nothing, Nothing], services: Services) -> Reply[Nothing]:
    """Forget a record, and unlink it from all conversations and customers."""
    ref = _ref(call.parameters["entity"], call.parameters["recordId"])
    await services.records.delete(ref.entity, ref.id)
    return nothing()


async def list_record_conversations(
    call: Call[Paging, Nothing], services: Services
) -> Reply[Page[Conversation]]:
    """List the conversations that are linked to a record, newest first."""
    ref = _ref(call.parameters["entity"], call.parameters["recordId"])
    return Reply(await services.threads.of_record(ref.entity, ref.id, call.query.cursor, call.query.limit))


async def put_link(call: Call[Nothing, Nothing], services: Services) -> Reply[Conversation]:
    """Link a record by hand. A contact or account is remembered for the customer's next conversations."""
    ref = _ref(call.parameters["entity"], call.parameters["recordId"])
    record = await services.records.get(ref.entity, ref.id)
    named = ref.model_copy(update={"name": record.name if record else ""})
    link = Link(**dict(named), relation=_relation(named.entity))
    changed = await services.threads.link(call.parameters["id"], link)
    if ref.entity in CUSTOMERS:
        # A conversation that we began ourselves may be with somebody who never wrote: nobody to remember.
        with suppress(NotFound):
            await services.identities.link(changed.channel, changed.account, changed.customer.id, named)
        if key := social_key(changed.channel, changed.customer.id):
            await services.records.teach(ref, key)
    return Reply(changed)


async def delete_link(call: Call[Nothing, Nothing], services: Services) -> Reply[Conversation]:
    """Unlink a record, and forget that the customer is this contact or account."""
    ref = _ref(call.parameters["entity"], call.parameters["recordId"])
    changed = await services.threads.unlink(call.parameters["id"], ref.entity, ref.id)
    who = (changed.channel, changed.account, changed.customer.id)
    if ref.entity not in CUSTOMERS:
        return Reply(changed)
    if key := social_key(changed.channel, changed.customer.id):
        await services.records.unteach(ref, key)
    identity = await services.identities.get(*who)
    linked = (await services.identities.person(identity)).linked if identity else None
    if linked and (linked.entity, linked.id) == (ref.entity, ref.id):
        await services.identities.unlink(*who)
    return Reply(changed)


def _relation(entity: str) -> Relation:
    if entity in CUSTOMERS:
        return Relation.CUSTOMER
    return Relation.CASE if entity == CASE else Relation.REGARDING


def _ref(entity: str, record_id: str) -> EntityRef:
    try:
        path = PATH.validate_python({"entity": entity, "id": record_id})
    except ValidationError as error:
        raise faulty("path", error) from error
    return EntityRef(entity=path.entity, id=path.id)
