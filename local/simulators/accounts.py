"""Which configured accounts the simulators send news to: statuses of what was sent, signed."""

from collections.abc import Mapping
from typing import Any

from local.simulators.signed import setting
from local.simulators.state import Registered

# By provider: the setting that names the account there, and the one that signs its webhooks.
_NAMED: dict[str, tuple[str, str]] = {
    "twilio": ("account_sid", "auth_token"),
    "meta": ("page_id", "app_secret"),
}


def registration(provider: str, settings: Mapping[str, Any], callback: str) -> Registered | None:
    """Give the account as its simulator knows it; None where the provider sends no statuses."""
    if provider not in _NAMED:
        return None
    account, secret = (setting(settings, name) for name in _NAMED[provider])
    return Registered.model_validate(
        {"provider": provider, "account": account, "secret": secret, "callback": callback}
    )
