"""Customers' identities: who somebody is at an account, merged with who they are at another."""

from collections.abc import Mapping

from functions.desk.call import Body, Call, Nothing, Reply
from functions.identity.merging import Entry, Who
from functions.identity.person import Identity
from functions.services import Services


class Other(Body):
    """The identity to merge or unmerge: the provider's id of a customer at an account."""

    channel: str
    account: str
    id: str


class Shown(Identity):
    """An identity, and who merged or unmerged it."""

    history: tuple[Entry, ...] = ()


async def get_identity(call: Call[Nothing, Nothing], services: Services) -> Reply[Shown]:
    """Give an identity with its aliases, or what it is merged into, and its history."""
    who = _who(call.parameters)
    identity = await services.identities.seen(who.channel, who.account, who.id)
    return Reply(Shown(**dict(identity), history=await services.merger.history(identity)))


async def merge_identity(call: Call[Nothing, Other], services: Services) -> Reply[Identity]:
    """Make another identity one customer with this; give the primary of the two."""
    merged = await services.merger.merge(_who(call.parameters), _other(call.body), call.caller.id)
    return Reply(merged)


async def unmerge_identity(call: Call[Nothing, Other], services: Services) -> Reply[Identity]:
    """Part two identities again; give the one that was the primary."""
    parted = await services.merger.unmerge(_who(call.parameters), _other(call.body), call.caller.id)
    return Reply(parted)


def _who(parameters: Mapping[str, str]) -> Who:
    return Who(channel=parameters["channel"], account=parameters["account"], id=parameters["id"])


def _other(body: Other) -> Who:
    return Who(channel=body.channel, account=body.account, id=body.id)
