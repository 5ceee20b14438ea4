"""The one table that names every adapter. A new channel is one file and one line here."""

from functools import cache
from importlib import import_module
from typing import Any

from functions.channels.contract import Adapter
from functions.errors import NotFound

CHANNELS: dict[tuple[str, str], str] = {
    ("sms", "twilio"): "functions.channels.sms.twilio:TwilioSms",
    ("sms", "acs"): "functions.channels.sms.acs:AcsSms",
    ("facebook", "meta"): "functions.channels.facebook:Facebook",
    ("instagram", "meta"): "functions.channels.instagram:Instagram",
    ("whatsapp", "meta"): "functions.channels.whatsapp.meta:MetaWhatsApp",
    ("whatsapp", "twilio"): "functions.channels.whatsapp.twilio:TwilioWhatsApp",
    ("whatsapp", "acs"): "functions.channels.whatsapp.acs:AcsWhatsApp",
    ("telegram", "telegram"): "functions.channels.telegram:Telegram",
    ("rcs", "google"): "functions.channels.rcs:Rcs",
    ("line", "line"): "functions.channels.line:Line",
    ("apple", "apple"): "functions.channels.apple:Apple",
    ("wechat", "wechat"): "functions.channels.wechat:WeChat",
    ("google", "business-messages"): "functions.channels.google_business:GoogleBusinessMessages",
    ("sms", "telesign"): "functions.channels.sms.telesign:TelesignSms",
    ("x", "x"): "functions.channels.x:X",
    ("chat", "directline"): "functions.channels.chat:Chat",
    ("teams", "botframework"): "functions.channels.teams:Teams",
    ("custom", "webhook"): "functions.channels.custom.webhook:CustomWebhook",
    ("custom", "dynamics"): "functions.channels.custom.dynamics:DynamicsMessaging",
    ("records", "dataverse"): "functions.channels.records.dataverse:DataverseRecords",
    ("voice", "twilio"): "functions.channels.voice.twilio:TwilioVoice",
    ("voice", "acs"): "functions.channels.voice.acs:AcsVoice",
}


def channel_names() -> tuple[str, ...]:
    """List the channels, each once, in the table's order."""
    return tuple(dict.fromkeys(channel for channel, _ in CHANNELS))


def chosen(names: tuple[str, ...]) -> tuple[str, ...]:
    """Give the named channels, or all when none is named; raises NotFound for one that does not exist."""
    known = channel_names()
    for name in names:
        if name not in known:
            raise NotFound(f"CHANNELS names {name!r}, which is none of {', '.join(known)}")
    return names or known


@cache
def adapter(channel: str, provider: str) -> Adapter[Any]:
    """Import the adapter at its first use, so that an app imports only the channels it serves."""
    try:
        module, name = CHANNELS[channel, provider].split(":")
    except KeyError:
        raise NotFound(f"no channel {channel!r} at provider {provider!r}") from None
    found: Adapter[Any] = getattr(import_module(module), name)()
    return found
