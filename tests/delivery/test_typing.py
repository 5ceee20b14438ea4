"""An agent who types: shown once while it is fresh, whatever the provider says, and never kept."""

from collections.abc import AsyncIterator
from datetime import timedelta
from uuid import uuid4

import pytest_asyncio

from functions.conversations.threads import Draft
from functions.delivery.courier import HINT_LASTS
from functions.message import Event, Outbound
from local.azurite import Azurite
from local.servicebus.launch import ServiceBus
from local.simulators.state import Behaviour, Order, Taken
from tests.delivery.house import House, open_house
from tests.desk.kit import now
from tests.intake.samples import inbound

DOCUMENT = """
version: 1
entitlements: [digital-messaging]
accounts:
  - id: bot
    channel: telegram
    provider: telegram
    workstream: support
    settings: {{botToken: "12345:abc", secretToken: telegram-secret, apiBase: {api}}}
workstreams: [{{id: support, agentQueue: frontline}}]
agentQueues: [{{id: frontline}}]
"""


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def house(azurite: Azurite, servicebus: ServiceBus) -> AsyncIterator[House]:
    async with open_house(azurite, servicebus) as opened:
        document = DOCUMENT.format(api=opened.api.replace("/twilio", "/telegram"))
        await opened.services.configurations.apply(document, "test")
        yield opened


async def typing(house: House) -> Outbound:
    """An agent types to a customer who has just written."""
    chat = str(uuid4().int % 10**12)
    fields = {"channel": "telegram", "provider": "telegram", "account": "bot"}
    item = inbound(**fields, thread=chat, sender={"id": chat}, received_at=now())
    await house.hear(item)
    news = await house.services.threads.agent_types(f"{item.session}-000001")
    assert news
    assert news.event is Event.TYPING
    return news


def shown(house: House, news: Outbound) -> list[Taken]:
    return [one for one in house.simulators.state.sent("telegram") if one.recipient == news.recipient]


async def test_typing_is_shown_once_and_leaves_no_trace(house: House) -> None:
    news = await typing(house)
    await house.courier.deliver(news, 1)
    assert [one.typing for one in shown(house, news)] == [True]
    page = await house.services.threads.messages(news.conversation, None, 10)
    assert [message.kind for message in page.items] == ["message"]


async def test_what_was_typed_long_ago_is_not_shown(house: House) -> None:
    news = await typing(house)
    late = news.model_copy(update={"created_at": now() - HINT_LASTS - timedelta(seconds=1)})
    await house.courier.deliver(late, 1)
    assert shown(house, news) == []


async def test_a_provider_that_refuses_it_is_not_asked_again(house: House) -> None:
    news = await typing(house)
    house.simulators.state.order(Order(provider="telegram", answer=Behaviour.ERROR))
    await house.courier.deliver(news, 1)
    assert (shown(house, news), house.slept) == ([], [])
    reply = await house.services.threads.reply(news.conversation, Draft(text="hei"), key="k", agent="liisa")
    await house.courier.deliver(reply.outbound, 1)
    assert [one.text for one in shown(house, news)] == ["hei"]


async def test_an_account_that_is_gone_shows_nothing(house: House) -> None:
    news = await typing(house)
    await house.courier.deliver(news.model_copy(update={"account": "gone"}), 1)
    assert shown(house, news) == []
