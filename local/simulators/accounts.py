"""Which configured accounts the simulators send news to: statuses of what was sent, signed."""

from collections.abc import Mapping
from typing import Any

import aiohttp
import yaml

from local.simulators.signed import setting
from local.simulators.state import Registered

# The setting that names the account at its provider, and the one that signs its webhooks.
_NAMED: dict[tuple[str, str], tuple[str, str]] = {
    ("sms", "twilio"): ("account_sid", "auth_token"),
    ("sms", "acs"): ("sender", "delivery_secret"),
    ("whatsapp", "acs"): ("channel_id", "delivery_secret"),
    ("voice", "acs"): ("number", "delivery_secret"),
    ("facebook", "meta"): ("page_id", "app_secret"),
    ("instagram", "meta"): ("instagram_id", "app_secret"),
    ("whatsapp", "meta"): ("phone_number_id", "app_secret"),
    ("whatsapp", "twilio"): ("account_sid", "auth_token"),
    ("rcs", "google"): ("agent_id", "client_token"),
    ("sms", "telesign"): ("customer_id", "api_key"),
    ("x", "x"): ("user_id", "consumer_secret"),
    ("teams", "botframework"): ("app_id", "tenant_id"),  # keys sign; a tenant must be named
    ("custom", "webhook"): ("url", "incoming_secrets"),
}


def registration(
    channel: str, provider: str, settings: Mapping[str, Any], callback: str
) -> Registered | None:
    """Give the account as its simulator knows it; None where the provider sends no statuses."""
    if (channel, provider) not in _NAMED:
        return None
    account, secret = (setting(settings, name) for name in _NAMED[channel, provider])
    return Registered.model_validate(
        {"channel": channel, "provider": provider, "account": account, "secret": secret, "callback": callback}
    )


async def register(simulators: str, app: str, document: str) -> None:
    """Tell the simulators at a URL whose messages get statuses, and where these go: to the app at a URL."""
    async with aiohttp.ClientSession() as http:
        for account in yaml.safe_load(document).get("accounts", []):
            channel, provider = account["channel"], account["provider"]
            callback = f"{app}/api/channels/{channel}/{account['id']}"
            if found := registration(channel, provider, account.get("settings", {}), callback):
                await http.post(f"{simulators}/accounts", data=found.model_dump_json(by_alias=True))
