"""A desk with the local platform's example configuration applied, for the whole run of this room's tests."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio

from functions.desk.tokens import Authority
from functions.keys import Keys
from local.azurite import Azurite
from local.filling import filled
from local.servicebus.launch import ServiceBus
from tests.desk.issuers import AUDIENCE, ISSUER, serving
from tests.desk.kit import Desk, services

EXAMPLE = Path(__file__).parents[2] / "local" / "configuration.yaml"


@pytest.fixture(scope="session")
def example(tmp_path_factory: pytest.TempPathFactory) -> str:
    """The example document; nobody calls the simulators here."""
    return filled(EXAMPLE.read_text(), "http://127.0.0.1:1", tmp_path_factory.mktemp("keys"))


@pytest_asyncio.fixture(scope="session")
async def authority() -> AsyncIterator[Authority]:
    async with serving() as jwks:
        yield Authority(ISSUER, AUDIENCE, Keys(jwks.url))


@pytest_asyncio.fixture(scope="session")
async def desk(
    azurite: Azurite, servicebus: ServiceBus, authority: Authority, example: str
) -> AsyncIterator[Desk]:
    async with services(azurite.connection_string, servicebus.connection_string) as found:
        await found.configurations.apply(example, "tests")
        yield Desk(found, authority)


@pytest_asyncio.fixture
async def blank(azurite: Azurite, servicebus: ServiceBus, authority: Authority) -> AsyncIterator[Desk]:
    """A desk before its first configuration."""
    async with services(azurite.connection_string, servicebus.connection_string) as found:
        yield Desk(found, authority)
