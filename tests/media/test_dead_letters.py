"""What the media queue gave up on: said on the attachment, where an agent can ask again."""

from typing import Any
from uuid import uuid4

import azure.functions as func
import pytest
from azure.functions.servicebus import ServiceBusMessage

from functions.cloud.triggers import register_shared
from functions.media.jobs import Job
from functions.services import Services
from local.servicebus.launch import ServiceBus
from tests.intake.reading import read, text
from tests.media.house import House
from tests.media.provider import found
from tests.media.samples import PNG

WHY = "the queue gave up: MaxDeliveryCountExceeded"


async def dies(house: House, body: str) -> None:
    """Let the app's function take a job from the dead letters."""
    app = func.FunctionApp()

    async def services() -> Services:
        return house.services

    register_shared(app, services)
    [dead] = [one for one in app.get_functions() if one.get_function_name() == "dead_media"]
    properties: dict[str, Any] = {"DeadLetterReason": "MaxDeliveryCountExceeded"}
    message = ServiceBusMessage(
        body=body.encode(), application_properties=properties, message_id=uuid4().hex, user_properties={}
    )
    await dead.get_user_function()(message)


async def test_an_attachment_says_that_its_fetch_was_given_up_and_can_be_asked_for_again(
    house: House,
) -> None:
    item = house.picture(house.media.put("/flaky", found(PNG)), house.media.put("/other", found(PNG)))
    message = await house.hear(item)
    [job, _] = house.jobs(message)
    await dies(house, job.json_text())
    lost, other = (await house.first(item)).attachments
    assert (lost.error, lost.blob, other.error) == (WHY, "", "")
    await house.services.media.again(await house.first(item), 0)
    await house.fetcher.work(job, 1)
    kept = (await house.first(item)).attachments[0]
    assert (kept.error, kept.blob) == ("", job.blob)


async def test_a_copy_that_is_there_stays(house: House) -> None:
    item = house.picture(house.media.put("/there", found(PNG)))
    [job] = house.jobs(await house.hear(item))
    await house.fetcher.work(job, 1)
    await dies(house, job.json_text())
    [kept] = (await house.first(item)).attachments
    assert (kept.error, kept.blob) == ("", job.blob)


@pytest.mark.parametrize(
    "body", ["no job", Job(channel="sms", account="a", message="gone", index=0).json_text()]
)
async def test_what_is_about_no_attachment_is_parked(house: House, servicebus: ServiceBus, body: str) -> None:
    await dies(house, body)
    [parked] = [one for one in await read(servicebus, "parked", count=1) if text(one) == body]
    told = {_text(name): _text(value) for name, value in (parked.application_properties or {}).items()}
    assert (told["queue"], told["reason"]) == ("media", WHY)


def _text(value: object) -> str:
    return value.decode() if isinstance(value, bytes) else str(value)
