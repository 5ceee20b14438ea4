"""Webhooks of any channel, signed as its provider signs them: for the demo, the command line and tests."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from local.simulators import meta, telegram, twilio
from local.simulators.signed import SignedRequest, Words

Composer = Callable[[Mapping[str, Any], str, Words], SignedRequest]

# With each, a customer who writes when nobody in particular is named.
_COMPOSERS: dict[tuple[str, str], tuple[Composer, str]] = {
    ("sms", "twilio"): (twilio.compose, "+358401234567"),
    ("facebook", "meta"): (meta.compose, "5411230000001"),
    ("telegram", "telegram"): (telegram.compose, "770001"),
}


def compose(
    channel: str,
    provider: str,
    settings: Mapping[str, Any],
    callback: str,
    *,
    text: str = "",
    sender: str = "",
    name: str = "",
    media: Sequence[str] = (),
    id: str = "",  # noqa: A002
) -> SignedRequest:
    """Give the webhook call of a customer's message to the account with these settings.

    `id` names the message at the provider: the same one again is the provider's repetition. `media` are
    URLs (Telegram: one file id). Raises KeyError for a channel, or a setting, that is not there.
    """
    composer, customer = _COMPOSERS[channel, provider]
    return composer(settings, callback, Words(sender or customer, text, name, tuple(media), id))
