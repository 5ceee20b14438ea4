"""Instagram's stand-in: https://developers.facebook.com/docs/instagram-platform/webhooks.

Its send calls are Messenger's: `meta` takes them.
"""

from collections.abc import Mapping
from typing import Any

from local.simulators.graph import batch_of, item, person_said, signed
from local.simulators.signed import SignedRequest, Words, setting
from local.simulators.state import Registered, Taken


def compose(settings: Mapping[str, Any], callback: str, words: Words) -> SignedRequest:
    """Sign an incoming message."""
    profile = setting(settings, "instagram_id")
    whole = batch_of("instagram", profile, [person_said(profile, words, "aWd_")])
    return signed(callback, setting(settings, "app_secret"), whole)


def news(taken: Taken, registered: Registered) -> list[SignedRequest]:
    """Tell that it was seen; Instagram tells nothing of delivery."""
    seen = item(taken.account, taken.recipient, {"read": {"mid": taken.id}})
    whole = batch_of("instagram", taken.account, [seen])
    return [signed(registered.callback, registered.secret, whole)] if registered.callback else []
