"""Meta's stand-in: https://developers.facebook.com/docs/messenger-platform/reference/send-api.

Instagram and WhatsApp are at the same path: see `instagram` and `whatsapp`.
"""

import secrets
from collections.abc import Mapping, Sequence
from typing import Any
from urllib.parse import urlencode

from aiohttp import web
from pydantic import JsonValue

from functions.providers.payload import child, children, read_answer, text
from local.simulators import instagram, whatsapp
from local.simulators.graph import batch_of, echo, error, item, milliseconds, person_said, signed
from local.simulators.provider import Rejected, Reply
from local.simulators.signed import SignedRequest, Words, setting
from local.simulators.state import Behaviour, Registered, Taken


class Meta:
    """Takes a page's messages; tells the page's webhook of delivery and reading."""

    name = "meta"
    path = r"/{version:v\d+\.\d+}/{account}/messages"
    refusals: Mapping[Behaviour, Reply] = {
        Behaviour.TOO_MANY: error(400, 613, "Calls to this api have exceeded the rate limit."),
        Behaviour.ERROR: error(500, 2, "An unexpected error has occurred.", is_transient=True),
        Behaviour.PERMANENT: error(400, 551, "This person isn't available right now.", error_subcode=1545041),
    }

    async def read(self, request: web.Request) -> Taken:
        """Read the JSON; raises Rejected with Meta's codes."""
        if not request.headers.get("Authorization", "").startswith("Bearer "):
            raise Rejected(error(401, 190, "Invalid OAuth 2.0 Access Token"))
        content = read_answer(await request.read())
        if _whatsapp(content):
            return whatsapp.taken(content, request.match_info["account"])
        recipient, said = text(content, "recipient", "id"), text(content, "message", "text")
        media = text(content, "message", "attachment", "payload", "url")
        typing = text(content, "sender_action") == "typing_on" and len(child(content)) == 2
        if not recipient or (bool(said) == bool(media)) != typing:
            raise Rejected(error(400, 100, "(#100) Invalid parameter"))
        if len(said) > 2000 or len(children(content, "message", "quick_replies")) > 13:
            raise Rejected(
                error(400, 100, "(#100) Length of param message must be less than or equal to limit")
            )
        return Taken(
            provider="meta",
            account=request.match_info["account"],
            id="m_" + secrets.token_urlsafe(40),
            recipient=recipient,
            text=said,
            typing=typing,
            attachments=(media,) if media else (),
            content=content,
        )

    def accepted(self, taken: Taken) -> Reply:
        """Answer 200 with the message id."""
        if _whatsapp(taken.content):
            return whatsapp.accepted(taken)
        named = {} if taken.typing else {"message_id": taken.id}
        return Reply(200, {"recipient_id": taken.recipient, **named})

    def news(self, taken: Taken, registered: Registered) -> list[SignedRequest]:
        """Tell that the page said it, that it was delivered, then that all up to now was read."""
        if _whatsapp(taken.content):
            return whatsapp.news(taken, registered)
        if registered.channel == "instagram":
            return instagram.news(taken, registered)
        now = milliseconds()
        facts = ({"delivery": {"mids": [taken.id], "watermark": now}}, {"read": {"watermark": now}})
        page = taken.account
        items = [echo(page, taken.recipient, taken.id, child(taken.content, "message"))]
        items += [item(page, taken.recipient, fact) for fact in facts]
        return [
            _signed(registered.callback, registered.secret, page, [one])
            for one in items
            if registered.callback
        ]


def _whatsapp(content: JsonValue) -> bool:
    return text(content, "messaging_product") == "whatsapp"


def compose(settings: Mapping[str, Any], callback: str, words: Words) -> SignedRequest:
    """Sign an incoming message."""
    return batch(settings, callback, [words])


def handshake(settings: Mapping[str, Any], callback: str) -> SignedRequest:
    """Ask for the callback's proof, as saving it in the app's settings does."""
    query = urlencode(
        {
            "hub.mode": "subscribe",
            "hub.challenge": "1158201444",
            "hub.verify_token": setting(settings, "verify_token"),
        }
    )
    return SignedRequest(f"{callback}?{query}", {}, b"", "GET")


def batch(settings: Mapping[str, Any], callback: str, many: Sequence[Words]) -> SignedRequest:
    """Sign one webhook with many people's messages."""
    page = setting(settings, "page_id")
    items = [person_said(page, words, "m_") for words in many]
    return _signed(callback, setting(settings, "app_secret"), page, items)


def _signed(url: str, secret: str, page: str, items: list[dict[str, Any]]) -> SignedRequest:
    return signed(url, secret, batch_of("page", page, items))
