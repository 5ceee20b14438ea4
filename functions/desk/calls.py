"""Calls that agents make: to customers who asked for it, or any other number."""

from datetime import datetime
from typing import TYPE_CHECKING, Any

from pydantic import Field

from functions.channels.contract import Account
from functions.desk.call import Body, Call, Nothing, Reply
from functions.desk.idempotency import key_of
from functions.errors import NotFound
from functions.message import Model
from functions.services import Services
from functions.voice.dialling import Dialling
from functions.voice.words import CallState, Way

if TYPE_CHECKING:
    from functions.voice.model import Call as PhoneCall

CHANNEL = "voice"


class NewCall(Body):
    """From which account to whom; `conversation` is what it is about, such as the wish for a call-back."""

    account: str
    to: str = Field(
        pattern=r"^\+[1-9][0-9]{5,14}$", description="with + and the country code (E.164): +358401234567"
    )
    conversation: str = ""


class CallView(Model):
    """A call. Its conversation is the one whose `thread` is this `id`."""

    id: str
    account: str
    way: Way
    customer: str
    state: CallState
    reason: str
    agent_queue: str
    conversation: str
    started_at: datetime
    ended_at: datetime | None


async def post_call(call: Call[Nothing, NewCall], services: Services) -> Reply[CallView]:
    """Call somebody: 201 when it is new, 200 when the same request came before."""
    from functions.voice.placing import Wish, place  # noqa: PLC0415 - as `services.calls`

    key, wanted = key_of(call.headers), call.body
    if wanted.conversation:
        await services.threads.conversation(wanted.conversation)
    account, dialling = await _dialling(services, wanted.account)
    wish = Wish(wanted.to, wanted.conversation, key, call.received_at)
    placed, new = await place(services.calls(), dialling, account, wish)
    return Reply(_view(placed), 201 if new else 200, {"Location": f"{call.path.rstrip('/')}/{placed.id}"})


async def get_call(call: Call[Nothing, Nothing], services: Services) -> Reply[CallView]:
    """Give a call as far as it has come."""
    return Reply(_view(await services.calls().get(call.parameters["id"])))


async def hang_up_call(call: Call[Nothing, Nothing], services: Services) -> Reply[CallView]:
    """End a call; one that is over stays so."""
    from functions.voice.placing import hang_up  # noqa: PLC0415 - as `services.calls`

    found = await services.calls().get(call.parameters["id"])
    account, dialling = await _dialling(services, found.account)
    return Reply(_view(await hang_up(services.calls(), dialling, account, found)))


async def _dialling(services: Services, name: str) -> tuple[Account[Any], Dialling]:
    account = await (await services.configurations.current()).account(CHANNEL, name)
    server = services.servers.of(CHANNEL, account.provider)
    if not isinstance(server, Dialling):
        raise NotFound(f"the account {name!r} makes no calls")
    return account, server


def _view(found: "PhoneCall") -> CallView:
    return CallView.model_validate(found, from_attributes=True)
