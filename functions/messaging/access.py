"""Who may call: a service with a token of the account's tenant, for its audience, of its own application."""

import re
from dataclasses import replace

from functions.channels.contract import Account, Request
from functions.channels.custom.dynamics import GUID, DynamicsSettings
from functions.errors import NotAuthentic
from functions.keys import KeyRing
from functions.messaging.problems import Refusal
from functions.providers.bearer import bearer, claims, key_name


async def admit(request: Request, account: Account[DynamicsSettings], keys: KeyRing) -> None:
    """Return when the call is the integration's; raises NotAuthentic, Refusal, or Unavailable."""
    settings = account.settings
    url = f"{settings.login_base}/{settings.tenant_id}/discovery/v2.0/keys"
    key = await keys.key(url, key_name(bearer(request.headers)))
    _check_token(replace(request, key=key), settings)
    organization, channel = (_header(request, name) for name in ("organization-id", "channel-id"))
    if organization != settings.organization_id.lower():
        raise Refusal(30001)
    if not re.fullmatch(GUID, channel):
        raise Refusal(30002)
    if channel != settings.channel_id.lower():
        raise Refusal(30004)


def _check_token(request: Request, settings: DynamicsSettings) -> None:
    tenant, base = settings.tenant_id.lower(), settings.login_base
    # Entra ID names itself by https, its stand-in on this machine too.
    named = f"{base.replace('http://', 'https://', 1)}/{tenant}/v2.0"
    found = claims(request, settings.audience, (f"https://sts.windows.net/{tenant}/", named))
    if str(found.get("tid", "")).lower() != tenant:
        raise NotAuthentic("the token is of another tenant")
    if str(found.get("appid") or found.get("azp") or "").lower() != settings.app_id.lower():
        raise NotAuthentic("the token is of another application")
    if "scp" in found:  # whoever signs in to the application has such a one, in a browser perhaps
        raise NotAuthentic("the token is a person's, not the application's own")


def _header(request: Request, name: str) -> str:
    """Read a header; earlier versions of the API had `x-ms-` before its name."""
    return (request.headers.get(name) or request.headers.get(f"x-ms-{name}", "")).lower()
