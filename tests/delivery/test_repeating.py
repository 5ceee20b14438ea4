"""A provider that knows a message's key for some minutes: what is repeated then, and what after."""

from collections.abc import AsyncIterator
from datetime import datetime, timedelta
from email.utils import parsedate_to_datetime

import pytest
import pytest_asyncio
from pydantic import JsonValue

from functions.channels.contract import Answer, Call
from functions.conversations.replies import Replied
from functions.delivery.courier import PAUSES, Later
from functions.message import Delivery
from functions.providers.payload import children, text
from local.azurite import Azurite
from local.servicebus.launch import ServiceBus
from local.simulators.acs import ACCESS_KEY
from local.simulators.state import Behaviour, Order
from tests.delivery import house as houses
from tests.delivery.house import House, open_house
from tests.desk.kit import now

DOCUMENT = houses.DOCUMENT.replace("twilio", "acs", 1).replace(
    """      accountSid: AC00000000000000000000000000000000
      authToken: twilio-token
      sender: "+358800123456"
      apiBase: {api}""",
    f"""      sender: "+358800123456"
      connectionString: endpoint=https://acs.example;accesskey={ACCESS_KEY}
      deliverySecret: local-secret
      apiBase: {{api}}""",
)
BUSY, TIMEOUT = Behaviour.TOO_MANY, Behaviour.TIMEOUT
ALL_TRIES = len(PAUSES) + 1


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def opened(azurite: Azurite, servicebus: ServiceBus) -> AsyncIterator[House]:
    async with open_house(azurite, servicebus) as house:
        api = house.api.replace("twilio", "acs")
        await house.services.configurations.apply(DOCUMENT.format(api=api), "test")
        yield house


@pytest.fixture
def house(opened: House) -> House:
    opened.simulators.state.clear("")
    opened.slept.clear()
    return opened


def order(house: House, *answers: Behaviour) -> None:
    for answer in answers:
        house.simulators.state.order(Order(provider="acs", answer=answer))


def taken(house: House) -> list[JsonValue]:
    """Give the recipient of each request that Azure took."""
    return [children(one.content, "smsRecipients")[0] for one in house.simulators.state.sent("acs")]


async def deliver(house: House, replied: Replied, count: int, later: timedelta = timedelta()) -> None:
    courier = house.courier

    def clock() -> datetime:
        return now() + later + timedelta(seconds=sum(house.slept))

    courier._clock = clock
    await courier.deliver(replied.outbound, count)


async def test_every_try_is_signed_anew(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    """A signature has a time in it, and at X a nonce, which is good for one request only."""
    calls: list[Call] = []
    call = house.caller.call

    async def noted(one: Call, base: str) -> Answer:
        calls.append(one)
        return await call(one, base)

    monkeypatch.setattr(house.caller, "call", noted)
    replied = await house.reply(await house.customer(), "x")
    order(house, BUSY, BUSY)
    await deliver(house, replied, 1)
    assert (await house.state(replied)).delivery is Delivery.SENT
    assert len({one.headers["x-ms-date"] for one in calls}) == len(calls) == 3


async def test_without_an_answer_it_is_asked_again_with_the_same_key(house: House) -> None:
    replied = await house.reply(await house.customer(), "once")
    order(house, TIMEOUT, BUSY)
    await deliver(house, replied, 1)
    assert (await house.state(replied)).delivery is Delivery.SENT
    assert len(taken(house)) == 1


async def test_what_azure_did_not_take_for_minutes_goes_as_a_new_request(house: House) -> None:
    replied = await house.reply(await house.customer(), "late")
    order(house, *[BUSY] * ALL_TRIES)
    with pytest.raises(Later):
        await deliver(house, replied, 1)
    await deliver(house, replied, 2, timedelta(minutes=7))
    assert (await house.state(replied)).delivery is Delivery.SENT
    [recipient] = taken(house)
    assert parsedate_to_datetime(text(recipient, "repeatabilityFirstSent")) > now() + timedelta(minutes=6)


@pytest.mark.parametrize("answers", [[TIMEOUT, BUSY, BUSY], [BUSY, TIMEOUT, BUSY], [BUSY, BUSY, TIMEOUT]])
async def test_what_azure_may_have_taken_is_uncertain_when_it_no_longer_knows(
    house: House, answers: list[Behaviour]
) -> None:
    """Whatever came after: a refusal tells of its own try, not of the one without an answer."""
    replied = await house.reply(await house.customer(), "perhaps")
    order(house, *answers, *[BUSY] * (ALL_TRIES - len(answers)))
    with pytest.raises(Later):
        await deliver(house, replied, 1)
    assert (await house.state(replied)).attempted_at is not None
    await deliver(house, replied, 2, timedelta(minutes=7))
    assert (await house.state(replied)).delivery is Delivery.UNCERTAIN
    assert len(taken(house)) == 1
