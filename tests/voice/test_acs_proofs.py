"""Who may tell us of calls at ACS: the service by its token and a call's secret, Event Grid by its own."""

import json
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric import rsa

from functions.message import digest
from local.desk import DeskError
from local.simulators.acs import deliver, event
from local.simulators.acs_call import ISSUER, KID, RESOURCE, Part, token
from tests.voice.acs import NUMBER, SECRET, Exchange
from tests.voice.kit import Calling
from tests.waiting import eventually

SOMEBODY = rsa.generate_private_key(65537, 2048)
NOW = datetime.now(UTC)


def forged() -> dict[str, str]:
    usual = {"iss": ISSUER, "aud": RESOURCE, "exp": NOW + timedelta(minutes=5)}
    return {
        "signed by somebody": jwt.encode(usual, SOMEBODY, "RS256", {"kid": KID}),
        "of an unknown key": jwt.encode(usual, SOMEBODY, "RS256", {"kid": "other"}),
        "signed with our secret": jwt.encode(usual, "0" * 32, "HS256", {"kid": KID}),
        "unsigned": jwt.encode(usual, None, "none", {"kid": KID}),  # type: ignore[arg-type]
        "of another issuer": token(iss="https://sts.windows.net/x/"),
        "for another resource": token(aud="11111111-2222-4333-8444-555555555555"),
        "expired": token(nbf=NOW - timedelta(minutes=10), exp=NOW - timedelta(minutes=5)),
        "of a socket": token(lifetime=timedelta(hours=24)),
        "none": "",
    }


async def waiting(calling: Calling) -> tuple[Any, Any]:
    """Give a call whose caller thinks about the first question, and its end as the service would tell it."""
    exchange = Exchange(calling.http, calling.simulators)
    name = await exchange.call(Part(pace=0.5), "+358401239999")

    async def asked() -> bool:
        return len((await exchange.shown(name))["said"]) > 0

    await eventually(asked)
    shown = await exchange.shown(name)
    told = {
        "id": f"end-{name}",
        "source": f"calling/callConnections/{shown['connection']}",
        "type": "Microsoft.Communication.CallDisconnected",
        "specversion": "1.0",
        "data": {"callConnectionId": shown["connection"]},
    }
    return shown, told


async def post(calling: Calling, url: str, told: object, bearer: str) -> int:
    headers = {"Content-Type": "application/json"}
    headers |= {"Authorization": f"Bearer {bearer}"} if bearer else {}
    async with calling.http.post(url, data=json.dumps(told), headers=headers) as answer:
        return answer.status


async def state(calling: Calling, shown: Mapping[str, Any]) -> str:
    name = digest("acs-call", "acs-line", shown["id"])
    return str((await calling.desk.get(f"calls/{name}"))["state"])


async def test_forged_news_change_nothing(calling: Calling) -> None:
    shown, told = await waiting(calling)
    for kind, bearer in forged().items():
        assert await post(calling, shown["callback"], [told], bearer) == 401, kind
    address, _, secret = shown["callback"].rpartition("/")
    assert await post(calling, f"{address}/{'x' * len(secret)}", [told], token()) == 401
    assert await post(calling, f"{address}/{secret[:-1]}", [told], token()) == 401
    other = shown["callback"].replace("/acs-line/", "/acs-lone/")
    assert await post(calling, other, [told], token()) == 401
    assert await post(calling, shown["callback"] + "/more", [told], token()) == 404
    assert await state(calling, shown) in ("greeting", "menu")
    assert await post(calling, shown["callback"], told, token()) == 200  # one alone is no array
    assert await state(calling, shown) == "ended"


async def test_news_of_another_connection_change_nothing(calling: Calling) -> None:
    shown, told = await waiting(calling)
    told["data"]["callConnectionId"] = "another"
    assert await post(calling, shown["callback"], [told], token()) == 200
    assert await state(calling, shown) in ("greeting", "menu")


@pytest.mark.parametrize("body", [b"", b"[", b"7", b'"x"', b"[[]]", b'[{"type": 7}]', b"{}"])
async def test_what_is_no_news(calling: Calling, body: bytes) -> None:
    shown, _ = await waiting(calling)
    headers = {"Authorization": f"Bearer {token()}"}
    async with calling.http.post(shown["callback"], data=body, headers=headers) as answer:
        assert answer.status in (200, 400)
    assert await state(calling, shown) in ("greeting", "menu")


def ring(to: str, caller: str, correlation: str) -> dict[str, Any]:
    data = {
        "to": {"kind": "phoneNumber", "rawId": f"4:{to}", "phoneNumber": {"value": to}},
        "from": {"kind": "phoneNumber", "rawId": f"4:{caller}"} if caller else {},
        "serverCallId": "server",
        "incomingCallContext": "nobody's",
        "correlationId": correlation,
    }
    return event("IncomingCall", data)


@pytest.mark.parametrize(
    ("secret", "to", "caller", "status"),
    [
        ("wrong", NUMBER, "+358401238001", 401),
        (SECRET, "+358454999999", "+358401238002", 200),  # a subscription without its filter
        (SECRET, NUMBER, NUMBER, 200),  # we call ourselves: a loop
        (SECRET, NUMBER, "", 200),
    ],
)
async def test_rings_that_are_not_taken(
    calling: Calling, secret: str, to: str, caller: str, status: int
) -> None:
    url = f"{calling.url}/api/channels/voice/acs-line"
    request = deliver(url, secret, [ring(to, caller, f"c-{caller}")])
    async with calling.http.post(url, data=request.body, headers=request.headers) as answer:
        assert answer.status == status
    with pytest.raises(DeskError, match="no such call"):
        await calling.desk.get(f"calls/{digest('acs-call', 'acs-line', f'c-{caller}')}")


async def test_a_ring_that_is_over_when_we_answer(calling: Calling) -> None:
    """The service knows of no such call any more: the call has ended, and nothing is repeated."""
    url = f"{calling.url}/api/channels/voice/acs-line"
    request = deliver(url, SECRET, [ring(NUMBER, "+358401238003", "c-over")])
    for _ in range(2):
        async with calling.http.post(url, data=request.body, headers=request.headers) as answer:
            assert answer.status == 200
    found = await calling.desk.get(f"calls/{digest('acs-call', 'acs-line', 'c-over')}")
    assert (found["state"], found["reason"]) == ("ended", "the customer hung up")


async def test_a_call_of_our_number_to_itself_is_refused(calling: Calling) -> None:
    exchange = Exchange(calling.http, calling.simulators)
    shown = await exchange.shown(await exchange.call(Part(), NUMBER))
    [refused] = shown["asked"]
    assert (refused["action"], refused["content"]["callRejectReason"]) == ("reject", "busy")
