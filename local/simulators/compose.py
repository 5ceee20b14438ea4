"""Webhooks of any channel, signed as its provider signs them: for the demo, the command line and tests.

`PLAYS` is the one table: a provider's module says how it signs, who writes, and how far its news go.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from functions.message import Delivery
from local.simulators import (
    acs,
    apple,
    botframework,
    custom,
    google,
    instagram,
    line,
    meta,
    telegram,
    telesign,
    twilio,
    wechat,
    whatsapp,
    x,
)
from local.simulators.signed import SignedRequest, Words

Composer = Callable[[Mapping[str, Any], str, Words], SignedRequest]


@dataclass(frozen=True, slots=True)
class Play:
    """A provider's part: `customer` writes when nobody in particular is named.

    `handshake` makes the provider's proof of ownership, with the answer that it expects in `answer`.
    `proof` is the header of a provider that signs no body: tampering changes it instead.
    """

    compose: Composer
    customer: str
    final: Delivery = Delivery.SENT  # how far a reply comes by the provider's own news
    handshake: Callable[[Mapping[str, Any], str], SignedRequest] | None = None
    proof: str = ""


PLAYS: dict[tuple[str, str], Play] = {
    ("sms", "twilio"): Play(twilio.compose, "+358401234567", Delivery.DELIVERED),
    ("sms", "acs"): Play(
        acs.compose_sms, "+358401234567", Delivery.DELIVERED, acs.handshake, acs.SECRET_HEADER
    ),
    ("facebook", "meta"): Play(meta.compose, "5411230000001", Delivery.READ, meta.handshake),
    ("instagram", "meta"): Play(instagram.compose, "5411230000002", Delivery.READ, meta.handshake),
    ("whatsapp", "meta"): Play(whatsapp.compose, whatsapp.AINO, Delivery.READ, meta.handshake),
    ("whatsapp", "twilio"): Play(twilio.compose_whatsapp, "+358407000001", Delivery.READ),
    ("whatsapp", "acs"): Play(
        acs.compose_whatsapp, "+358401234567", Delivery.READ, acs.handshake, acs.SECRET_HEADER
    ),
    ("telegram", "telegram"): Play(telegram.compose, "770001", proof="X-Telegram-Bot-Api-Secret-Token"),
    ("rcs", "google"): Play(google.compose, "+358407654321", Delivery.READ, google.handshake),
    ("line", "line"): Play(line.compose, "U" + "a140" * 8, handshake=line.verify),
    ("apple", "apple"): Play(apple.compose, "urn:mbid:AQAAY3Vz", proof="Authorization"),
    ("wechat", "wechat"): Play(wechat.compose, "oLocalCustomer-1", handshake=wechat.handshake),
    ("sms", "telesign"): Play(telesign.compose, "358401234567", Delivery.DELIVERED),
    ("x", "x"): Play(x.compose, "2244994945", Delivery.READ, x.handshake),
    ("teams", "botframework"): Play(botframework.compose, "29:1aino", Delivery.READ, proof="Authorization"),
    ("custom", "webhook"): Play(custom.compose, "kiosk-7", Delivery.READ),
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
    play = PLAYS[channel, provider]
    return play.compose(settings, callback, Words(sender or play.customer, text, name, tuple(media), id))


def tampered(request: SignedRequest, play: Play) -> SignedRequest:
    """Change what is signed, where it is encoded too; where nothing is, the secret itself."""
    headers = {name: value[::-1] if name == play.proof else value for name, value in request.headers.items()}
    body = request.body.replace(b"virhe", b"lahja")
    if body == request.body:
        middle = slice(len(body) // 2, len(body) // 2 + 16)
        body = body[: middle.start] + body[middle].swapcase() + body[middle.stop :]
    return replace(request, headers=headers, body=body)
