"""Parked messages: seen, replayed or discarded by an administrator."""

from contextlib import suppress

from pydantic import ValidationError

from functions.desk.call import Call, Nothing, Reply, nothing
from functions.desk.conversations import Paging
from functions.errors import NotFound
from functions.intake.parked import ParkedMessage
from functions.message import Outbound
from functions.paging import Page
from functions.services import Services


async def list_parked(call: Call[Paging, Nothing], services: Services) -> Reply[Page[ParkedMessage]]:
    """List what was given up, newest first."""
    return Reply(await services.parked.list(call.query.cursor, call.query.limit))


async def get_parked(call: Call[Nothing, Nothing], services: Services) -> Reply[ParkedMessage]:
    """Give one parked message with its reason and its body as it came."""
    return Reply(await services.parked.get(call.parameters["id"]))


async def replay_parked(call: Call[Nothing, Nothing], services: Services) -> Reply[ParkedMessage]:
    """Put a parked message on its queue again: a reply that had failed, or what a webhook's body holds."""
    parked = await services.parked.get(call.parameters["id"])
    if parked.account:
        await services.intake.again(parked)
        return Reply(await services.parked.replayed(parked))
    await _queued_again(parked, services)
    return Reply(await services.parked.replay(parked.id))


async def _queued_again(parked: ParkedMessage, services: Services) -> None:
    if parked.queue.startswith("outbound-"):
        # A body that is no reply, and one whose conversation is gone, are for delivery to judge.
        with suppress(ValidationError, NotFound):
            await services.threads.again(Outbound.model_validate_json(parked.body).id)


async def discard_parked(call: Call[Nothing, Nothing], services: Services) -> Reply[Nothing]:
    """Forget a parked message for good."""
    await services.parked.discard(call.parameters["id"])
    return nothing()
