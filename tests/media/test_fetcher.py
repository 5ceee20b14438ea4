"""The media function over real tables and blobs: fetched once, kept only as long as its message has it."""

import asyncio
from base64 import b64encode
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from typing import IO

import pytest
from aiohttp import web

from functions.cloud.blobs import AzureBlobs
from functions.errors import Unavailable
from functions.media.download import NotNow
from functions.media.fetcher import GIVE_UP_AFTER, PAUSES, USUAL
from functions.media.jobs import Job
from functions.message import AttachmentKind, Kind
from tests.media.house import House
from tests.media.provider import found, redirect, status
from tests.media.samples import PNG


async def test_a_picture_is_kept_with_what_it_really_is(house: House) -> None:
    item = house.picture(house.media.put("/whole", found(PNG, "text/html")))
    message = await house.hear(item)
    [job] = house.jobs(message)
    await house.fetcher.work(job, 1)
    [kept] = (await house.first(item)).attachments
    assert (kept.blob, kept.error, kept.content_type, kept.size) == (job.blob, "", "image/png", len(PNG))
    assert kept.url == item.attachments[0].url
    assert job.blob.startswith(f"{message.id}/0-")
    assert await house.services.blobs.get(job.blob, len(PNG)) == PNG
    user = b64encode(b"AC00000000000000000000000000000000:twilio-token").decode()
    assert house.media.asked[0].headers["Authorization"] == f"Basic {user}"


async def test_a_job_that_comes_again_fetches_nothing(house: House) -> None:
    item = house.picture(house.media.put("/again", found(PNG)))
    [job] = house.jobs(await house.hear(item))
    for count in (1, 2, 3):
        await house.fetcher.work(job, count)
    assert house.media.paths() == ["/again"]


async def test_every_attachment_has_its_own_fate(house: House) -> None:
    item = house.picture(
        house.media.put("/one", found(PNG)), house.media.url + "/none", house.media.put("/three", found(b"3"))
    )
    message = await house.hear(item)
    await asyncio.gather(*(house.fetcher.work(job, 1) for job in house.jobs(message)))
    kept = (await house.first(item)).attachments
    assert [(bool(one.blob), one.error) for one in kept] == [
        (True, ""),
        (False, "the provider has it no more (HTTP 404)"),
        (True, ""),
    ]


@pytest.mark.parametrize(
    ("answer", "why"),
    [
        (status(404), "has it no more"),
        (status(410), "has it no more"),
        (status(401), "expired, or the credentials are wrong"),
        (status(403), "expired, or the credentials are wrong"),
        (status(400), "HTTP 400"),
        (status(204), "HTTP 204"),
        (redirect("https://evil.example/picture"), "not one of the provider's"),
        (redirect("https://169.254.169.254/metadata"), "not one of the provider's"),
        (found(bytes(USUAL + 1)), "larger than 25 MB"),
    ],
)
async def test_what_can_never_be_fetched_says_why_and_is_not_tried_again(
    house: House, answer: web.Response, why: str
) -> None:
    item = house.picture(house.media.put(f"/never/{answer.status}", answer))
    [job] = house.jobs(await house.hear(item))
    await house.fetcher.work(job, 1)
    asked = len(house.media.asked)
    await house.fetcher.work(job, 2)
    [lost] = (await house.first(item)).attachments
    assert why in lost.error
    assert (lost.blob, lost.url, house.slept) == ("", item.attachments[0].url, [])
    assert len(house.media.asked) == asked
    assert await house.blobs(await house.first(item)) == []


async def test_who_is_busy_is_asked_again_after_the_time_it_named(house: House) -> None:
    busy = (status(429, Retry_After="12"), status(503), status(202), found(PNG))
    item = house.picture(house.media.put("/busy", *busy))
    [job] = house.jobs(await house.hear(item))
    await house.fetcher.work(job, 1)
    assert (await house.first(item)).attachments[0].blob == job.blob
    assert house.slept == [12.0, PAUSES[1], PAUSES[2]]


async def test_who_asks_for_more_time_than_there_is_gets_a_later_delivery(house: House) -> None:
    item = house.picture(house.media.put("/later", status(429, Retry_After="3600")))
    [job] = house.jobs(await house.hear(item))
    with pytest.raises(NotNow):
        await house.fetcher.work(job, 1)
    waiting = (await house.first(item)).attachments[0]
    assert (house.slept, waiting.blob, waiting.error) == ([], "", "")


async def test_a_provider_that_stays_down_is_given_up_in_the_end(house: House) -> None:
    item = house.picture(house.media.put("/down", status(500)))
    [job] = house.jobs(await house.hear(item))
    with pytest.raises(NotNow):
        await house.fetcher.work(job, GIVE_UP_AFTER - 1)
    assert house.slept == list(PAUSES)
    await house.fetcher.work(job, GIVE_UP_AFTER)
    [lost] = (await house.first(item)).attachments
    assert lost.error == "given up: the provider answers HTTP 500"


async def test_a_channel_that_is_gone_from_the_configuration_is_said(house: House) -> None:
    item = house.picture(house.media.put("/orphan", found(PNG)))
    [job] = house.jobs(await house.hear(item))
    await house.fetcher.work(job.model_copy(update={"account": "closed"}), 1)
    assert "closed" in (await house.first(item)).attachments[0].error
    assert house.media.asked == []


async def test_a_deleted_message_keeps_no_blob(house: House) -> None:
    item = house.picture(house.media.put("/deleted", found(PNG)), house.media.put("/too", found(PNG)))
    message = await house.hear(item)
    for job in house.jobs(message):
        await house.fetcher.work(job, 1)
    assert len(await house.blobs(message)) == 2
    await house.fetcher.work(house.tidying(await house.deletion(item)), 1)
    assert await house.blobs(message) == []


async def test_a_fetch_that_is_late_brings_nothing_back(house: House) -> None:
    """The customer deletes the message while its picture is on the way."""
    gate = asyncio.Event()

    async def slow(request: web.Request) -> web.StreamResponse:
        await gate.wait()
        return web.Response(body=PNG)

    item = house.picture(house.media.put("/late", slow))
    message = await house.hear(item)
    [job] = house.jobs(message)
    fetching = asyncio.create_task(house.fetcher.work(job, 1))
    deleted = await house.deletion(item)
    await house.fetcher.work(house.tidying(deleted), 1)
    gate.set()
    await fetching
    assert await house.blobs(message) == []
    assert (await house.first(item)).attachments == ()
    await house.fetcher.work(job, 2)
    assert house.media.paths() == ["/late"]


class CutOff(Exception):
    """The process ends here."""


class Cutting(AzureBlobs):
    """Real blobs, in a process that ends right after it has written one."""

    async def put(self, name: str, content: IO[bytes], size: int, content_type: str) -> None:
        await super().put(name, content, size, content_type)
        raise CutOff


class Down(AzureBlobs):
    """A service that takes nothing."""

    async def put(self, name: str, content: IO[bytes], size: int, content_type: str) -> None:
        raise Unavailable("the blob service does not answer")


@asynccontextmanager
async def over(kind: type[AzureBlobs], house: House) -> AsyncIterator[House]:
    """The house over the same blobs, but of another kind."""
    real = house.services.blobs
    assert isinstance(real, AzureBlobs)
    blobs = kind(real._where, container=real._name)
    yield replace(house, services=replace(house.services, blobs=blobs))
    await blobs.close()


async def test_what_is_cut_off_between_blob_and_row_is_done_by_the_next_delivery(house: House) -> None:
    item = house.picture(house.media.put("/cut", found(PNG)))
    message = await house.hear(item)
    [job] = house.jobs(message)
    async with over(Cutting, house) as ending:
        with pytest.raises(NotNow, match="CutOff"):
            await ending.fetcher.work(job, 1)
    assert await house.blobs(message) == [job.blob]
    assert (await house.first(item)).attachments[0].blob == ""
    await house.fetcher.work(job, 2)
    assert await house.blobs(message) == [job.blob]
    assert (await house.first(item)).attachments[0].blob == job.blob


async def test_what_is_cut_off_and_then_deleted_leaves_nothing(house: House) -> None:
    item = house.picture(house.media.put("/cut-too", found(PNG)))
    message = await house.hear(item)
    [job] = house.jobs(message)
    async with over(Cutting, house) as ending:
        with pytest.raises(NotNow, match="CutOff"):
            await ending.fetcher.work(job, 1)
    await house.deletion(item)
    await house.fetcher.work(job, 2)
    assert await house.blobs(message) == []


async def test_blobs_that_are_down_lose_nothing(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("functions.media.fetcher.PATIENCE", 0.1)
    item = house.picture(house.media.put("/nowhere", found(PNG)))
    [job] = house.jobs(await house.hear(item))
    async with over(Down, house) as broken:
        with pytest.raises(Unavailable):
            await broken.fetcher.work(job, GIVE_UP_AFTER)
    waiting = (await house.first(item)).attachments[0]
    assert (waiting.blob, waiting.error) == ("", "")


async def test_an_edit_that_replaces_the_picture_replaces_the_copy(house: House) -> None:
    old, new = house.media.put("/old", found(PNG)), house.media.put("/new", found(b"new"))
    item = house.picture(old)
    message = await house.hear(item)
    [former] = house.jobs(message)
    await house.fetcher.work(former, 1)
    edit = {
        "kind": Kind.EDIT,
        "event": "E1",
        "target": item.event,
        "attachments": house.picture(new).attachments,
    }
    edited = await house.hear(item.model_copy(update=edit))
    [job] = house.jobs(await house.first(item))
    assert job.blob != former.blob
    await house.fetcher.work(job, 1)
    await house.fetcher.work(house.tidying(edited), 1)
    assert await house.blobs(message) == [job.blob]


async def test_what_is_no_medium_is_no_job(house: House) -> None:
    item = house.picture("https://example.com/page", "geo:60,25", "")
    kinds = (AttachmentKind.LINK, AttachmentKind.LOCATION, AttachmentKind.IMAGE)
    attachments = tuple(
        one.model_copy(update={"kind": kind}) for one, kind in zip(item.attachments, kinds, strict=True)
    )
    message = await house.hear(item.model_copy(update={"attachments": attachments}))
    assert house.jobs(message) == []
    await house.fetcher.work(Job(channel="sms", account="support", message=message.id, index=9, blob="b"), 1)
