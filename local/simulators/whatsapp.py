"""The Cloud API's stand-in: https://developers.facebook.com/docs/whatsapp/cloud-api/reference/messages.

A customer is a user id (`FI.1349…`) or, as with numbers that have none yet, a phone number without plus.
"""

import secrets
import time
from collections.abc import Mapping
from typing import Any

from pydantic import JsonValue

from functions.providers.payload import at, child, children, text
from local.simulators.graph import error, signed
from local.simulators.provider import Rejected, Reply
from local.simulators.signed import SignedRequest, Words, setting
from local.simulators.state import Registered, Taken

AINO = "FI.13491208655302741918"
_PHONES = {AINO: "358401234567"}  # of the users who share theirs
_MEDIA = ("image", "audio", "video", "document", "sticker")
_TEXT_LIMIT = 4096


def taken(content: JsonValue, number: str) -> Taken:
    """Read a send call; raises Rejected with Meta's codes."""
    kind = text(content, "type")
    said, medium = _said(content, kind), child(content, kind)
    to = text(content, "to") or text(content, "recipient")
    if not to or not at(content, kind) or (kind not in _MEDIA and not said and kind != "location"):
        raise Rejected(error(400, 100, "(#100) Invalid parameter"))
    if len(said) > _TEXT_LIMIT or len(children(content, "interactive", "action", "buttons")) > 3:
        raise Rejected(error(400, 100, "(#100) Param text['body'] must be at most 4096 characters long."))
    media = text(medium, "link") or text(medium, "id")
    return Taken(
        provider="meta",
        account=number,
        id="wamid." + secrets.token_urlsafe(40),
        recipient=to,
        text=said,
        attachments=(media,) if kind in _MEDIA else (),
        content=content,
    )


def accepted(message: Taken) -> Reply:
    """Answer 200: accepted, which is not yet delivered."""
    contact = {"input": message.recipient, "wa_id": _PHONES.get(message.recipient, message.recipient)}
    named = [{"id": message.id, "message_status": "accepted"}]
    return Reply(200, {"messaging_product": "whatsapp", "contacts": [contact], "messages": named})


def news(message: Taken, registered: Registered) -> list[SignedRequest]:
    """Tell that it was sent, delivered and read; each names the customer by all ids there are."""
    to = message.recipient
    user = to if "." in to else ""
    ends = {"recipient_user_id": user, "recipient_id": _PHONES.get(to, "") if user else to}
    noted = text(message.content, "biz_opaque_callback_data")
    facts = {"id": message.id, "timestamp": _seconds(), "biz_opaque_callback_data": noted, **_present(ends)}
    values = [{"statuses": [{**facts, "status": state}]} for state in ("sent", "delivered", "read")]
    callback, secret = registered.callback, registered.secret
    return [_webhook(callback, secret, message.account, value) for value in values if callback]


def compose(settings: Mapping[str, Any], callback: str, words: Words) -> SignedRequest:
    """Sign an incoming message."""
    user = words.sender if "." in words.sender else ""
    phone = _PHONES.get(user, "") if user else words.sender
    message = {
        "id": words.id or "wamid." + secrets.token_urlsafe(40),
        "timestamp": _seconds(),
        **_present({"from": phone, "from_user_id": user}),
        **_spoken(words),
    }
    contact = {"profile": {"name": words.name or "Customer"}, **_present({"wa_id": phone, "user_id": user})}
    value = {"contacts": [contact], "messages": [message]}
    secret, number = setting(settings, "app_secret"), setting(settings, "phone_number_id")
    return _webhook(callback, secret, number, value)


def _spoken(words: Words) -> dict[str, Any]:
    if not words.media:
        return {"type": "text", "text": {"body": words.text}}
    image = {"id": words.media[0], "mime_type": "image/jpeg", **_present({"caption": words.text})}
    return {"type": "image", "image": image}


def _webhook(url: str, secret: str, number: str, value: dict[str, Any]) -> SignedRequest:
    metadata = {"display_phone_number": "15550783881", "phone_number_id": number}
    whole = {"messaging_product": "whatsapp", "metadata": metadata, **value}
    entry = {"id": "102290129340398", "changes": [{"field": "messages", "value": whole}]}
    return signed(url, secret, {"object": "whatsapp_business_account", "entry": [entry]})


def _said(content: JsonValue, kind: str) -> str:
    if kind == "interactive":
        return text(content, "interactive", "body", "text")
    return text(content, kind, "body") or text(content, kind, "caption")


def _present(fields: dict[str, str]) -> dict[str, str]:
    return {name: value for name, value in fields.items() if value}


def _seconds() -> str:
    return str(int(time.time()))
