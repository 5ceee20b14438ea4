"""Phone calls through Twilio: the account, and where its recordings are fetched.

Follows https://www.twilio.com/docs/voice/twiml and https://www.twilio.com/docs/voice/api/recording.
"""

from dataclasses import replace
from datetime import datetime

from functions.channels.contract import Account, Call, Step
from functions.channels.voice.calls import Calling, CallSettings
from functions.providers import twilio


class TwilioVoiceSettings(twilio.TwilioSettings, CallSettings):
    """A number at Twilio."""


class TwilioVoice(Calling):
    """Calls at Twilio."""

    channel = "voice"
    provider = "twilio"
    Settings = TwilioVoiceSettings
    capabilities = replace(Calling.capabilities, targets={"+": "numbers", "sip": "SIP addresses"})

    def setup(self, account: Account[TwilioVoiceSettings]) -> list[Step]:
        """List a number's two addresses. Without the second we only learn by asking that a caller hung up."""
        where = "Twilio console: Phone Numbers > Active numbers > the number > Voice"
        return [
            Step(f"{where} > A call comes in: Webhook, HTTP POST", "URL", account.callback),
            Step(f"{where} > Call status changes: HTTP POST", "URL", f"{account.callback}/status"),
        ]

    def api_base(self, account: Account[TwilioVoiceSettings]) -> str:
        """Give the API's address, closed by a slash."""
        return account.settings.api_base + "/"

    def media_hosts(self, account: Account[TwilioVoiceSettings]) -> tuple[str, ...]:
        """Twilio's API, and where it redirects to."""
        return twilio.media_hosts(account.settings)

    def media_call(self, reference: str, account: Account[TwilioVoiceSettings], now: datetime) -> Call | None:
        """Get a recording, with the credentials that only the API's own addresses are given."""
        return twilio.media_call(account.settings, reference)
