"""The Bot Framework: how its calls prove themselves, and in whose name a bot calls back.

Follows https://learn.microsoft.com/azure/bot-service/rest-api/bot-framework-rest-connector-authentication.
The token covers neither the body nor the moment: what it says of the body (service URL, channel) is
compared, and a repeated call is told by its activity's id.
"""

import re
from base64 import urlsafe_b64decode, urlsafe_b64encode
from datetime import timedelta
from typing import Annotated

from cryptography.hazmat.primitives.serialization import load_pem_private_key
from pydantic import AfterValidator, Field, SecretStr, model_validator

from functions.channels.contract import KeyId, Request
from functions.entra import Certificate, ClientSecret, Credential, EntraApp, ManagedIdentity
from functions.errors import NotAuthentic
from functions.providers.bearer import claims, key_name
from functions.providers.payload import read_answer, text
from functions.providers.settings import ApiBase, Settings, checked_base
from functions.providers.signatures import header

SKEW = timedelta(minutes=5)
_GUID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")
# The scheme in its one spelling, and nothing around.
_BEARER = re.compile(r"Bearer ([A-Za-z0-9_-]+\.[A-Za-z0-9_-]+\.([A-Za-z0-9_-]+))")
# Where bots may send their tokens: Microsoft's connectors, or the loopback of a simulator.
_TRUSTED = re.compile(
    r"https://(smba\.trafficmanager\.net|([a-z0-9-]+\.)*botframework\.(com|us|azure\.us)"
    r"|([a-z0-9-]+\.)*infra\.(gov|dod)\.teams\.microsoft\.us)(/.*)?"
    r"|http://(127\.0\.0\.1|localhost|\[::1\])(:\d+)?(/.*)?"
)


def _guid(value: str) -> str:
    if not _GUID.fullmatch(value.lower()):
        raise ValueError("must be an id of Entra ID, such as 00000000-0000-0000-0000-000000000000")
    return value.lower()


def _connector(url: str) -> str:
    if not _TRUSTED.fullmatch(base := checked_base(url)):
        raise ValueError("must be a connector of the Bot Framework: the bot's token goes there")
    return base


def _pem(secret: SecretStr) -> SecretStr:
    if pem := secret.get_secret_value():
        try:
            load_pem_private_key(pem.encode(), password=None)
        except (ValueError, TypeError):
            raise ValueError("must be a PEM with an unencrypted private key") from None
    return secret


Guid = Annotated[str, AfterValidator(_guid)]


class BotSettings(Settings):
    """A single-tenant bot: its app registration, and one of secret, certificate or managed identity.

    `certificate` is a PEM with private key and certificate, or with the key alone beside the certificate's
    SHA-1 `thumbprint`. US Government: apiBase https://smba.infra.gov.teams.microsoft.us,
    keysUrl https://login.botframework.azure.us/v1/.well-known/keys, issuer https://api.botframework.us,
    scope https://api.botframework.us/.default, loginBase https://login.microsoftonline.us.
    """

    app_id: Guid
    tenant_id: Guid
    client_secret: SecretStr = SecretStr("")
    certificate: Annotated[SecretStr, AfterValidator(_pem)] = SecretStr("")
    thumbprint: str = Field(default="", pattern=r"^([0-9A-Fa-f]{40})?$")
    managed_identity: bool = False
    api_base: Annotated[str, AfterValidator(_connector)] = "https://smba.trafficmanager.net"
    keys_url: ApiBase = "https://login.botframework.com/v1/.well-known/keys"
    issuer: str = "https://api.botframework.com"
    scope: str = Field(default="https://api.botframework.com/.default", pattern=r"^https://.+/\.default$")
    login_base: ApiBase = "https://login.microsoftonline.com"

    @model_validator(mode="after")
    def _one_proof(self) -> "BotSettings":
        given = (self.client_secret.get_secret_value(), self.certificate.get_secret_value())
        if [*map(bool, given), self.managed_identity].count(True) != 1:
            raise ValueError("give exactly one of clientSecret, certificate and managedIdentity")
        if given[1] and not self.thumbprint and "BEGIN CERTIFICATE" not in given[1]:
            raise ValueError("the PEM holds no certificate: give its thumbprint")
        return self


def entra_app(settings: BotSettings) -> EntraApp:
    """Name the application that the bot is."""
    return EntraApp(
        settings.tenant_id, settings.app_id, settings.scope, _credential(settings), settings.login_base
    )


def key_id(request: Request, settings: BotSettings) -> KeyId:
    """Name the key that signed the call's token; raises NotAuthentic."""
    return KeyId(settings.keys_url, key_name(_token(request)))


def authenticate(request: Request, settings: BotSettings, channel: str) -> None:
    """Check the token, and what it says of the body; raises NotAuthentic.

    Only activities of `channel` are let in: a bot's other channels (Web Chat is on by default) let their
    clients choose the names and tenants that they write under.
    """
    _token(request)
    try:
        found = claims(request, settings.app_id, [settings.issuer], SKEW)
    except NotAuthentic as refused:
        raise NotAuthentic(
            f"the token does not match: checked as one of the Bot Framework, {refused.reason}"
        ) from None
    activity = read_answer(request.body)
    if text(activity, "serviceUrl") != found.get("serviceurl"):
        raise NotAuthentic("the token is for another service URL than the activity's")
    if text(activity, "channelId") != channel:
        raise NotAuthentic(f"the activity is of another channel than {channel}")
    if channel not in request.endorsements:
        raise NotAuthentic(f"the token's key is not endorsed for {channel}")
    tenants = {text(activity, "channelData", "tenant", "id"), text(activity, "conversation", "tenantId")}
    if tenants - {""} != {settings.tenant_id}:
        raise NotAuthentic("the activity is of another tenant than this account's")


def _token(request: Request) -> str:
    """Give the token; raises NotAuthentic unless it stands there as it does in Microsoft's own calls."""
    found = _BEARER.fullmatch(header(request.headers, "Authorization"))
    if not found or not _one_spelling(found[2]):
        raise NotAuthentic("the Authorization header does not match the form of a bearer token")
    return found[1]


def _one_spelling(signature: str) -> bool:
    """Base64 may spell the same bytes in several ways; only one is the proof that was given."""
    if len(signature) % 4 == 1:
        return False
    octets = urlsafe_b64decode(signature + "=" * (-len(signature) % 4))
    return urlsafe_b64encode(octets).rstrip(b"=").decode() == signature


def _credential(settings: BotSettings) -> Credential:
    if settings.managed_identity:
        return ManagedIdentity()
    if pem := settings.certificate.get_secret_value():
        return Certificate(pem, settings.thumbprint)
    return ClientSecret(settings.client_secret.get_secret_value())
