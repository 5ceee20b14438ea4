"""Health: whether the parts that messages need answer. Anybody may ask, so it says no more than that."""

import asyncio
import logging
from collections.abc import Awaitable, Callable
from enum import StrEnum

from functions.desk.call import Call, Nothing, Reply
from functions.message import Model
from functions.services import Services

PATIENCE = 6.0  # seconds; a probe's own deadline is shorter
log = logging.getLogger("monikanava.desk.health")


class Standing(StrEnum):
    """Of a part, and of the whole, which is up when all parts are."""

    UP = "up"
    DOWN = "down"


class Health(Model):
    """The whole and its parts: `tables`, `bus`, `configuration`."""

    status: Standing
    parts: dict[str, Standing]


async def get_health(call: Call[Nothing, Nothing], services: Services) -> Reply[Health]:
    """Ask all parts at once: 200 when all are up, else 503."""
    probes = {**services.probes, "configuration": services.configurations.current}
    found = await asyncio.gather(*(_probe(name, probe) for name, probe in probes.items()))
    parts = dict(zip(probes, found, strict=True))
    status = Standing.DOWN if Standing.DOWN in found else Standing.UP
    return Reply(Health(status=status, parts=parts), 200 if status is Standing.UP else 503)


async def _probe(name: str, probe: Callable[[], Awaitable[object]]) -> Standing:
    try:
        async with asyncio.timeout(PATIENCE):
            await probe()
    except Exception as error:
        log.warning("down: part=%s error=%s", name, type(error).__name__)
        return Standing.DOWN
    return Standing.UP
