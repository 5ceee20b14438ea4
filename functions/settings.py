"""The environment as typed settings. A missing one stops the start with its name.

Azure: app settings, identity-based. Locally: local.settings.json or what `make run` sets.
"""

import os
from collections.abc import Mapping
from dataclasses import dataclass, field

from functions.errors import MonikanavaError

BUS_CONNECTION = "ServiceBusConnection"  # the name that the triggers' bindings carry


class MissingSetting(MonikanavaError):
    """The app cannot start: the reason names the setting and what it is for."""

    code = "missing-setting"


@dataclass(frozen=True, slots=True)
class Settings:
    """What the app needs to know before its first message."""

    public_base_url: str  # what providers call and sign, without a slash at the end
    bus_connection: str  # a connection string, or a namespace's host name with managed identity
    tables_connection: str  # a connection string, or the endpoint's URL with managed identity
    blobs_connection: str  # the same, for blobs; it may be the same storage account
    key_vault: str  # URL; empty: secrets come from the environment
    auth_issuer: str
    auth_audience: str
    auth_jwks_url: str
    channels: tuple[str, ...]  # served by this app; empty: all
    insights_connection: str = ""  # of Application Insights; empty: traces and figures go nowhere
    insights_authentication: str = ""  # `Authorization=AAD;ClientId=…`, where the string alone does not open
    push_connection: str = ""  # Web PubSub's connection string or endpoint; empty: chat clients poll
    channel_urls: Mapping[str, str] = field(default_factory=dict)  # of channels that another app serves

    def callback(self, channel: str, account: str) -> str:
        """Give the URL that an account's provider calls: at the app that serves the channel."""
        base = self.channel_urls.get(channel, self.public_base_url)
        return f"{base}/api/channels/{channel}/{account}"


def from_environment(environment: Mapping[str, str] = os.environ) -> Settings:
    """Read and check the environment once; raises MissingSetting."""

    def need(name: str, purpose: str, *alternatives: str) -> str:
        found = next((environment[n] for n in (name, *alternatives) if environment.get(n)), "")
        if not found:
            raise MissingSetting(f"the setting {name} is missing: {purpose}")
        return found

    return Settings(
        public_base_url=need("PUBLIC_BASE_URL", "the URL that providers call").rstrip("/"),
        bus_connection=need(
            BUS_CONNECTION,
            "a Service Bus connection string, or set ServiceBusConnection__fullyQualifiedNamespace",
            f"{BUS_CONNECTION}__fullyQualifiedNamespace",
        ),
        tables_connection=need(
            "TABLES_CONNECTION_STRING",
            "a storage connection string, or set TABLES_ENDPOINT",
            "TABLES_ENDPOINT",
        ),
        blobs_connection=need(
            "BLOBS_CONNECTION_STRING",
            "a storage connection string, or set BLOBS_ENDPOINT",
            "BLOBS_ENDPOINT",
        ),
        key_vault=environment.get("KEY_VAULT_URI", ""),
        auth_issuer=need("AUTH_ISSUER", "who issues the agents' tokens"),
        auth_audience=need("AUTH_AUDIENCE", "whom the agents' tokens are for"),
        auth_jwks_url=need("AUTH_JWKS_URL", "where the issuer's keys are"),
        channels=tuple(environment.get("CHANNELS", "").replace(",", " ").split()),
        insights_connection=environment.get("APPLICATIONINSIGHTS_CONNECTION_STRING", ""),
        insights_authentication=environment.get("APPLICATIONINSIGHTS_AUTHENTICATION_STRING", ""),
        push_connection=environment.get("WEBPUBSUB_CONNECTION_STRING")
        or environment.get("WEBPUBSUB_ENDPOINT", ""),
        channel_urls=_channel_urls(environment.get("CHANNEL_URLS", "")),
    )


def _channel_urls(text: str) -> dict[str, str]:
    """Read `sms=https://one.example.com chat=https://two.example.com`."""
    found = {}
    for part in text.split():
        channel, _, url = part.partition("=")
        if not url.startswith(("https://", "http://")):
            raise MissingSetting(
                f"CHANNEL_URLS has no URL for {channel!r}: NAME=https://HOST, with spaces between"
            )
        found[channel] = url.rstrip("/")
    return found
