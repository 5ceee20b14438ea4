"""Instagram's stand-in: https://developers.facebook.com/docs/instagram-platform/webhooks.

Its send calls are Messenger's: `meta` takes them.
"""

from collections.abc import Mapping
from typing import Any

from functions.providers.payload import child
from local.simulators.graph import batch_of, echo, item, person_said, signed
from local.simulators.signed import SignedRequest, Words, setting
from local.simulators.state import Registered, Taken


def compose(settings: Mapping[str, Any], callback: str, words: Words) -> SignedRequest:
    """Sign an incoming message."""
    profile = setting(settings, "instagram_id")
    whole = batch_of("instagram", profile, [person_said(profile, words, "aWd_")])
    return signed(callback, setting(settings, "app_secret"), whole)


def news(taken: Taken, registered: Registered) -> list[SignedRequest]:
    """Tell that the profile said it, then that it was seen; Instagram tells nothing of delivery."""
    said = echo(taken.account, taken.recipient, taken.id, child(taken.content, "message"))
    seen = item(taken.account, taken.recipient, {"read": {"mid": taken.id}})
    wholes = [batch_of("instagram", taken.account, [one]) for one in (said, seen)]
    callback = registered.callback
    return [signed(callback, registered.secret, whole) for whole in wholes] if callback else []
