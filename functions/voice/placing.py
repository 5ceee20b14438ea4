"""Calls that we begin, and end: once for a key; nobody is rung twice because we had no answer."""

import secrets
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from functions.channels.contract import Account
from functions.delivery.caller import Unknown
from functions.errors import Conflict, NotDeliverable, Unavailable
from functions.message import digest
from functions.voice.calls import Calls, Occurrence
from functions.voice.dialling import Dialling
from functions.voice.events import Failed, HungUp
from functions.voice.model import Call, CallState, Way

BY_US = "an agent ended the call"
UNCERTAIN = "uncertain: the provider did not answer"


@dataclass(frozen=True, slots=True)
class Wish:
    """Whom to call, E.164; `conversation` is what it is about. `key` is the same when it is asked again."""

    to: str
    conversation: str
    key: str
    at: datetime


async def place(calls: Calls, dialling: Dialling, account: Account[Any], wish: Wish) -> tuple[Call, bool]:
    """Call somebody, and tell whether this was just now; for a key that came before its call is given.

    Raises Conflict when the key was used for another call, NotDeliverable, and Unavailable.
    """
    wanted = await _call(calls, account, wish)
    await dialling.watch(account, wanted)
    call, new = await calls.begin(wanted)
    if (call.customer, call.conversation) != (wish.to, wish.conversation):
        raise Conflict("the idempotency-key was used for something else")
    return (await _dialled(calls, dialling, account, call) if new else call), new


async def hang_up(calls: Calls, dialling: Dialling, account: Account[Any], call: Call) -> Call:
    """End a call; one that is over stays so. Raises Conflict while nobody knows the provider's id of it."""
    if call.state is CallState.ENDED:
        return call
    if not call.provider_call:
        raise Conflict("the provider has not yet told which call it is")
    await calls.change(call.id, ending=BY_US)  # before its webhooks can tell
    try:
        await dialling.hang_up(account, call)
    except Unknown as unknown:
        raise Unavailable(unknown.reason) from None
    except (NotDeliverable, Unavailable):
        await calls.change(call.id, ending="")
        raise
    return (await calls.take(call.id, Occurrence("hang-up", (HungUp(BY_US),)), account)).call


async def _call(calls: Calls, account: Account[Any], wish: Wish) -> Call:
    plan = await calls.plan(account)
    return Call(
        id=digest("outbound", account.id, wish.key),
        provider=account.provider,
        account=account.id,
        way=Way.OUTBOUND,
        customer=wish.to,
        ours=account.settings.number,
        language=plan.languages[0],
        conversation=wish.conversation,
        secret=secrets.token_urlsafe(24),
        started_at=wish.at,
    )


async def _dialled(calls: Calls, dialling: Dialling, account: Account[Any], call: Call) -> Call:
    try:
        named = await dialling.dial(account, call)
    except Unknown:  # it may ring: its webhooks will tell
        return await calls.change(call.id, reason=UNCERTAIN)
    except (NotDeliverable, Unavailable) as refused:
        await calls.take(call.id, Occurrence("dial", (Failed(refused.reason),)), account)
        raise
    return await calls.change(call.id, provider_call=named)
