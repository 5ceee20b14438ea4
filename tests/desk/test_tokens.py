"""Who is let in: every way in which a token can be wrong, against a real JWKS server."""

import asyncio
import socket
from collections.abc import AsyncIterator, Callable
from datetime import UTC, datetime, timedelta

import pytest
import pytest_asyncio

from functions.desk.call import Role
from functions.desk.tokens import Authority
from functions.errors import Forbidden, MonikanavaError, NotAuthentic, Unavailable
from functions.keys import Keys
from tests.desk.issuers import (
    AUDIENCE,
    ISSUER,
    OTHER,
    WEAK,
    JwksServer,
    confused,
    jwk,
    serving,
    token,
    unsigned,
)
from tests.waiting import eventually


@pytest_asyncio.fixture
async def jwks() -> AsyncIterator[JwksServer]:
    async with serving() as server:
        yield server


class Clock:
    def __init__(self) -> None:
        self.now = datetime.now(UTC)

    def __call__(self) -> datetime:
        return self.now

    def pass_by(self, time: timedelta) -> None:
        self.now += time


def authority(url: str, clock: Callable[[], datetime] | None = None) -> Authority:
    return Authority(ISSUER, AUDIENCE, Keys(url, clock or Clock()))


def ago(**time: float) -> datetime:
    return datetime.now(UTC) - timedelta(**time)


@pytest.mark.parametrize(
    ("build", "role"),
    [
        (token, Role.AGENT),
        (lambda: token(roles=["Administrator"]), Role.ADMINISTRATOR),
        (lambda: token(roles=["Administrator"]), Role.AGENT),
        (lambda: token(roles=["Agent", "Other"]), Role.AGENT),
        (lambda: token(exp=ago(seconds=30)), Role.AGENT),  # within the leeway of 60 s
        (lambda: token(nbf=ago(seconds=-30)), Role.AGENT),
        (lambda: token(aud=["api://other", AUDIENCE]), Role.AGENT),
    ],
)
async def test_a_good_token_is_let_in(jwks: JwksServer, build: Callable[[], str], role: Role) -> None:
    caller = await authority(jwks.url).admit(f"Bearer {build()}", role)
    assert caller.id == "agent-7"


@pytest.mark.parametrize(
    ("header", "refusal", "reason"),
    [
        (lambda: "", NotAuthentic, "Authorization is missing"),
        (lambda: "Bearer ", NotAuthentic, "no bearer token"),
        (lambda: f"Basic {token()}", NotAuthentic, "no bearer token"),
        (lambda: "Bearer " + "x" * 20_000, NotAuthentic, "too long"),
        (lambda: "Bearer no.token", NotAuthentic, "not a JWT"),
        (lambda: "Bearer é.é.é", NotAuthentic, "not a JWT"),
        (lambda: f"Bearer {unsigned()}", NotAuthentic, "RS256"),
        (lambda: f"Bearer {confused()}", NotAuthentic, "RS256"),
        (lambda: f"Bearer {token(kid=None)}", NotAuthentic, "name its key"),
        (lambda: f"Bearer {token(kid='two')}", NotAuthentic, "does not publish"),
        (lambda: f"Bearer {token(kid='ec')}", NotAuthentic, "does not publish"),
        (lambda: f"Bearer {token(OTHER)}", NotAuthentic, "signature does not match"),
        (lambda: f"Bearer {token(aud='api://other')}", NotAuthentic, "another audience"),
        (lambda: f"Bearer {token(aud=None)}", NotAuthentic, "lacks its issuer, audience, or times"),
        (lambda: f"Bearer {token(iss='https://evil.example')}", NotAuthentic, "another issuer"),
        (lambda: f"Bearer {token(exp=ago(seconds=90))}", NotAuthentic, "expired"),
        (lambda: f"Bearer {token(exp=None)}", NotAuthentic, "lacks its issuer, audience, or times"),
        (lambda: f"Bearer {token(exp=-(10**400))}", NotAuthentic, "expired"),
        (lambda: f"Bearer {token(nbf=10**400)}", NotAuthentic, "not valid yet"),
        (lambda: f"Bearer {token(exp='tomorrow')}", NotAuthentic, "not whole seconds"),
        (lambda: f"Bearer {token(oid=None, sub=None)}", NotAuthentic, "names nobody"),
        (lambda: f"Bearer {token(oid={'a': 1})}", NotAuthentic, "names nobody"),
        (lambda: f"Bearer {token(nbf=ago(seconds=-90))}", NotAuthentic, "not valid yet"),
        (lambda: f"Bearer {token(roles=None)}", Forbidden, "app role Agent"),
        (lambda: f"Bearer {token(roles='Agent')}", Forbidden, "app role Agent"),
        (lambda: f"Bearer {token(roles=['agent'])}", Forbidden, "app role Agent"),
    ],
)
async def test_a_bad_token_is_refused_with_its_reason(
    jwks: JwksServer, header: Callable[[], str], refusal: type[MonikanavaError], reason: str
) -> None:
    with pytest.raises(refusal, match=reason):
        await authority(jwks.url).admit(header(), Role.AGENT)


@pytest.mark.filterwarnings("ignore::jwt.warnings.InsecureKeyLengthWarning")
async def test_a_key_that_is_too_short_is_no_key(jwks: JwksServer) -> None:
    with pytest.raises(NotAuthentic, match="does not publish"):
        await authority(jwks.url).admit(f"Bearer {token(WEAK, 'weak')}", Role.AGENT)


async def test_an_agent_is_no_administrator(jwks: JwksServer) -> None:
    with pytest.raises(Forbidden, match="Administrator"):
        await authority(jwks.url).admit(f"Bearer {token()}", Role.ADMINISTRATOR)


async def test_without_the_issuers_keys_it_is_our_fault() -> None:
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{closed.getsockname()[1]}/keys"
        with pytest.raises(Unavailable):
            await authority(url).admit(f"Bearer {token()}", Role.AGENT)


@pytest.mark.parametrize(
    ("status", "body"),
    [(500, None), (302, None), (200, b"<html>"), (200, b"[]"), (200, b"[" * 100_000), (200, b" " * 600_000)],
)
async def test_an_issuer_that_talks_nonsense_is_unavailable(
    jwks: JwksServer, status: int, body: bytes | None
) -> None:
    jwks.status, jwks.body = status, body
    with pytest.raises(Unavailable):
        await authority(jwks.url).admit(f"Bearer {token()}", Role.AGENT)
    assert jwks.calls == 1


async def test_keys_are_asked_for_once_an_hour(jwks: JwksServer) -> None:
    clock = Clock()
    gate = authority(jwks.url, clock)
    for minutes, calls in ((0, 1), (59, 1), (2, 2)):
        clock.pass_by(timedelta(minutes=minutes))
        await gate.admit(f"Bearer {token()}", Role.AGENT)
        assert jwks.calls == calls


async def test_unknown_key_ids_ask_again_at_most_every_30_seconds(jwks: JwksServer) -> None:
    clock = Clock()
    gate = authority(jwks.url, clock)
    for seconds, calls in ((0, 1), (10, 1), (19, 1), (2, 2), (5, 2)):
        clock.pass_by(timedelta(seconds=seconds))
        with pytest.raises(NotAuthentic):
            await gate.admit(f"Bearer {token(OTHER, 'new')}", Role.AGENT)
        assert jwks.calls == calls
    jwks.keys.append(jwk(OTHER, "new"))
    clock.pass_by(timedelta(seconds=31))
    await gate.admit(f"Bearer {token(OTHER, 'new')}", Role.AGENT)


async def test_known_keys_are_good_for_a_day_while_the_issuer_is_down(jwks: JwksServer) -> None:
    clock = Clock()
    gate = authority(jwks.url, clock)
    await gate.admit(f"Bearer {token()}", Role.AGENT)
    jwks.status = 500
    clock.pass_by(timedelta(hours=23))
    await gate.admit(f"Bearer {token()}", Role.AGENT)
    clock.pass_by(timedelta(hours=2))
    with pytest.raises(Unavailable):
        await gate.admit(f"Bearer {token()}", Role.AGENT)


async def test_an_issuer_that_hangs_holds_up_one_caller_only(jwks: JwksServer) -> None:
    clock = Clock()
    gate = authority(jwks.url, clock)
    await gate.admit(f"Bearer {token()}", Role.AGENT)
    clock.pass_by(timedelta(hours=2))
    jwks.answers.clear()
    asking = asyncio.create_task(gate.admit(f"Bearer {token()}", Role.AGENT))
    await eventually(lambda: jwks.calls == 2)
    async with asyncio.timeout(1):
        await gate.admit(f"Bearer {token()}", Role.AGENT)
    assert not asking.done()
    jwks.answers.set()
    await asking


async def test_a_withdrawn_key_goes_within_the_hour(jwks: JwksServer) -> None:
    clock = Clock()
    gate = authority(jwks.url, clock)
    await gate.admit(f"Bearer {token()}", Role.AGENT)
    jwks.keys = [jwk(OTHER, "new")]
    clock.pass_by(timedelta(hours=1))
    with pytest.raises(NotAuthentic):
        await gate.admit(f"Bearer {token()}", Role.AGENT)


@pytest.mark.parametrize("url", ["http://keys.example/keys", "file:///etc/passwd", "keys"])
async def test_keys_come_by_https_only(url: str) -> None:
    with pytest.raises(ValueError, match="https"):
        Keys(url, Clock())
