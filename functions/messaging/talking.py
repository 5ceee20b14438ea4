"""What customers say through the Messaging API: items of `inbound-custom`, as a webhook's would be."""

import json
from uuid import uuid4

from pydantic import JsonValue

from functions.channels.contract import Account, Request, Response
from functions.channels.custom.dynamics import DynamicsSettings, message_id
from functions.conversations.feed import CUSTOMER
from functions.conversations.layout import Place
from functions.conversations.model import Conversation, State
from functions.conversations.states import OVER
from functions.errors import NotFound
from functions.intake.envelope import inbound_envelope
from functions.message import Address, Delivery, Inbound, Kind, Receipt, digest, thread_key
from functions.messaging.bodies import Activity, Creation, activity, creation
from functions.messaging.customs import Custom, Customs
from functions.messaging.problems import Refusal
from functions.providers.payload import text
from functions.serving import Rooms

QUEUE = "inbound-custom"
JSON = "application/json; charset=utf-8"
READ = "MessageRead"


class Talking:
    """The calls that say something."""

    def __init__(self, rooms: Rooms, customs: Customs) -> None:
        self._rooms = rooms
        self._customs = customs

    async def create(self, request: Request, account: Account[DynamicsSettings], _: str) -> Response:
        """Start a conversation, or give the one that the customer has.

        A call that comes again, because its answer was lost, finds the conversation that it started. Whatever
        was cut off is done then: the first item is the same one, however often it is sent.
        """
        wanted = creation(request.body)
        customer = wanted.customercontext.customerid
        while True:
            known, etag = await self._customs.of_customer(account.id, customer) if customer else ("", "")
            found = await self._customs.get(account.id, known) if known else None
            head = await head_of(self._rooms, account, known) if found else None
            if found and (head is None or head.state not in OVER):
                if head is None:
                    await self._start(request, account, found)
                return answered({"conversationId": found.id, "isNew": False})
            custom = _custom(wanted, request)
            await self._customs.put(account.id, custom)
            if not customer or await self._customs.claim(account.id, customer, custom.id, etag):
                break
            await self._customs.erase(account.id, custom.id)
        await self._start(request, account, custom)
        named: dict[str, JsonValue] = {"messageId": message_id(custom.created_at)} if custom.start else {}
        return answered({"conversationId": custom.id, "isNew": True, **named})

    async def post(self, request: Request, account: Account[DynamicsSettings], conversation: str) -> Response:
        """Take an activity of the customer; raises Refusal when the conversation is closed."""
        said = activity(request.body)
        custom = await self._customs.get(account.id, conversation)
        head = await head_of(self._rooms, account, conversation) if custom else None
        if custom is None or (head and head.state is State.CLOSED):
            raise Refusal(30013)
        if said.type == "typing":
            await self._rooms.threads.typing(key_of(account, conversation), CUSTOMER)
        else:
            await self._send(_item(said, custom, request, account))
        return answered({"messageId": message_id(request.received_at)})

    async def _start(self, request: Request, account: Account[DynamicsSettings], custom: Custom) -> None:
        kind = Kind.MESSAGE if custom.start else Kind.JOINED
        item = _made(kind, f"{custom.id}:start", custom, request, account)
        told = {"text": custom.start, "received_at": custom.created_at, "sent_at": custom.created_at}
        await self._send(item.model_copy(update=told))

    async def _send(self, item: Inbound) -> None:
        await self._rooms.outbox.send(QUEUE, [inbound_envelope(item)])


def key_of(account: Account[DynamicsSettings], conversation: str) -> str:
    """Give the thread's key."""
    return thread_key(account.channel, account.id, conversation)


async def head_of(rooms: Rooms, account: Account[DynamicsSettings], conversation: str) -> Conversation | None:
    """Read the conversation; None as long as it is not routed."""
    try:
        return await rooms.threads.conversation(Place(key_of(account, conversation), 1).conversation)
    except NotFound:
        return None


def answered(content: dict[str, JsonValue]) -> Response:
    """Give a JSON answer."""
    return Response(200, json.dumps(content, ensure_ascii=False), JSON, {"Cache-Control": "no-store"})


def _custom(wanted: Creation, request: Request) -> Custom:
    name, told = str(uuid4()), wanted.customercontext
    customer = Address(id=told.customerid or name, name=told.name, phone=told.phonenumber, email=told.email)
    return Custom(
        id=name,
        customer=customer,
        context=wanted.context,
        start=wanted.start,
        created_at=request.received_at,
    )


def _item(said: Activity, custom: Custom, request: Request, account: Account[DynamicsSettings]) -> Inbound:
    name = digest(custom.id, said.id or uuid4().hex)
    if said.type == "message":
        told = {"text": said.text, "attachments": tuple(one.attachment() for one in said.attachments)}
        return _made(Kind.MESSAGE, name, custom, request, account).model_copy(update=told)
    if said.type == "endOfConversation":
        return _made(Kind.LEFT, f"{custom.id}:end", custom, request, account)
    read = text(said.value, "messageId")
    if said.type == "event" and said.name == READ and read:
        receipt = Receipt(state=Delivery.READ, message=read)
        return _made(Kind.RECEIPT, name, custom, request, account).model_copy(update={"receipt": receipt})
    raise Refusal(30003)


def _made(
    kind: Kind, event: str, custom: Custom, request: Request, account: Account[DynamicsSettings]
) -> Inbound:
    return Inbound(
        channel=account.channel,
        provider=account.provider,
        account=account.id,
        thread=custom.id,
        event=event,
        kind=kind,
        sender=custom.customer,
        context=custom.context,
        sent_at=request.received_at,
        received_at=request.received_at,
    )
