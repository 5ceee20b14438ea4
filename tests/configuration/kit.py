"""The store of configurations over a table, with a clock and a vault that tests change in the middle."""

import asyncio
from datetime import UTC, datetime, timedelta

from functions.configuration.store import Configurations
from functions.errors import NotFound
from functions.ports import Table


def callback(channel: str, account: str) -> str:
    return f"https://example.org/api/channels/{channel}/{account}"


class Clock:
    """Stands still until it is moved."""

    def __init__(self) -> None:
        self.now = datetime(2026, 8, 1, 12, tzinfo=UTC)

    def __call__(self) -> datetime:
        return self.now

    def pass_seconds(self, seconds: float) -> None:
        self.now += timedelta(seconds=seconds)


class Vault:
    """Secrets as the environment would have them, to be changed in the middle."""

    def __init__(self, **values: str) -> None:
        self.values = {name.replace("_", "-"): value for name, value in values.items()}
        self.asked: list[str] = []

    async def get(self, name: str) -> str:
        self.asked.append(name)
        await asyncio.sleep(0)
        if name not in self.values:
            raise NotFound(f"there is no secret {name!r}")
        return self.values[name]


def vault() -> Vault:
    return Vault(meta_app_secret="app", meta_verify_token="verify", meta_page_token="page")


def store(table: Table, clock: Clock, secrets: Vault | None = None) -> Configurations:
    return Configurations(table, secrets or vault(), clock, callback)
