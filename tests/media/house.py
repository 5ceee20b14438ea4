"""Everything that media needs, real: routing, threads, blobs, and a provider's media server."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from uuid import uuid4

import aiohttp

from functions.conversations.model import StoredMessage
from functions.media.download import Downloader
from functions.media.fetcher import Fetcher
from functions.media.jobs import Job, to_fetch, to_tidy
from functions.media.source import Sources
from functions.message import Attachment, AttachmentKind, Inbound, Kind
from functions.routing.inbound import Delivery
from functions.services import Services
from local.azurite import Azurite
from local.servicebus.launch import ServiceBus
from tests.delivery.house import DOCUMENT
from tests.desk.kit import now, services
from tests.intake.samples import inbound
from tests.media.provider import MediaServer, serving

HASTY = aiohttp.ClientTimeout(total=2)


@dataclass
class House:
    """A fetcher that does not sleep but notes how long it would have."""

    services: Services
    media: MediaServer
    downloader: Downloader
    slept: list[float] = field(default_factory=list)

    @property
    def fetcher(self) -> Fetcher:
        one = self.services
        sources = Sources(self.downloader, one.tokens, now)
        return Fetcher(one.threads, one.configurations, one.blobs, sources, self._sleep)

    async def _sleep(self, seconds: float) -> None:
        self.slept.append(seconds)

    def picture(self, *urls: str) -> Inbound:
        """A customer's message with pictures, in a thread of its own."""
        attachments = tuple(Attachment(kind=AttachmentKind.IMAGE, url=url) for url in urls)
        phone = f"+35850{uuid4().int % 10**7:07d}"
        return inbound(
            thread=phone, sender={"id": phone, "phone": phone}, received_at=now(), attachments=attachments
        )

    async def hear(self, *items: Inbound) -> StoredMessage:
        """Route items of one thread; give its first message."""
        await self.services.router.route(
            "inbound-sms", [Delivery(item.id, item.session, item.json_text(), 1) for item in items]
        )
        return await self.first(items[0])

    async def first(self, item: Inbound) -> StoredMessage:
        return await self.services.threads.message(f"{item.session}-000001-00000001")

    async def deletion(self, item: Inbound) -> StoredMessage:
        """Let the customer delete what was said."""
        gone = {"kind": Kind.DELETE, "event": f"D{uuid4().hex}", "target": item.event, "attachments": ()}
        await self.hear(item.model_copy(update=gone))
        return await self.first(item)

    def jobs(self, message: StoredMessage) -> list[Job]:
        return list(to_fetch(message, "sms", "support"))

    def tidying(self, message: StoredMessage) -> Job:
        return to_tidy(message, "sms", "support")

    async def blobs(self, message: StoredMessage) -> list[str]:
        return await self.services.blobs.names(f"{message.id}/")


@asynccontextmanager
async def open_house(azurite: Azurite, blobs: Azurite, servicebus: ServiceBus) -> AsyncIterator[House]:
    connections = [one.connection_string for one in (azurite, servicebus, blobs)]
    async with serving() as media, services(*connections) as wired:
        await wired.configurations.apply(DOCUMENT.format(api=media.url), "test")
        house = House(wired, media, Downloader(HASTY))
        yield house
        await house.downloader.close()
