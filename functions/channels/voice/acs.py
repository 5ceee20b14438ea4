"""Phone calls through Azure Communication Services: the account, and where its recordings are fetched.

Follows https://learn.microsoft.com/azure/communication-services/concepts/call-automation/incoming-call-notification
and …/concepts/voice-video-calling/call-recording. Where recordings lie is the list of the official SDK: what
is signed with the resource's key goes nowhere else.
"""

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime
from typing import Self
from urllib.parse import urlsplit

from pydantic import Field, model_validator

from functions.channels.contract import Account, Call, KeyId, Request, Response, Step
from functions.channels.voice.calls import Calling, CallSettings
from functions.entra import EntraApp, ManagedIdentity
from functions.providers import acs, eventgrid
from functions.providers.settings import ApiBase

INCOMING = "Microsoft.Communication.IncomingCall"
RECORDED = "Microsoft.Communication.RecordingFileStatusUpdated"
KEYS = "https://acscallautomation.communication.azure.com/calling/keys"
RECORDINGS = ("asm.skype.com", "asyncgw.teams.microsoft.com", "ams.gov.teams.microsoft.us")
SCOPE = "https://communication.azure.com//.default"
_GUID = r"^[0-9A-Fa-f]{8}(-[0-9A-Fa-f]{4}){3}-[0-9A-Fa-f]{12}$"


class AcsVoiceSettings(eventgrid.EventGridSettings, CallSettings):
    """A number of a resource: its connection string, or its endpoint and a managed identity's client id.

    `resource_id` is the immutable one (az communication show: immutableResourceId). `speech_endpoint` is that
    of the Azure AI services that speak and listen. `keys_url` is that of the public cloud.
    """

    resource_id: str = Field(pattern=_GUID)
    speech_endpoint: ApiBase
    connection_string: acs.ConnectionString | None = None
    endpoint: ApiBase | None = None
    identity: str = Field(default="", pattern=rf"{_GUID}|^$")
    keys_url: ApiBase = KEYS

    @model_validator(mode="after")
    def _one_way(self) -> Self:
        if bool(self.connection_string) == bool(self.endpoint):
            raise ValueError("give either connectionString or endpoint")
        if bool(self.endpoint) != bool(self.identity):
            raise ValueError("endpoint and identity belong together")
        return self

    @property
    def resource(self) -> tuple[str, str]:
        """Give the resource's endpoint, and its key or an empty one."""
        if self.connection_string:
            return acs.parts(self.connection_string.get_secret_value())
        return self.endpoint or "", ""


class AcsVoice(Calling):
    """Calls at Azure Communication Services."""

    channel = "voice"
    provider = "acs"
    Settings = AcsVoiceSettings
    capabilities = replace(
        Calling.capabilities,
        methods=frozenset({"POST", "OPTIONS"}),
        # A SIP phone behind direct routing is rung by a number that its voice routes know.
        targets={"+": "numbers", "teams:": "Teams users"},
    )

    def setup(self, account: Account[AcsVoiceSettings]) -> list[Step]:
        """List the two event subscriptions; a call rings for 30 seconds, so it is tried for a minute only."""
        number = account.settings.number
        filters: Mapping[str, str] = {
            INCOMING: f"data.to.PhoneNumber.Value is in {number}; retry: 2 attempts, 1 minute",
            RECORDED: "none: a recording names only its call",
        }
        return eventgrid.setup(account.settings, account.callback, filters)

    def api_base(self, account: Account[AcsVoiceSettings]) -> str:
        """Give the resource's address, closed by a slash."""
        return account.settings.resource[0] + "/"

    def handshake(self, request: Request, account: Account[AcsVoiceSettings]) -> Response | None:
        """Answer Event Grid's validation; raises Forbidden."""
        return eventgrid.handshake(request, account.settings)

    def key_id(self, request: Request, account: Account[AcsVoiceSettings]) -> KeyId | None:
        """Name the tenant's key, when Event Grid's deliveries carry tokens."""
        return eventgrid.key_id(request, account.settings)

    def authenticate(self, request: Request, account: Account[AcsVoiceSettings]) -> None:
        """Check that it is Event Grid's delivery; raises NotAuthentic."""
        eventgrid.authenticate(request, account.settings)

    def entra_app(self, account: Account[AcsVoiceSettings]) -> EntraApp:
        """Name the managed identity, of an account without a key."""
        return EntraApp("", account.settings.identity, SCOPE, ManagedIdentity())

    def authorised(self, call: Call, token: str) -> Call:
        """Give a call with the identity's token."""
        return replace(call, headers={**call.headers, "Authorization": f"Bearer {token}"})

    def media_hosts(self, account: Account[AcsVoiceSettings]) -> tuple[str, ...]:
        """The hosts of recordings; the resource itself has what its own key is for."""
        return (*RECORDINGS, account.settings.resource[0])

    def media_call(self, reference: str, account: Account[AcsVoiceSettings], now: datetime) -> Call | None:
        """Get a recording; what lies elsewhere is not signed for."""
        endpoint, key = account.settings.resource
        if not _is_ours(reference, endpoint):
            return Call(url=reference, method="GET")
        if key:
            return acs.signed_download(endpoint, key, reference, now)
        return replace(acs.unsigned_download(endpoint, reference), tokened=True)


def _is_ours(url: str, endpoint: str) -> bool:
    """Tell whether a recording may lie there."""
    try:
        place, resource = urlsplit(url), urlsplit(endpoint)
        if (place.scheme, place.netloc) == (resource.scheme, resource.netloc):
            return True
        named = any((place.hostname or "").endswith(f".{domain}") for domain in RECORDINGS)
        return named and place.scheme == "https" and place.port in (None, 443) and "@" not in place.netloc
    except ValueError:
        return False
