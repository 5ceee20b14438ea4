"""Service Bus clients for the connection names of triggers.

https://learn.microsoft.com/azure/azure-functions/functions-reference#connections: `NAME` is a connection
string, or `NAME__fullyQualifiedNamespace` a namespace to which the host's own identity opens the way.
"""

import ssl
from collections.abc import Mapping
from typing import Any

from azure.identity.aio import DefaultAzureCredential
from azure.servicebus.aio import ServiceBusClient

from local.host.settings import ConfigurationError
from local.host.spec import QueueTrigger


class Connections:
    """Makes clients from settings; `close` them together."""

    def __init__(self, settings: Mapping[str, str]) -> None:
        self._settings = settings
        self._clients: list[ServiceBusClient] = []
        self._credentials: dict[str, DefaultAzureCredential] = {}
        # Left alone, the SDK reads every authority's certificate for each receiver: 17 ms, even without TLS.
        self._ssl = ssl.create_default_context()

    def client(self, trigger: QueueTrigger) -> ServiceBusClient:
        """Make a client for a trigger; it connects when it is first used.

        Raises ConfigurationError when the connection's setting is missing or is not a connection string.
        """
        client = self._make(trigger.connection)
        self._clients.append(client)
        return client

    async def close(self) -> None:
        """Close all clients and credentials."""
        for client in self._clients:
            await client.close()
        for credential in self._credentials.values():
            await credential.close()

    def _make(self, name: str) -> ServiceBusClient:
        # The listeners retry by themselves: they know when the host stops, and log once.
        options: dict[str, Any] = {"retry_total": 0, "ssl_context": self._ssl}
        if text := self._settings.get(name) or self._settings.get(f"AzureWebJobs{name}"):
            try:
                return ServiceBusClient.from_connection_string(text, **options)
            except ValueError:
                raise ConfigurationError(f"the setting {name} is not a connection string") from None
        if namespace := self._settings.get(f"{name}__fullyQualifiedNamespace"):
            credential = self._credential(name)
            return ServiceBusClient(namespace, credential, **options)
        raise ConfigurationError(f"set {name} or {name}__fullyQualifiedNamespace: a trigger connects by it")

    def _credential(self, name: str) -> DefaultAzureCredential:
        identity = self._settings.get(f"{name}__clientId")
        if name not in self._credentials:
            self._credentials[name] = DefaultAzureCredential(managed_identity_client_id=identity)
        return self._credentials[name]
