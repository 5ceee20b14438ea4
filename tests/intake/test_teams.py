"""Teams' calls through the whole intake, with keys from a server; Microsoft's own validator beside ours."""

import asyncio
import gc
import json
from collections.abc import AsyncIterator, Callable, Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

import pytest
import pytest_asyncio
from aiohttp import web
from aiohttp.test_utils import TestServer
from botbuilder.schema import Activity
from botframework.connector.auth import (
    ChannelValidation,
    JwtTokenValidation,
    SimpleCredentialProvider,
)

from functions.channels.contract import Account, Response
from functions.cloud.service_bus import AzureBus
from functions.cloud.tables import AzureTable, Tables
from functions.intake.handshakes import Handshakes
from functions.intake.outbox import Outbox
from functions.intake.parked import Parked
from functions.intake.webhook import Intake
from functions.keys import KeyRing
from functions.message import Inbound, thread_key
from local.servicebus.launch import ServiceBus
from tests.channels.bot_tokens import confused, token, unsigned
from tests.channels.samples import account, request
from tests.channels.vectors.teams import APP, TENANT, activity
from tests.desk.issuers import KEY, OTHER, jwk
from tests.intake.reading import read, text
from tests.intake.samples import Clock

# azure-servicebus 7.15 leaves the socket of a broken connection to the garbage collector.
pytestmark = pytest.mark.filterwarnings("ignore::ResourceWarning")


@pytest.fixture(autouse=True)
def collected() -> Iterator[None]:
    yield
    gc.collect()


@dataclass(frozen=True)
class Given:
    """A call: its body, and its Authorization header."""

    body: bytes
    proof: str


class BotFramework:
    """The published keys, with what Microsoft says of them, and intake with a bot that trusts them."""

    def __init__(self, bus: AzureBus, spool: AzureTable, notes: AzureTable) -> None:
        clock = Clock()
        outbox = Outbox(bus, spool, clock)
        self.url = ""
        self.status = 200
        self.calls = 0
        self._intake = Intake(
            self._account,
            outbox,
            Parked(notes, outbox, clock),
            Handshakes(notes, clock),
            KeyRing(),
        )

    def application(self) -> web.Application:
        app = web.Application()
        app.router.add_get("/openid", self._metadata)
        app.router.add_get("/keys", self._keys)
        return app

    async def receive(self, given: Given) -> Response:
        """Let ours judge."""
        headers = {"authorization": given.proof} if given.proof else {}
        call = replace(request("teams", given.body, headers), received_at=datetime.now(UTC))
        return await self._intake.receive("teams", "teams-1", call)

    async def theirs(self, given: Given) -> bool:
        """Let Microsoft's own code judge, in a thread: it fetches the keys with blocking calls."""

        def judge() -> bool:
            sent = Activity().deserialize(json.loads(given.body))
            who = SimpleCredentialProvider(APP, "")
            try:
                found = asyncio.run(JwtTokenValidation.authenticate_request(sent, given.proof, who))
            except Exception:  # an unknown key id is an IndexError, most others a PermissionError
                return False
            return bool(found.is_authenticated)

        return await asyncio.to_thread(judge)

    async def _account(self, channel: str, account_id: str) -> Account[Any]:
        return account("teams", keysUrl=f"{self.url}/keys")

    async def _metadata(self, _: web.Request) -> web.Response:
        return web.json_response({"issuer": "https://api.botframework.com", "jwks_uri": f"{self.url}/keys"})

    async def _keys(self, _: web.Request) -> web.Response:
        self.calls += 1
        keys = [
            {**jwk(KEY, "one"), "endorsements": ["msteams", "webchat"]},
            {**jwk(KEY, "other-channels"), "endorsements": ["webchat", "slack"]},
            jwk(KEY, "nobody"),
        ]
        return web.json_response({"keys": keys}, status=self.status)


@pytest_asyncio.fixture
async def framework(
    bus: AzureBus, tables: Tables, table: AzureTable, monkeypatch: pytest.MonkeyPatch
) -> AsyncIterator[BotFramework]:
    made = BotFramework(bus, tables.table(f"s{uuid4().hex}"), table)
    async with TestServer(made.application()) as server:
        made.url = str(server.make_url("")).rstrip("/")
        monkeypatch.setattr(ChannelValidation, "open_id_metadata_endpoint", f"{made.url}/openid")
        yield made


def now() -> datetime:
    return datetime.now(UTC)


def good(conversation: str = "", **more: Any) -> bytes:
    place = {"conversationType": "personal", "tenantId": TENANT, "id": conversation or "a:1"}
    return activity(text="Hei", conversation=place, **more)


def bearer(body: bytes, *arguments: Any, **changes: Any) -> Given:
    return Given(body, f"Bearer {token(body, now(), *arguments, **changes)}")


def at(moment: datetime) -> dict[str, int]:
    return {"nbf": int(moment.timestamp()), "exp": int((moment + timedelta(hours=1)).timestamp())}


# What is wrong, and whether Microsoft's validator of 4.17 sees it too.
BAD: dict[str, tuple[Callable[[bytes], Given], bool]] = {
    "no token": (lambda body: Given(body, ""), True),
    "rubbish": (lambda body: Given(body, "Bearer rubbish"), True),
    "another scheme": (lambda body: replace(bearer(body), proof=f"Basic {token(body, now())}"), True),
    "wrong audience": (lambda body: bearer(body, aud="00000000-9999-2222-3333-444444444444"), True),
    "no audience": (lambda body: bearer(body, aud=None), True),
    "wrong issuer": (lambda body: bearer(body, iss="https://api.botframework.us"), True),
    "Entra ID's issuer": (lambda body: bearer(body, iss=f"https://sts.windows.net/{TENANT}/"), True),
    "another service URL": (lambda body: bearer(body, serviceurl="https://evil.example/"), True),
    "no service URL": (lambda body: bearer(body, serviceurl=None), True),
    "expired": (lambda body: bearer(body, **at(now() - timedelta(hours=1, minutes=6))), True),
    "not yet valid": (lambda body: bearer(body, **at(now() + timedelta(minutes=6))), True),
    "endless": (lambda body: bearer(body, exp=None), False),
    "unknown key": (lambda body: bearer(body, KEY, "unpublished"), True),
    "no key id": (lambda body: bearer(body, KEY, None), True),
    "another's signature": (lambda body: bearer(body, OTHER), True),
    "alg none": (lambda body: Given(body, f"Bearer {unsigned(body, now())}"), True),
    "HS256 with the public key": (
        lambda body: Given(body, f"Bearer {confused(body, now())}"),
        True,
    ),
    "endorsed for other channels": (lambda body: bearer(body, KEY, "other-channels"), True),
    "endorsed for none": (lambda body: bearer(body, KEY, "nobody"), False),
}
# What only the tenant's own rules forbid: Microsoft's validator lets it in.
STRANGE: dict[str, Callable[[str], bytes]] = {
    "another channel of the bot": lambda place: good(place, channelId="webchat"),
    "another tenant": lambda place: good(place, channelData={"tenant": {"id": APP}}),
    "no tenant": lambda place: activity(conversation={"id": place}, channelData={}),
}


async def test_the_good_one_is_let_in_by_both(framework: BotFramework, servicebus: ServiceBus) -> None:
    place = f"a:{uuid4().hex}"
    given = bearer(good(place))
    answers = [await framework.receive(given) for _ in range(2)]
    assert [answer.status for answer in answers] == [200, 200]
    assert await framework.theirs(given)
    [found] = await read(servicebus, "inbound-teams", thread_key("teams", "teams-1", place), count=1)
    assert Inbound.model_validate_json(text(found)).text == "Hei"


@pytest.mark.parametrize("moment", [timedelta(minutes=-64), timedelta(minutes=4)])
async def test_clocks_may_differ_by_five_minutes(framework: BotFramework, moment: timedelta) -> None:
    given = bearer(good(), **at(now() + moment))
    assert (await framework.receive(given)).status == 200
    assert await framework.theirs(given)


@pytest.mark.parametrize("bad", BAD)
async def test_the_bad_are_refused_by_both(framework: BotFramework, bad: str) -> None:
    make, they_see = BAD[bad]
    given = make(good())
    assert (await framework.receive(given)).status == 401
    assert await framework.theirs(given) is not they_see


@pytest.mark.parametrize("strange", STRANGE)
async def test_strangers_are_refused_by_us(framework: BotFramework, strange: str) -> None:
    given = bearer(STRANGE[strange]("a:1"))
    assert (await framework.receive(given)).status == 401
    assert await framework.theirs(given)


async def test_what_is_refused_is_not_stored(framework: BotFramework, servicebus: ServiceBus) -> None:
    place = f"a:{uuid4().hex}"
    for make, _ in BAD.values():
        assert (await framework.receive(make(good(place)))).status == 401
    for strange in STRANGE.values():
        assert (await framework.receive(bearer(strange(place)))).status == 401
    last = good(place, id="the-good-one")
    assert (await framework.receive(bearer(last))).status == 200
    [found] = await read(servicebus, "inbound-teams", thread_key("teams", "teams-1", place), count=1)
    assert Inbound.model_validate_json(text(found)).event == f"{place}/the-good-one"


async def test_keys_are_kept_and_unknown_ids_do_not_make_us_ask_on(framework: BotFramework) -> None:
    for _ in range(3):
        assert (await framework.receive(bearer(good()))).status == 200
        assert (await framework.receive(bearer(good(), KEY, "unpublished"))).status == 401
    assert framework.calls == 1


async def test_keys_that_cannot_be_had_are_our_fault(framework: BotFramework) -> None:
    framework.status = 500
    answer = await framework.receive(bearer(good()))
    assert answer.status == 503
    assert int(answer.headers["Retry-After"]) > 0


async def test_a_button_that_waits_is_answered(framework: BotFramework) -> None:
    value = {"action": {"type": "Action.Execute", "verb": "ok", "data": {"payload": "YES"}}}
    answer = await framework.receive(
        bearer(activity("invoke", name="adaptiveCard/action", value=value, id=uuid4().hex))
    )
    assert (answer.status, answer.content_type) == (200, "application/json")
    assert json.loads(answer.body)["statusCode"] == 200
