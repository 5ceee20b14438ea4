"""Named secrets: Key Vault in Azure, environment variables on a laptop.

Every call asks the vault: who uses a secret keeps it for a while (`functions/configuration/live.py`).
https://learn.microsoft.com/azure/key-vault/secrets/quick-create-python
"""

import asyncio
import os
from collections.abc import Mapping

from azure.core.credentials_async import AsyncTokenCredential
from azure.core.exceptions import AzureError, ResourceNotFoundError
from azure.keyvault.secrets.aio import SecretClient

from functions.errors import NotFound, Unavailable

SECONDS = 5.0  # for one secret, with the token for it: the SDK's own retries would last for minutes


class VaultSecrets:
    """`functions.ports.Secrets` on Key Vault."""

    def __init__(self, client: SecretClient) -> None:
        self._client = client

    @classmethod
    def connect(cls, url: str, credential: AsyncTokenCredential) -> "VaultSecrets":
        """Use the vault at `url`; connects at the first secret."""
        return cls(SecretClient(url, credential))

    async def get(self, name: str) -> str:
        """Give the secret, without a last line break; raises NotFound, or Unavailable within SECONDS."""
        try:
            async with asyncio.timeout(SECONDS):
                found = await self._client.get_secret(name)
                # Who types a secret, or gives a file of it, ends it with one: it would sign nothing right.
                return (found.value or "").rstrip("\r\n")
        except ResourceNotFoundError:
            raise NotFound(f"there is no secret {name!r} in Key Vault") from None
        except (AzureError, TimeoutError) as error:
            raise Unavailable(f"Key Vault does not answer ({type(error).__name__})") from None


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
