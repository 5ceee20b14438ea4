"""msal itself, unmodified, against Entra ID's stand-in on loopback."""

import asyncio
import subprocess
import sys
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import jwt
import pytest
import pytest_asyncio
from aiohttp import web
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization

from functions.cloud.tokens import EntraTokens
from functions.entra import Certificate, ClientSecret, EntraApp, ManagedIdentity
from functions.errors import NotGranted, Unavailable
from local.simulators import entra
from tests.cloud.entra_server import EntraServer, serving
from tests.desk.issuers import KEY

SCOPE = "https://api.botframework.com/.default"


def certificate() -> x509.Certificate:
    name, now = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "bot")]), datetime.now(UTC)
    made = x509.CertificateBuilder().subject_name(name).issuer_name(name).public_key(KEY.public_key())
    made = made.serial_number(1).not_valid_before(now).not_valid_after(now + timedelta(days=1))
    return made.sign(KEY, hashes.SHA256())


PRIVATE = KEY.private_bytes(
    serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
).decode()
PEM = PRIVATE + certificate().public_bytes(serialization.Encoding.PEM).decode()


@pytest_asyncio.fixture
async def server() -> AsyncIterator[EntraServer]:
    async with serving() as made:
        yield made


def app(server: EntraServer, **changes: Any) -> EntraApp:
    made = EntraApp("contoso", "bot-1", SCOPE, ClientSecret("local-secret"), f"{server.base}/entra")
    return replace(made, **changes)


async def test_a_secret_gives_a_token_that_is_kept(server: EntraServer) -> None:
    tokens = EntraTokens()
    found = await asyncio.gather(*(tokens.token(app(server)) for _ in range(5)))
    assert len(set(found)) == len(server.asked) == 1
    assert entra.claims(found[0])["aud"] == "https://api.botframework.com"
    asked = server.asked[0]
    assert (asked["client_id"], asked["client_secret"], asked["scope"]) == ("bot-1", "local-secret", SCOPE)


async def test_each_application_has_its_own(server: EntraServer) -> None:
    tokens = EntraTokens()
    one = await tokens.token(app(server))
    other = await tokens.token(app(server, client_id="bot-2"))
    changed = await tokens.token(app(server, credential=ClientSecret("local-rotated")))
    assert len({one, other, changed}) == 3
    assert await tokens.token(app(server)) == one


@pytest.mark.parametrize("credential", [ClientSecret("local-secret"), Certificate(PEM)])
async def test_a_refused_token_is_renewed(
    server: EntraServer, credential: ClientSecret | Certificate
) -> None:
    tokens = EntraTokens()
    first = await tokens.token(app(server, credential=credential))
    second = await tokens.token(app(server, credential=credential), renew=True)
    assert first != second == await tokens.token(app(server, credential=credential))
    assert len(server.asked) == 2


async def test_a_certificate_signs_an_assertion(server: EntraServer) -> None:
    await EntraTokens().token(app(server, credential=Certificate(PEM)))
    assertion = server.asked[0]["client_assertion"]
    claims = jwt.decode(assertion, KEY.public_key(), ["PS256"], options={"verify_aud": False})
    assert (claims["iss"], claims["sub"]) == ("bot-1", "bot-1")
    assert claims["aud"].endswith("/entra/contoso/oauth2/v2.0/token")
    assert "x5t#S256" in jwt.get_unverified_header(assertion)
    assert PRIVATE not in str(dict(server.asked[0]))


async def test_a_certificate_known_by_its_thumbprint(server: EntraServer) -> None:
    thumbprint = certificate().fingerprint(hashes.SHA1()).hex()
    await EntraTokens().token(app(server, credential=Certificate(PRIVATE, thumbprint)))
    assertion = server.asked[0]["client_assertion"]
    jwt.decode(assertion, KEY.public_key(), ["RS256"], options={"verify_aud": False})
    assert "x5t" in jwt.get_unverified_header(assertion)


async def test_a_managed_identity_is_azures_word(
    server: EntraServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("IDENTITY_ENDPOINT", f"{server.base}/identity")
    monkeypatch.setenv("IDENTITY_HEADER", "header-of-azure")
    tokens = EntraTokens()
    ours = app(server, credential=ManagedIdentity())
    assert [await tokens.token(ours), await tokens.token(ours)] == ["azure-1", "azure-1"]
    assert await tokens.token(ours, renew=True) == "azure-2"
    assert (server.asked[0]["client_id"], server.asked[0]["resource"]) == (
        "bot-1",
        "https://api.botframework.com",
    )
    assert server.headers["x-identity-header"] == "header-of-azure"
    server.identity_status = 400
    with pytest.raises(NotGranted):
        await EntraTokens().token(ours)
    server.identity_status = 500
    with pytest.raises(Unavailable):
        await EntraTokens().token(ours)


async def test_a_wrong_secret_is_said_but_not_shown(
    server: EntraServer, caplog: pytest.LogCaptureFixture
) -> None:
    with pytest.raises(NotGranted) as refused:
        await EntraTokens().token(app(server, credential=ClientSecret("hunter2")))
    assert refused.value.code == "invalid_client"
    assert "the client secret is wrong" in refused.value.reason
    assert "hunter2" not in refused.value.reason + caplog.text
    assert "hunter2" not in repr(app(server, credential=ClientSecret("hunter2")))


@pytest.mark.parametrize(
    "changes",
    [{"tenant": "unknown"}, {"credential": Certificate("no pem")}, {"authority": "http://login.example"}],
)
async def test_what_cannot_work_is_refused(server: EntraServer, changes: dict[str, Any]) -> None:
    with pytest.raises(NotGranted):
        await EntraTokens().token(app(server, **changes))
    assert not server.asked


@pytest.mark.parametrize(("status", "headers", "wait"), [(503, {}, 5), (429, {"Retry-After": "7"}, 7)])
async def test_a_busy_entra_is_asked_later(
    server: EntraServer, status: int, headers: dict[str, str], wait: int
) -> None:
    tokens = EntraTokens()
    server.answer = web.Response(status=status, headers=headers)
    with pytest.raises(Unavailable) as busy:
        await tokens.token(app(server))
    assert busy.value.retry_after == wait
    server.answer = None
    assert await tokens.token(app(server))


async def test_the_secret_follows_no_redirect(server: EntraServer) -> None:
    server.answer = web.Response(status=307, headers={"Location": "/entra/stranger/oauth2/v2.0/token"})
    with pytest.raises(Unavailable):
        await EntraTokens().token(app(server))
    assert len(server.asked) == 1


async def test_nobody_there_is_unavailable() -> None:
    nowhere = EntraApp("contoso", "bot-1", SCOPE, ClientSecret("local-s"), "http://127.0.0.1:9/entra")
    with pytest.raises(Unavailable):
        await EntraTokens().token(nowhere)


def test_msal_costs_no_cold_start() -> None:
    program = "import sys, functions.cloud.compose; sys.exit('msal' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", program], check=False).returncode == 0
