"""docs/custom-messaging.md is right: its examples run against the platform, its schema is the model's."""

import asyncio
import json
import re
from collections.abc import AsyncIterator
from pathlib import Path

import pytest_asyncio
import yaml

from functions.providers.custom.event import CustomEvent
from local.desk import Desk
from local.platform import Platform
from tests.conftest import ROOT

TEXT = (ROOT / "docs" / "custom-messaging.md").read_text()
CONFIGURATION = (ROOT / "local" / "configuration.yaml").read_text()
SETTINGS = {one["id"]: one["settings"] for one in yaml.safe_load(CONFIGURATION)["accounts"]}
SIGNED, MESSAGING = re.findall(r"```sh\n(.*?)```", TEXT, re.DOTALL)


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def platform(tmp_path_factory: object) -> AsyncIterator[Platform]:
    folder: Path = tmp_path_factory.mktemp("custom")  # type: ignore[attr-defined]
    async with Platform(folder) as platform:
        await platform.configure(CONFIGURATION)
        yield platform


async def _run(script: str, **variables: str) -> str:
    process = await asyncio.create_subprocess_exec(
        "bash", "-euo", "pipefail", "-c", script, stdout=-1, env={"PATH": "/usr/bin:/bin", **variables}
    )
    output, _ = await process.communicate()
    assert process.returncode == 0
    return output.decode().strip()


async def _texts(platform: Platform, customer: str) -> list[str]:
    async with Desk(platform.url, platform.issuer.token("Administrator", "docs")) as desk:
        for one in await desk.conversations():
            if one["customer"]["id"] == customer:
                return [
                    message["text"] for message in await desk.items(f"conversations/{one['id']}/messages")
                ]
    return []


async def _arrives(platform: Platform, customer: str) -> None:
    async with asyncio.timeout(20):
        while await _texts(platform, customer) != ["Hei"]:  # noqa: ASYNC110 (seen over HTTP only)
            await asyncio.sleep(0.2)


async def test_the_signed_webhook(platform: Platform) -> None:
    told = SETTINGS["custom-webhook"]
    secret, other = told["incomingSecrets"][0], told["outgoingSecrets"][0]
    assert await _run(SIGNED, URL=platform.url, SECRET=secret) == "200"
    assert await _run(SIGNED, URL=platform.url, SECRET=other) == "401"
    await _arrives(platform, "aino")


async def test_the_messaging_api(platform: Platform) -> None:
    told = SETTINGS["custom-dynamics"]
    answer = await _run(
        MESSAGING,
        URL=platform.url,
        LOGIN=told["loginBase"].replace("http://simulators", platform.simulators_url),
        TENANT=told["tenantId"],
        APP=told["appId"],
        SECRET=told["clientSecret"],
        AUDIENCE=told["audience"],
        CHANNEL=told["channelId"],
        ORGANIZATION=told["organizationId"],
    )
    assert json.loads(answer)["isNew"] is True
    await _arrives(platform, "jdoe123")


def test_the_schema_is_the_model_s() -> None:
    [schema] = re.findall(r"```json\n(.*?)```", TEXT, re.DOTALL)
    assert json.loads(schema) == CustomEvent.model_json_schema(by_alias=True)
