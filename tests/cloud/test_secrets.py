"""Secrets: from Key Vault by its SDK, against a server that speaks its REST API, or the environment."""

import asyncio
import time
from collections.abc import AsyncIterator
from pathlib import Path
from types import TracebackType
from typing import Any

import pytest
import pytest_asyncio
from aiohttp import web
from azure.core.credentials import AccessToken
from azure.keyvault.secrets.aio import SecretClient

from functions.cloud.secrets import SECONDS, EnvironmentSecrets, VaultSecrets
from functions.errors import NotFound, Unavailable
from tests.delivery.certificates import self_signed

CHALLENGE = 'Bearer authorization="https://login.example/tenant", resource="https://vault.azure.net"'


class Identity:
    """A credential whose token is as good as any: signing in to Entra ID is not what is tested."""

    async def get_token(self, *scopes: str, **_: Any) -> AccessToken:
        return AccessToken("a-token", int(time.time()) + 3600)

    async def close(self) -> None:
        return

    async def __aenter__(self) -> "Identity":
        return self

    async def __aexit__(
        self,
        exc_type: type[BaseException] | None = None,
        exc_value: BaseException | None = None,
        traceback: TracebackType | None = None,
    ) -> None:
        return


class Vault:
    """Key Vault's GET of a secret: https://learn.microsoft.com/rest/api/keyvault/secrets/get-secret."""

    def __init__(self) -> None:
        self.values: dict[str, str] = {}
        self.status = 200
        self.silent = False
        self.closing = asyncio.Event()

    async def get(self, request: web.Request) -> web.Response:
        if self.silent:
            await self.closing.wait()
        if request.headers.get("Authorization") != "Bearer a-token":
            return web.Response(status=401, headers={"WWW-Authenticate": CHALLENGE})
        name = request.match_info["name"]
        if self.status != 200:
            return web.json_response({"error": {"code": "Refused", "message": "no"}}, status=self.status)
        if name not in self.values:
            error = {"code": "SecretNotFound", "message": f"{name} was not found in this key vault."}
            return web.json_response({"error": error}, status=404)
        place = f"https://{request.host}/secrets/{name}/0123456789abcdef0123456789abcdef"
        return web.json_response({"value": self.values[name], "id": place, "attributes": {"enabled": True}})


@pytest.fixture
def vault() -> Vault:
    return Vault()


@pytest_asyncio.fixture
async def secrets(vault: Vault, tmp_path: Path) -> AsyncIterator[VaultSecrets]:
    app = web.Application()
    app.router.add_get("/secrets/{name}/", vault.get)
    app.router.add_get("/secrets/{name}", vault.get)
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=1)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0, ssl_context=self_signed(tmp_path / "vault.pem"))
    await site.start()
    url = f"https://127.0.0.1:{runner.addresses[0][1]}"
    trusted = {"connection_verify": str(tmp_path / "vault.pem"), "verify_challenge_resource": False}
    async with SecretClient(url, Identity(), **trusted) as client:
        yield VaultSecrets(client)
    vault.closing.set()
    await runner.cleanup()


async def test_a_secret_is_what_the_vault_holds_now(vault: Vault, secrets: VaultSecrets) -> None:
    vault.values["twilio-token"] = "first"
    assert await secrets.get("twilio-token") == "first"
    vault.values["twilio-token"] = "rotated"
    assert await secrets.get("twilio-token") == "rotated"


async def test_a_line_break_of_who_typed_it_is_no_part_of_a_secret(
    vault: Vault, secrets: VaultSecrets
) -> None:
    vault.values["typed"] = "first line\nsecond\r\n"
    assert await secrets.get("typed") == "first line\nsecond"


async def test_a_secret_that_is_not_there_is_named(secrets: VaultSecrets) -> None:
    with pytest.raises(NotFound, match="'no-such-secret'"):
        await secrets.get("no-such-secret")


async def test_a_vault_that_refuses_us_is_unavailable(vault: Vault, secrets: VaultSecrets) -> None:
    vault.status = 403
    with pytest.raises(Unavailable):
        await secrets.get("twilio-token")


@pytest.mark.parametrize("trouble", ["silent", "broken"])
async def test_a_vault_in_trouble_is_unavailable_in_seconds(
    vault: Vault, secrets: VaultSecrets, trouble: str
) -> None:
    vault.silent, vault.status = trouble == "silent", 503
    began = time.monotonic()
    with pytest.raises(Unavailable):
        await secrets.get("twilio-token")
    assert time.monotonic() - began < SECONDS + 1


async def test_the_environment_names_secrets_in_capitals() -> None:
    secrets = EnvironmentSecrets({"TWILIO_TOKEN": "t"})
    assert await secrets.get("twilio-token") == "t"
    with pytest.raises(NotFound, match=r"OTHER_TOKEN.*'other-token'"):
        await secrets.get("other-token")
