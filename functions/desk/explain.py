"""Explaining routing: what the configuration in force would decide for a message, and by which rules."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Annotated

from pydantic import AfterValidator, AwareDatetime, Field

from functions.configuration.live import Live
from functions.conversations.model import Decision
from functions.desk.call import Body, Call, Nothing, Reply
from functions.desk.replies import NewAttachment
from functions.errors import Invalid
from functions.identity.identities import Identity, learn
from functions.identity.matching import match
from functions.identity.ranks import Clues
from functions.message import Address, Attachment, Inbound, Kind
from functions.routing.facts import Facts
from functions.services import Services

MARGIN = timedelta(days=2)  # farther than any two time zones are apart


def _everywhere(moment: datetime) -> datetime:
    try:
        _ = moment - MARGIN, moment + MARGIN
    except OverflowError:
        raise ValueError("is beyond the calendar") from None
    return moment


Moment = Annotated[AwareDatetime, AfterValidator(_everywhere)]


class Sender(Body):
    """Who writes: the provider's id of them, and what it tells of them."""

    id: str = ""
    name: str = ""
    phone: str = ""
    email: str = ""
    locale: str = ""


class Example(Body):
    """A message as it might come; only the channel and its account are needed."""

    channel: str
    account: str
    provider: str = ""
    thread: str = ""
    kind: Kind = Kind.MESSAGE
    sender: Sender = Sender()
    text: str = ""
    payload: str = ""
    attachments: tuple[NewAttachment, ...] = ()
    context: Mapping[str, str] = {}
    sent_at: Moment | None = None
    received_at: Moment | None = Field(default=None, description="the time to decide for; now")

    def inbound(self, provider: str, now: datetime) -> Inbound:
        """Give the message that would be routed."""
        return Inbound(
            channel=self.channel,
            provider=provider,
            account=self.account,
            thread=self.thread or self.sender.id,
            event="explained",
            kind=self.kind,
            sender=Address(**dict(self.sender)),
            text=self.text,
            payload=self.payload,
            attachments=tuple(Attachment(**dict(item)) for item in self.attachments),
            context=self.context,
            sent_at=self.sent_at,
            received_at=self.received_at or now,
        )


class Question(Body):
    """Which workstream and agent queue would this message reach?"""

    message: Example


async def explain_routing(call: Call[Nothing, Question], services: Services) -> Reply[Decision]:
    """Decide for a message without storing anything; every rule that was looked at is told."""
    live = await services.configurations.current()
    example = call.body.message
    inbound = example.inbound(_provider(live, example), services.clock())
    identity = await _identity(inbound, services)
    clues = Clues(await services.identities.person(identity), inbound.context)
    found = await match(clues, services.records, live.ranks)
    facts = Facts.of(inbound, identity, found, inbound.received_at)
    return Reply(live.decide(facts, found, most=None))


async def _identity(inbound: Inbound, services: Services) -> Identity:
    """What would be known of the sender after this message."""
    known = await services.identities.get(inbound.channel, inbound.account, inbound.sender.id)
    stranger = Identity(
        channel=inbound.channel,
        account=inbound.account,
        id=inbound.sender.id,
        created_at=inbound.received_at,
    )
    return learn(known or stranger, inbound)


def _provider(live: Live, example: Example) -> str:
    for entry in live.document.accounts:
        named = (entry.channel, entry.id) == (example.channel, example.account)
        if named and example.provider in ("", entry.provider):
            return entry.provider
    raise Invalid(f"there is no account {example.account!r} on the channel {example.channel!r}")
