"""What routing asks for: one job for each new picture, again when a batch was cut off, and again by hand."""

import asyncio
from collections.abc import Sequence
from dataclasses import replace

import pytest
from azure.servicebus.aio import ServiceBusClient

from functions.conversations.opening import Received
from functions.errors import Conflict, NotFound
from functions.intake.outbox import Outbox
from functions.media.jobs import QUEUE, Job
from functions.media.requests import MediaRequests
from functions.message import AttachmentKind, Inbound, Kind
from functions.ports import Bus, Envelope
from functions.routing.inbound import NotRouted, Router
from local.servicebus.launch import ServiceBus
from tests.desk.kit import now
from tests.intake.reading import take, text
from tests.media.house import House
from tests.media.provider import found, status
from tests.media.samples import PNG


async def queued(servicebus: ServiceBus, message: str, count: int) -> list[Job]:
    """Read the media queue until it has given `count` jobs of a message, then all that follows."""
    jobs: list[Job] = []
    client = ServiceBusClient.from_connection_string(servicebus.connection_string)

    async def more(wait: float) -> int:
        taken = [Job.model_validate_json(text(one)) for one in await take(receiver, wait)]
        jobs.extend(job for job in taken if job.message == message)
        return len(taken)

    async with client, client.get_queue_receiver(QUEUE) as receiver, asyncio.timeout(20):
        while len(jobs) < count:
            await more(5)
        while await more(0.5):
            pass
    return jobs


async def test_each_new_picture_is_asked_for_once(house: House, servicebus: ServiceBus) -> None:
    item = house.picture(house.media.url + "/a", house.media.url + "/b")
    message = await house.hear(item)
    await house.hear(item)
    await house.hear(item)
    jobs = await queued(servicebus, message.id, 2)
    assert jobs == house.jobs(message)
    assert "127.0.0.1" not in "".join(job.json_text() for job in jobs)


async def test_what_is_fetched_or_lost_is_not_asked_for_again(house: House, servicebus: ServiceBus) -> None:
    item = house.picture(house.media.put("/got", found(PNG)), house.media.put("/lost", status(404)))
    message = await house.hear(item)
    for job in await queued(servicebus, message.id, 2):
        await house.fetcher.work(job, 1)
    # Long after: the queue has forgotten the first jobs, and would take them again.
    asked = await asked_for(house, item)
    assert asked == []


class Open(Bus):
    """A queue that remembers no id, as ours does ten minutes later."""

    def __init__(self) -> None:
        self.taken: list[Job] = []

    async def send(self, queue: str, envelopes: Sequence[Envelope]) -> None:
        assert queue == QUEUE
        self.taken += [Job.model_validate_json(one.body) for one in envelopes]


class Cut(MediaRequests):
    """Asks for nothing: the process ends right after the transaction."""

    async def request(self, items: Sequence[Inbound], received: Received) -> None:
        raise ConnectionAbortedError


async def asked_for(house: House, *items: Inbound) -> list[Job]:
    """Route items, long after what was before, and give what is asked for."""
    bus = Open()
    outbox = Outbox(bus, house.services.threads._store.table, now)  # the spool is not needed
    await routed(house, MediaRequests(house.services.threads, outbox, now), *items)
    return bus.taken


async def cut_off(house: House, *items: Inbound) -> None:
    """Route items in a process that ends right after it has stored them."""
    with pytest.raises(NotRouted):
        await routed(house, Cut(house.services.threads, house.services.outbox, now), *items)


async def routed(house: House, requests: MediaRequests, *items: Inbound) -> None:
    one = house.services
    router = Router(
        one.threads,
        one.identities,
        one.records,
        one.configurations,
        one.sends,
        one.parked,
        requests,
        one.record_work,
        now,
    )
    await replace(house, services=replace(one, router=router)).hear(*items)


async def test_a_batch_that_was_cut_off_asks_when_it_comes_again(house: House) -> None:
    item = house.picture(house.media.url + "/later")
    words = item.model_copy(update={"event": "SMwords", "attachments": (), "text": "and words"})
    await cut_off(house, item, words)
    message = await house.first(item)
    assert await asked_for(house, item, words) == house.jobs(message)


async def test_a_deletion_that_was_cut_off_is_tidied_when_it_comes_again(house: House) -> None:
    item = house.picture(house.media.url + "/unsent")
    await house.hear(item)
    gone = item.model_copy(
        update={"kind": Kind.DELETE, "event": "Dcut", "target": item.event, "attachments": ()}
    )
    await cut_off(house, gone)
    deleted = await house.first(item)
    assert deleted.deleted_at
    assert await asked_for(house, gone) == [house.tidying(deleted)]


async def test_a_deletion_and_a_replacing_edit_are_tidied_and_words_are_not(house: House) -> None:
    item = house.picture(house.media.url + "/1")
    await house.hear(item)
    change = {"kind": Kind.EDIT, "target": item.event}
    words = item.model_copy(update={**change, "event": "E1", "attachments": (), "text": "other words"})
    assert await asked_for(house, words) == []
    other = house.picture(house.media.url + "/2").attachments
    edit = item.model_copy(update={**change, "event": "E2", "attachments": other})
    fetch, tidy = await asked_for(house, edit)
    assert (fetch.index, tidy.index) == (0, None)
    deletion = item.model_copy(update={"kind": Kind.DELETE, "event": "D", "target": item.event})
    assert [job.index for job in await asked_for(house, deletion)] == [None]


async def test_an_agent_may_ask_again_for_what_was_lost(house: House, servicebus: ServiceBus) -> None:
    item = house.picture(house.media.put("/back", status(404), found(PNG)))
    message = await house.hear(item)
    [first] = await queued(servicebus, message.id, 1)
    await house.fetcher.work(first, 1)
    assert (await house.first(item)).attachments[0].error
    waiting = await house.services.media.again(await house.first(item), 0)
    assert (waiting.attachments[0].error, waiting.attachments[0].blob) == ("", "")
    [second] = await queued(servicebus, message.id, 1)
    assert second == first
    await house.fetcher.work(second, 1)
    fetched = await house.first(item)
    assert fetched.attachments[0].blob == first.blob
    with pytest.raises(Conflict, match="already"):
        await house.services.media.again(fetched, 0)


async def test_what_is_not_there_or_not_fetched_cannot_be_asked_for(house: House) -> None:
    item = house.picture("geo:60,25")
    place = item.attachments[0].model_copy(update={"kind": AttachmentKind.LOCATION})
    message = await house.hear(item.model_copy(update={"attachments": (place,)}))
    for index in (-1, 1):
        with pytest.raises(NotFound):
            await house.services.media.again(message, index)
    with pytest.raises(Conflict, match="not fetched"):
        await house.services.media.again(message, 0)
