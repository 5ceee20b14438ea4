"""The development issuer: the service takes its tokens, and its key stays."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import pytest_asyncio
from aiohttp import web

from functions.desk.call import Caller, Role
from functions.desk.tokens import Authority
from functions.errors import NotAuthentic
from functions.keys import Keys
from local.issuer import AUDIENCE, FILE, ISSUER, JWKS_PATH, Issuer


@pytest_asyncio.fixture
async def issuer(tmp_path: Path) -> Issuer:
    return Issuer(tmp_path / "data")


@pytest_asyncio.fixture
async def authority(issuer: Issuer) -> AsyncIterator[Authority]:
    app = web.Application()
    app.add_routes(issuer.routes())
    runner = web.AppRunner(app)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    url = f"http://127.0.0.1:{runner.addresses[0][1]}{JWKS_PATH}"
    yield Authority(ISSUER, AUDIENCE, Keys(url, lambda: datetime.now(UTC)))
    await runner.cleanup()


async def test_its_tokens_are_let_in(issuer: Issuer, authority: Authority) -> None:
    caller = await authority.admit(f"Bearer {issuer.token('Agent', 'maija')}", Role.AGENT)
    assert caller == Caller("maija", frozenset({"Agent"}))


async def test_its_tokens_end(issuer: Issuer, authority: Authority) -> None:
    with pytest.raises(NotAuthentic, match="expired"):
        await authority.admit(f"Bearer {issuer.token('Agent', 'maija', timedelta(hours=-1))}", Role.AGENT)


async def test_the_key_stays_and_is_its_owners_alone(issuer: Issuer, tmp_path: Path) -> None:
    path = tmp_path / "data" / FILE
    assert Issuer(tmp_path / "data").jwks() == issuer.jwks()
    assert path.stat().st_mode & 0o777 == 0o600
    assert [entry.name for entry in path.parent.iterdir()] == [FILE]
    assert b"PRIVATE" in path.read_bytes()
    assert set(issuer.jwks()["keys"][0]) == {"kty", "n", "e", "kid", "use"}
