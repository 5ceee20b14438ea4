"""The host of one app: loads it, starts its triggers, tells its state, and stops it in good order."""

import asyncio
import os
from enum import Enum
from importlib.metadata import version
from pathlib import Path
from typing import Any

from local.host.connections import Connections
from local.host.http import HttpServer, Keys
from local.host.invoke import Invoker
from local.host.loader import load
from local.host.servicebus import QueueListener
from local.host.settings import load_local_settings, read_host_settings
from local.host.spec import QueueTrigger
from local.host.timers import Timers


class State(Enum):
    """How far the host is."""

    STARTING = "Starting"
    RUNNING = "Running"
    STOPPING = "Stopping"


class Host:
    """Runs the app in a folder. The app is imported into this process, so there is one host in each.

    Making it raises ConfigurationError when the app cannot be run, and whatever the app raises itself.
    """

    def __init__(self, app_dir: Path, keys: Keys | None = None) -> None:
        load_local_settings(app_dir)
        settings = read_host_settings(app_dir)
        self._specs = load(app_dir)
        self._state = State.STARTING
        self._connections = Connections(os.environ)
        self._invoker = Invoker(app_dir, settings.function_timeout)
        self._timers = Timers(self._specs, self._invoker)
        self._listeners = [
            QueueListener(
                *(spec, spec.trigger, self._connections.client(spec.trigger)),
                self._invoker,
                settings.service_bus,
            )
            for spec in self._specs
            if isinstance(spec.trigger, QueueTrigger)
        ]
        self._http = HttpServer(self._specs, self._invoker, settings.route_prefix, keys, self.status)

    @property
    def port(self) -> int:
        """The HTTP port, once started."""
        return self._http.port

    def status(self) -> dict[str, Any]:
        """Tell the library's version, the state and the names of the functions."""
        return {
            "version": version("azure-functions"),
            "state": self._state.value,
            "functions": [spec.name for spec in self._specs],
        }

    async def start(self, port: int) -> None:
        """Serve HTTP on loopback (port 0: a free one) and start all triggers; raises OSError when it is not.

        Queues need not be reachable yet: their listeners try until they are.
        """
        await self._http.start(port)
        for listener in self._listeners:
            listener.start()
        self._timers.start()
        self._state = State.RUNNING

    async def stop(self) -> None:
        """Take no more work and wait, for 30 seconds at most, for what runs."""
        self._state = State.STOPPING
        async with asyncio.TaskGroup() as group:
            group.create_task(self._http.stop())
            group.create_task(self._timers.stop())
            for listener in self._listeners:
                group.create_task(listener.stop())
        await self._connections.close()
        self._invoker.close()
