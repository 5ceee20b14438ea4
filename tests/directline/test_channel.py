"""The channel as the rest of the house knows it; what a poll and a post cost."""

import dataclasses
import json
from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

import pytest
import pytest_asyncio
from pydantic import ValidationError

from functions.channels.chat import Chat, ChatSettings
from functions.channels.contract import Account, Request, Response, Standing
from functions.channels.texts import said
from functions.cloud.compose import outside
from functions.cloud.secrets import EnvironmentSecrets
from functions.cloud.service_bus import AzureBus
from functions.cloud.tables import open_tables
from functions.conversations.feed import Mark
from functions.directline.activities import Watermark
from functions.errors import Invalid, NotDeliverable
from functions.message import Attachment, AttachmentKind, Choice, Event, Outbound
from functions.services import wire
from functions.settings import Settings
from local.azurite import Azurite
from local.servicebus.launch import ServiceBus
from tests.directline.kit import SECRET, configuration, settings
from tests.identity.counting import Counting

NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)
STANDING = Standing(NOW, None)
MOI = {"text": "moi"}


def account(**more: Any) -> Account[ChatSettings]:
    callback = "https://omni.example/api/channels/chat/web"
    return Account("web", "chat", "directline", callback, ChatSettings.model_validate(settings(**more)))


def outbound(**fields: Any) -> Outbound:
    given = {
        "channel": "chat",
        "provider": "directline",
        "account": "web",
        "thread": "t",
        "recipient": "dl_1",
    }
    return Outbound.model_validate({"id": "m", "conversation": "c", "created_at": NOW, **given, **fields})


@pytest.mark.parametrize(
    "fields",
    [
        MOI,
        {"text": "x" * 7168},
        {"attachments": (Attachment(kind=AttachmentKind.FILE, url="https://f.example/a.pdf"),)},
        {**MOI, "choices": (Choice(title="a", payload="b"),) * 10},
        {"event": Event.TYPING},
    ],
)
def test_nothing_is_sent_for_the_client_reads(fields: dict[str, Any]) -> None:
    assert Chat().render(outbound(**fields), account(), STANDING) == []


@pytest.mark.parametrize(
    ("fields", "code"),
    [
        ({"text": " "}, "empty"),
        ({"text": "x" * 7169}, "too-long"),
        ({"attachments": (Attachment(kind=AttachmentKind.FILE, url="telegram:1"),)}, "attachment-url"),
        ({"attachments": (Attachment(kind=AttachmentKind.STICKER, url="https://x"),)}, "attachment-kind"),
        ({**MOI, "choices": (Choice(title="a", payload="b"),) * 11}, "too-many-choices"),
    ],
)
def test_what_a_chat_does_not_carry(fields: dict[str, Any], code: str) -> None:
    with pytest.raises(NotDeliverable) as refused:
        Chat().render(outbound(**fields), account(), STANDING)
    assert refused.value.code == code


def test_what_is_put_into_pages() -> None:
    steps = {step.name: step.value for step in Chat().setup(account())}
    assert (
        steps["widget"]
        == '<script src="https://omni.example/api/channels/chat/web/widget.js" async></script>'
    )
    assert steps["domain"] == "https://omni.example/api/channels/chat/web/v3/directline"


@pytest.mark.parametrize(
    "wrong",
    [
        {"secrets": []},
        {"secrets": ["a", "b", "c"]},
        {"secrets": [""]},
        {"signingKeys": []},
        {"signingKeys": [{"id": "a", "key": "short"}]},
        {"signingKeys": [{"id": "a", "key": "k" * 32}, {"id": "a", "key": "l" * 32}]},
        {"allowedOrigins": ["https://shop.example/path"]},
        {"allowedOrigins": ["*"]},
        {"survey": [{"id": str(n), "text": "?"} for n in range(11)]},
        {"signIn": {"issuer": "i", "audience": "a", "jwksUrl": "http://elsewhere.example/keys"}},
        {"signIn": {"issuer": "i", "audience": "a"}},
        {
            "signIn": {
                "issuer": "i",
                "audience": "a",
                "jwksUrl": "https://k.example",
                "publicKeyUrl": "https://k.example",
            }
        },
    ],
)
def test_settings_that_are_none(wrong: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        ChatSettings.model_validate({**settings(), **wrong})


@pytest.mark.parametrize(
    ("texts", "locale", "expected"),
    [
        ("sama", "fi-FI", "sama"),
        ({"fi": "hei", "en": "hello"}, "fi-FI", "hei"),
        ({"fi": "hei", "en": "hello"}, "de-DE", "hello"),
        ({"fi": "hei", "sv-FI": "hej"}, "sv-FI", "hej"),
        ({"fi": "hei"}, "", "hei"),
        ({}, "fi", ""),
    ],
)
def test_texts_by_locale(texts: Any, locale: str, expected: str) -> None:
    assert said(texts, locale) == expected


@pytest.mark.parametrize(
    "mark",
    [Watermark(), Watermark(Mark(3, 14)), Watermark(Mark(1, 2), NOW), Watermark(Mark(1, 2), NOW, ended=True)],
)
def test_watermarks_are_read_as_written(mark: Watermark) -> None:
    assert Watermark.read(str(mark)) == mark


def test_the_beginning_is_no_watermark() -> None:
    assert Watermark.read("") == Watermark(begun=False)
    with pytest.raises(Invalid):
        Watermark.read("1-2-x")


@dataclass
class House:
    """The app's services over tables that are counted."""

    receive: Any
    tables: dict[str, Counting]

    async def call(
        self, method: str, path: str, token: str, body: Any = None, query: str = "", later: int = 0
    ) -> Response:
        at = datetime.now(UTC) + timedelta(seconds=later)
        headers = {"authorization": f"Bearer {token}"}
        content = json.dumps(body).encode() if body is not None else b""
        request = Request(method, "", query, headers, content, at, rest=f"v3/directline/{path}")
        answer: Response = await self.receive("chat", "web", request)
        return answer

    def counts(self) -> dict[str, tuple[int, int]]:
        found = {
            name: (one.reads, one.commits) for name, one in self.tables.items() if one.reads or one.commits
        }
        for one in self.tables.values():
            one.reads = one.commits = 0
        return {name: count for name, count in found.items() if name != "configuration"}


@pytest_asyncio.fixture
async def house(azurite: Azurite, servicebus: ServiceBus) -> AsyncIterator[House]:
    tables, bus = open_tables(azurite.connection_string), AzureBus.connect(servicebus.connection_string)
    counted: dict[str, Counting] = {}
    run = f"chat{uuid4().hex[:8]}"

    def table(name: str) -> Counting:
        return counted.setdefault(name, Counting(tables.table(run + name)))

    app = Settings("https://omni.example", "", "", "", "", "", "", "", ())
    real = outside(tables, bus, None, EnvironmentSecrets({}))  # type: ignore[arg-type] # no file is sent here
    services = wire(app, dataclasses.replace(real, table=table))
    nowhere = "http://127.0.0.1:1/keys"
    await services.configurations.apply(configuration(nowhere, nowhere), "test")
    yield House(services.intake.receive, counted)
    await bus.close()
    await tables.close()


async def test_what_calls_cost(house: House) -> None:
    made = await house.call("POST", "tokens/generate", SECRET, {"user": {"id": f"dl_{uuid4().hex}"}})
    found = json.loads(made.body)
    token, place = found["token"], f"conversations/{found['conversationId']}"
    await house.call("POST", "conversations", token, {})
    house.counts()
    for query in ("", "watermark=0-0"):
        polled = await house.call("GET", f"{place}/activities", token, query=query)
        assert polled.status == 200
        assert house.counts() == {"threads": (1, 0)}
    ended = await house.call("GET", f"{place}/activities", token, query="watermark=1-2-1-end")
    assert ended.status == 404
    assert house.counts() == {}
    refreshed = await house.call("POST", "tokens/refresh", token)
    assert refreshed.status == 200
    assert house.counts() == {}
    posted = await house.call("POST", f"{place}/activities", token, {"type": "message", "text": "moi"})
    assert posted.status == 200
    assert house.counts() == {"chats": (1, 0), "threads": (2, 0)}
    typed = await house.call("POST", f"{place}/activities", token, {"type": "typing"})
    assert typed.status == 200
    assert house.counts() == {"threads": (0, 1)}


async def test_a_token_lives_half_an_hour_and_can_be_renewed(house: House) -> None:
    made = json.loads((await house.call("POST", "tokens/generate", SECRET, {})).body)
    place = f"conversations/{made['conversationId']}/activities"
    for later, status in ((0, 200), (1795, 200), (1801, 403)):
        assert (await house.call("GET", place, made["token"], later=later)).status == status
    renewed = json.loads((await house.call("POST", "tokens/refresh", made["token"], later=1700)).body)
    assert (await house.call("GET", place, renewed["token"], later=3400)).status == 200
    assert (await house.call("POST", "tokens/refresh", made["token"], later=1801)).status == 403


async def test_pollers_are_asked_to_slow_down(house: House) -> None:
    made = json.loads((await house.call("POST", "tokens/generate", SECRET, {})).body)
    place = f"conversations/{made['conversationId']}/activities"
    paces = [(0, "1000"), (120, "2000"), (600, "5000"), (1700, "5000")]
    for later, pace in paces:
        polled = await house.call("GET", place, made["token"], query="watermark=0-0", later=later)
        assert polled.headers["X-Poll-Interval"] == pace
