"""The send APIs' stand-ins, over HTTP: what they take, how they can be told to behave, what they tell."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace
from typing import Any

import aiohttp
import pytest
import pytest_asyncio
from aiohttp import web
from aiohttp.test_utils import TestServer
from telegram import Bot
from telegram.error import Forbidden, RetryAfter
from telegram.request import HTTPXRequest

from functions.channels.contract import (
    Answer,
    Call,
    Outcome,
    Refused,
    Request,
    Sent,
    Token,
    Tokened,
    Unsure,
    written,
)
from functions.channels.tokened import EntraTokened
from functions.cloud.tokens import EntraTokens
from functions.message import Attachment, AttachmentKind, Delivery, Event, Kind, Receipt
from local.child import Child
from local.simulators.accounts import registration
from local.simulators.server import Simulators
from tests.channels.samples import (
    ADAPTERS,
    CHANNELS,
    MEDIA,
    NOW,
    PROVIDERS,
    SECRETS,
    THREADS,
    account,
    outbound,
    room,
    standing,
)

PHOTO = Attachment(kind=AttachmentKind.IMAGE, url="https://f.example/1.jpg")


def _named(outcome: Outcome, call: Call) -> Outcome:
    return Sent(outcome.message or call.name) if isinstance(outcome, Sent) else outcome


class Bench:
    """The running simulators, and a client."""

    def __init__(self, url: str, http: aiohttp.ClientSession) -> None:
        self.url = url
        self.http = http

    async def send(self, channel: str, **message: Any) -> list[Outcome]:
        """Send a message as delivery does."""
        adapter, url = room(channel), f"{self.url}/{PROVIDERS[channel]}"
        bases = {"apiBase", "tokenBase"} & {field.alias for field in adapter.Settings.model_fields.values()}
        posted = {"url": f"{url}/events"} if channel == "custom-webhook" else {}
        to = account(channel, **{str(base): url for base in bases}, **posted)
        calls = adapter.render(outbound(channel, **message), to, standing())
        if isinstance(adapter, Tokened):
            token = adapter.token(await self.place(adapter.token_call(to, NOW, renew=False)))
            assert isinstance(token, Token)
            calls = [adapter.authorised(call, token.value) for call in calls]
        if isinstance(adapter, EntraTokened):
            ours = replace(adapter.entra_app(to), authority=f"{self.url}/entra")
            bearer = await EntraTokens().token(ours)
            calls = [adapter.authorised(call, bearer) for call in calls]
        return [_named(adapter.receipt(await self.place(call)), call) for call in calls]

    async def place(self, call: Call) -> Answer:
        data = written(call.json) if call.form is None else list(call.form)
        kind = {"Content-Type": "application/json"} if call.form is None else {}
        async with self.http.post(call.url, headers={**call.headers, **kind}, data=data) as answer:
            return Answer(
                answer.status, {k.lower(): v for k, v in answer.headers.items()}, await answer.read()
            )

    async def post(self, path: str, **content: Any) -> int:
        async with self.http.post(f"{self.url}/{path}", json=content) as answer:
            return answer.status

    async def sent(self, provider: str) -> list[dict[str, Any]]:
        async with self.http.get(f"{self.url}/sent", params={"provider": provider}) as answer:
            found: list[dict[str, Any]] = await answer.json()
            return found


@pytest_asyncio.fixture
async def bench() -> AsyncIterator[Bench]:
    async with TestServer(Simulators().application()) as server, aiohttp.ClientSession() as http:
        yield Bench(str(server.make_url("")).rstrip("/"), http)


@pytest.mark.parametrize("channel", CHANNELS)
async def test_what_is_sent_is_taken_and_named(bench: Bench, channel: str) -> None:
    photos = (PHOTO,) if channel in MEDIA else ()
    answers = await bench.send(channel, text="Päivää 👋", attachments=photos)
    taken = await bench.sent(PROVIDERS[channel])
    if channel == "wechat":  # it names no message
        assert len({one for one in answers if isinstance(one, Sent)}) == len(taken)
    else:
        assert answers == [Sent(found["id"]) for found in taken]
    assert "".join(found.get("text", "") for found in taken) == "Päivää 👋"
    assert [url for found in taken for url in found["attachments"]] == [photo.url for photo in photos]
    assert {found["recipient"] for found in taken} == {outbound(channel).recipient}
    assert await bench.sent("") == taken
    others = {provider for provider in PROVIDERS.values() if provider != PROVIDERS[channel]}
    assert not any([await bench.sent(provider) for provider in others])


@pytest.mark.parametrize("channel", ["telegram", "facebook", "instagram", "rcs", "line"])
async def test_a_sign_of_typing_is_no_message(bench: Bench, channel: str) -> None:
    [outcome] = await bench.send(channel, event=Event.TYPING)
    assert not isinstance(outcome, Refused)
    [taken] = await bench.sent(PROVIDERS[channel])
    assert (taken["typing"], taken["text"], taken["recipient"]) == (True, "", outbound(channel).recipient)


async def test_what_was_taken_can_be_forgotten(bench: Bench) -> None:
    for channel in CHANNELS:
        await bench.send(channel, text="x")
    await bench.http.delete(f"{bench.url}/sent", params={"provider": "meta"})
    left = [PROVIDERS[channel] for channel in CHANNELS if PROVIDERS[channel] != "meta"]
    assert [found["provider"] for found in await bench.sent("")] == left
    await bench.http.delete(f"{bench.url}/sent")
    assert await bench.sent("") == []


@pytest.mark.parametrize("channel", CHANNELS)
@pytest.mark.parametrize(("answer", "retryable"), [("429", True), ("500", True), ("permanent", False)])
async def test_refusals_as_often_as_ordered(bench: Bench, channel: str, answer: str, retryable: bool) -> None:
    """A broken Teams may have said it all the same: that is uncertain, and not tried again."""
    assert await bench.post("behave", provider=PROVIDERS[channel], answer=answer, times=2) == 204
    *bad, good = [(await bench.send(channel, text="x"))[0] for _ in range(3)]
    if (channel, answer) == ("teams", "500"):
        assert [type(outcome) for outcome in bad] == [Unsure] * 2
    else:
        assert [isinstance(one, Refused) and one.retryable is retryable for one in bad] == [True] * 2
    assert isinstance(good, Sent)
    assert len(await bench.sent(PROVIDERS[channel])) == 1


@pytest.mark.parametrize("channel", CHANNELS)
async def test_a_reset_takes_the_message_and_never_says_so(bench: Bench, channel: str) -> None:
    await bench.post("behave", provider=PROVIDERS[channel], answer="reset")
    with pytest.raises(aiohttp.ClientError):
        await bench.send(channel, text="x")
    assert len(await bench.sent(PROVIDERS[channel])) == 1
    assert isinstance((await bench.send(channel, text="y"))[0], Sent)


async def test_a_timeout_takes_the_message_and_never_says_so(bench: Bench) -> None:
    await bench.post("behave", provider="twilio", answer="timeout")
    sending = asyncio.create_task(bench.send("sms", text="x"))
    async with asyncio.timeout(10):
        while not await bench.sent("twilio"):  # noqa: ASYNC110 (the simulator is only seen over HTTP)
            await asyncio.sleep(0.01)
    done, _ = await asyncio.wait([sending], timeout=0.3)
    assert not done
    sending.cancel()
    with pytest.raises(asyncio.CancelledError):
        await sending


@pytest.mark.parametrize(
    "order",
    [{"provider": "pigeon", "answer": "ok"}, {"provider": "meta", "answer": "404"}, {"answer": "ok"}, {}],
)
async def test_a_wrong_order_is_explained(bench: Bench, order: dict[str, str]) -> None:
    assert await bench.post("behave", **order) == 400


@pytest.mark.parametrize(
    ("path", "call", "status"),
    [
        (
            "twilio/2010-04-01/Accounts/AC1/Messages.json",
            {"data": {"To": "+1", "From": "+2", "Body": "x"}},
            401,
        ),
        ("meta/v25.0/1/messages", {"json": {"recipient": {"id": "1"}, "message": {"text": "x"}}}, 401),
        ("acs/sms?api-version=2021-03-07", {"json": {"message": "x"}}, 401),
        ("telegram/bot1:x/sendPigeon", {"json": {"chat_id": 1}}, 404),
        ("telegram/bot1:x/sendMessage", {"json": {"chat_id": 1, "text": "x" * 4097}}, 400),
        ("telegram/bot1:x/sendMessage", {"json": {"chat_id": 1}}, 400),
        ("telegram/bot1:x/sendMessage", {"data": b"rubbish"}, 400),
        ("google/v1/phones/+1/agentMessages", {"json": {"contentMessage": {"text": "x"}}}, 401),
        ("google/token", {"data": {"grant_type": "password"}}, 400),
        ("apple/v1/message", {"json": {"type": "text", "body": "x"}}, 401),
        ("webhook/events", {"json": {"type": "message", "text": "x"}}, 401),
    ],
)
async def test_what_the_provider_would_refuse(
    bench: Bench, path: str, call: dict[str, Any], status: int
) -> None:
    async with bench.http.post(f"{bench.url}/{path}", **call) as answer:
        assert answer.status == status
    assert await bench.sent("") == []


@pytest.mark.parametrize("channel", ["sms-acs", "whatsapp-acs"])
async def test_acs_sends_a_repeated_request_once(bench: Bench, channel: str) -> None:
    first, again = await bench.send(channel, text="x"), await bench.send(channel, text="x")
    assert first == again
    assert len(await bench.sent("acs")) == 1
    assert await bench.send(channel, text="x", id="out-2") != first


@pytest.mark.parametrize("channel", ["sms-acs", "whatsapp-acs"])
async def test_acs_refuses_another_key(bench: Bench, channel: str) -> None:
    other = f"endpoint={bench.url}/acs;accesskey=b3RoZXI="
    [call] = room(channel).render(
        outbound(channel, text="x"), account(channel, connectionString=other), standing()
    )
    refused = room(channel).receipt(await bench.place(call))
    assert isinstance(refused, Refused)
    assert (refused.code, refused.retryable) == ("Denied", False)


async def test_telegrams_own_client_is_content(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PTB_TIMEDELTA", "1")  # else the client warns that waits will be timedeltas
    async with HTTPXRequest() as client:
        bot = Bot("123:token", base_url=f"{bench.url}/telegram/bot", request=client)
        message = await bot.send_message(42, "Hei 👋")
        assert (message.text, message.chat_id) == ("Hei 👋", 42)
        await bench.post("behave", provider="telegram", answer="429")
        with pytest.raises(RetryAfter):
            await bot.send_message(42, "x")
        await bench.post("behave", provider="telegram", answer="permanent")
        with pytest.raises(Forbidden):
            await bot.send_message(42, "x")


class Ear:
    """A webhook that keeps what it is told."""

    def __init__(self) -> None:
        self.heard: asyncio.Queue[Request] = asyncio.Queue()

    async def hear(self, request: web.Request) -> web.Response:
        headers = {name.lower(): value for name, value in request.headers.items()}
        await self.heard.put(Request("POST", str(request.url), "", headers, await request.read(), NOW))
        return web.Response()

    async def next(self) -> Request:
        async with asyncio.timeout(10):
            return await self.heard.get()


@pytest_asyncio.fixture
async def ear() -> AsyncIterator[tuple[Ear, str]]:
    listening = Ear()
    app = web.Application()
    app.router.add_post("/hook", listening.hear)
    async with TestServer(app) as server:
        yield listening, str(server.make_url("/hook"))


async def test_twilio_tells_of_sent_and_delivered(bench: Bench, ear: tuple[Ear, str]) -> None:
    listening, callback = ear
    sender = account("sms")
    await bench.post(
        "accounts", provider="twilio", account=sender.settings.account_sid, secret=SECRETS["auth_token"]
    )
    to = replace(sender, callback=callback, settings=account("sms", apiBase=f"{bench.url}/twilio").settings)
    [call] = room("sms").render(outbound("sms", text="x"), to, standing())
    answer = room("sms").receipt(await bench.place(call))
    assert isinstance(answer, Sent)
    for state in (Delivery.SENT, Delivery.DELIVERED):
        request = await listening.next()
        room("sms").authenticate(request, to)
        [item] = room("sms").parse(request, to)
        assert (item.kind, item.thread) == (Kind.RECEIPT, "+358401234567")
        assert item.receipt == Receipt(state=state, message=answer.message)


@pytest.mark.parametrize(
    ("channel", "address", "states"),
    [
        ("sms-acs", "sender", [Delivery.DELIVERED]),
        ("whatsapp-acs", "channel_id", [Delivery.DELIVERED, Delivery.SENT, Delivery.READ]),
    ],
)
async def test_acs_tells_in_any_order(
    bench: Bench, ear: tuple[Ear, str], channel: str, address: str, states: list[Delivery]
) -> None:
    listening, callback = ear
    ours = getattr(account(channel).settings, address)
    await bench.post(
        "accounts", provider="acs", account=ours, secret=SECRETS["delivery_secret"], callback=callback
    )
    [answer] = await bench.send(channel, text="x")
    assert isinstance(answer, Sent)
    for state in states:
        request = await listening.next()
        room(channel).authenticate(request, account(channel))
        [item] = room(channel).parse(request, account(channel))
        assert (item.kind, item.thread) == (Kind.RECEIPT, outbound(channel).thread)
        assert item.receipt == Receipt(state=state, message=answer.message)


async def test_meta_tells_of_the_echo_of_delivery_and_of_reading(bench: Bench, ear: tuple[Ear, str]) -> None:
    listening, callback = ear
    page = account("facebook").settings.page_id
    await bench.post(
        "accounts", provider="meta", account=page, secret=SECRETS["app_secret"], callback=callback
    )
    [answer] = await bench.send("facebook", text="x")
    assert isinstance(answer, Sent)
    said, delivered, read = [await listening.next() for _ in range(3)]
    for request in (said, delivered, read):
        room("facebook").authenticate(request, account("facebook"))
    [echo] = room("facebook").parse(said, account("facebook"))
    assert (echo.kind, echo.event, echo.text) == (Kind.ECHO, answer.message, "x")
    assert (echo.thread, echo.target) == (outbound("facebook").thread, outbound("facebook").id)
    [one, up_to] = room("facebook").parse(delivered, account("facebook"))
    assert one.receipt == Receipt(state=Delivery.DELIVERED, message=answer.message)
    [seen] = room("facebook").parse(read, account("facebook"))
    assert up_to.receipt
    assert seen.receipt
    assert (up_to.receipt.state, seen.receipt.state) == (Delivery.DELIVERED, Delivery.READ)
    assert one.thread == up_to.thread == seen.thread == outbound("facebook").thread


async def test_google_tells_of_delivery_and_reading(bench: Bench, ear: tuple[Ear, str]) -> None:
    listening, callback = ear
    agent, secret = account("rcs").settings.agent_id, SECRETS["client_token"]
    await bench.post("accounts", provider="google", account=agent, secret=secret, callback=callback)
    [answer] = await bench.send("rcs", text="x")
    assert isinstance(answer, Sent)
    for state in (Delivery.DELIVERED, Delivery.READ):
        request = await listening.next()
        room("rcs").authenticate(request, account("rcs"))
        [item] = room("rcs").parse(request, account("rcs"))
        assert (item.thread, item.receipt) == (THREADS["rcs"], Receipt(state=state, message=answer.message))


@pytest.mark.parametrize(
    ("channel", "states"),
    [
        ("whatsapp-meta", [Delivery.SENT, Delivery.DELIVERED, Delivery.READ]),
        ("whatsapp-twilio", [Delivery.SENT, Delivery.DELIVERED, Delivery.READ]),
    ],
)
async def test_news_name_the_message_and_its_thread(
    bench: Bench, ear: tuple[Ear, str], channel: str, states: list[Delivery]
) -> None:
    listening, hook = ear
    settings = account(channel, apiBase=f"{bench.url}/{PROVIDERS[channel]}").settings
    to = replace(account(channel), callback=hook, settings=settings)
    found = registration(*ADAPTERS[channel], dict(settings), hook)
    assert found
    assert await bench.post("accounts", **found.model_dump(by_alias=True)) == 204
    message = outbound(channel, text="x")
    [call] = room(channel).render(message, to, standing())
    answer = room(channel).receipt(await bench.place(call))
    assert isinstance(answer, Sent)
    ours = {"ours": message.id, "whole": True} if channel == "whatsapp-meta" else {}
    for state in states:
        request = await listening.next()
        room(channel).authenticate(request, to)
        [item] = room(channel).parse(request, to)
        assert item.receipt == Receipt(state=state, message=answer.message, **ours)
        assert item.thread == message.thread


async def test_instagram_tells_what_its_profile_said(bench: Bench, ear: tuple[Ear, str]) -> None:
    listening, hook = ear
    profile = account("instagram").settings.instagram_id
    named = {"provider": "meta", "account": profile, "secret": SECRETS["app_secret"], "callback": hook}
    await bench.post("accounts", channel="instagram", **named)
    [answer] = await bench.send("instagram", text="x")
    assert isinstance(answer, Sent)
    said, seen = await listening.next(), await listening.next()
    [echo] = room("instagram").parse(said, account("instagram"))
    assert (echo.kind, echo.event, echo.text) == (Kind.ECHO, answer.message, "x")
    assert (echo.thread, echo.target) == (THREADS["instagram"], "")
    [item] = room("instagram").parse(seen, account("instagram"))
    assert item.receipt == Receipt(state=Delivery.READ, message=answer.message)
    for request in (said, seen):
        room("instagram").authenticate(request, account("instagram"))


async def test_as_a_process_it_says_when_it_is_ready_and_stops_when_told() -> None:
    child = Child("local.simulators", "--port", "0")
    port = await child.start()
    try:
        async with aiohttp.ClientSession() as http, http.get(f"http://127.0.0.1:{port}/sent") as answer:
            assert await answer.json() == []
    finally:
        await child.stop()
    with pytest.raises(OSError, match=r"Connect|refused"):
        await asyncio.open_connection("127.0.0.1", port)
