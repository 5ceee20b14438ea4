"""Named secrets: Key Vault in Azure, environment variables on a laptop.

A secret is fetched at most every five minutes, so that a rotated one is soon in use without a restart.
https://learn.microsoft.com/azure/key-vault/secrets/quick-create-python
"""

import os
import time
from collections.abc import Callable, Mapping

from azure.core.credentials_async import AsyncTokenCredential
from azure.core.exceptions import AzureError, HttpResponseError, ResourceNotFoundError
from azure.keyvault.secrets.aio import SecretClient

from functions.errors import NotFound, Unavailable

KEPT_SECONDS = 300.0


class VaultSecrets:
    """`functions.ports.Secrets` on Key Vault."""

    def __init__(self, client: SecretClient, monotonic: Callable[[], float] = time.monotonic) -> None:
        self._client = client
        self._monotonic = monotonic
        self._kept: dict[str, tuple[float, str]] = {}

    @classmethod
    def connect(cls, url: str, credential: AsyncTokenCredential) -> "VaultSecrets":
        """Use the vault at `url`; connects at the first secret."""
        return cls(SecretClient(url, credential))

    async def get(self, name: str) -> str:
        """Give the secret, or the last known one of a silent vault; raises NotFound or Unavailable."""
        kept = self._kept.get(name)
        if kept and self._monotonic() - kept[0] < KEPT_SECONDS:
            return kept[1]
        try:
            value = (await self._client.get_secret(name)).value or ""
        except ResourceNotFoundError:
            raise NotFound(f"there is no secret {name!r} in Key Vault") from None
        except (HttpResponseError, AzureError) as error:
            if kept:
                return kept[1]
            raise Unavailable(f"Key Vault does not answer ({type(error).__name__})") from None
        self._kept[name] = (self._monotonic(), value)
        return value


class EnvironmentSecrets:
    """`functions.ports.Secrets` on environment variables: `twilio-token` is TWILIO_TOKEN."""

    def __init__(self, environment: Mapping[str, str] = os.environ) -> None:
        self._environment = environment

    async def get(self, name: str) -> str:
        """Give the variable; raises NotFound with its name."""
        variable = name.upper().replace("-", "_")
        try:
            return self._environment[variable]
        except KeyError:
            raise NotFound(f"there is no environment variable {variable} for the secret {name!r}") from None
