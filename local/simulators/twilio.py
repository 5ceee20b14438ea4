"""Twilio's stand-in: https://www.twilio.com/docs/messaging/api/message-resource and its webhooks."""

import hmac
import secrets
from base64 import b64encode
from collections.abc import Mapping
from typing import Any
from urllib.parse import urlencode

from aiohttp import web

from local.simulators.provider import Rejected, Reply
from local.simulators.signed import SignedRequest, Words, setting
from local.simulators.state import Behaviour, Registered, Taken

WHATSAPP = "whatsapp:"


def _error(status: int, code: int, message: str, **headers: str) -> Reply:
    more = f"https://www.twilio.com/docs/errors/{code}"
    return Reply(status, {"code": code, "message": message, "more_info": more, "status": status}, headers)


class Twilio:
    """Takes messages as the Messages resource does; statuses go to the message's StatusCallback."""

    name = "twilio"
    path = "/2010-04-01/Accounts/{account}/Messages.json"
    refusals: Mapping[Behaviour, Reply] = {
        Behaviour.TOO_MANY: _error(429, 20429, "Too Many Requests", **{"Retry-After": "1"}),
        Behaviour.ERROR: _error(500, 20500, "Internal Server Error"),
        Behaviour.PERMANENT: _error(400, 21610, "Attempt to send to unsubscribed recipient"),
    }

    async def read(self, request: web.Request) -> Taken:
        """Read the form; raises Rejected with Twilio's codes."""
        if not request.headers.get("Authorization", "").startswith("Basic "):
            raise Rejected(_error(401, 20003, "Authenticate"))
        form = await request.post()
        fields = {name: [str(value) for value in form.getall(name)] for name in form}
        text, media = "".join(fields.get("Body", [])), tuple(fields.get("MediaUrl", []))
        _check(fields, text, media)
        return Taken(
            provider="twilio",
            account=request.match_info["account"],
            id=("MM" if media else "SM") + secrets.token_hex(16),
            recipient=fields["To"][0].removeprefix(WHATSAPP),
            text=text,
            attachments=media,
            content={name: ", ".join(values) for name, values in fields.items()},
        )

    def accepted(self, taken: Taken) -> Reply:
        """Answer 201 with the SID."""
        return Reply(
            201, {"sid": taken.id, "account_sid": taken.account, "status": "queued", "error_code": None}
        )

    def news(self, taken: Taken, registered: Registered) -> list[SignedRequest]:
        """Tell that it was sent, then delivered, and on WhatsApp read."""
        content = taken.content if isinstance(taken.content, dict) else {}
        callback = str(content.get("StatusCallback", ""))
        if not callback:
            return []
        ends = {name: str(content.get(name, "")) for name in ("From", "To")} | {"AccountSid": taken.account}
        return [
            signed(
                callback,
                registered.secret,
                {
                    **ends,
                    "MessageSid": taken.id,
                    "SmsSid": taken.id,
                    "MessageStatus": status,
                    "SmsStatus": status,
                },
            )
            for status in _states(ends["To"])
        ]


def _states(recipient: str) -> tuple[str, ...]:
    return ("sent", "delivered", "read") if recipient.startswith(WHATSAPP) else ("sent", "delivered")


def compose(settings: Mapping[str, Any], callback: str, words: Words) -> SignedRequest:
    """Sign an incoming message."""
    return signed(callback, setting(settings, "auth_token"), _message(settings, words))


def compose_whatsapp(settings: Mapping[str, Any], callback: str, words: Words) -> SignedRequest:
    """Sign an incoming WhatsApp message."""
    form = _message(settings, words)
    form |= {"From": WHATSAPP + form["From"], "To": WHATSAPP + form["To"], "WaId": words.sender.lstrip("+")}
    form |= {"ProfileName": words.name, "MessageType": "image" if words.media else "text"}
    return signed(callback, setting(settings, "auth_token"), form)


def _message(settings: Mapping[str, Any], words: Words) -> dict[str, str]:
    sid = words.id or ("MM" if words.media else "SM") + secrets.token_hex(16)
    form = {
        "ToCountry": "FI",
        "SmsMessageSid": sid,
        "NumMedia": str(len(words.media)),
        "SmsSid": sid,
        "FromCity": "",
        "SmsStatus": "received",
        "Body": words.text,
        "To": setting(settings, "sender"),
        "NumSegments": "1",
        "MessageSid": sid,
        "AccountSid": setting(settings, "account_sid"),
        "From": words.sender,
        "ApiVersion": "2010-04-01",
    }
    for number, url in enumerate(words.media):
        form |= {f"MediaUrl{number}": url, f"MediaContentType{number}": "image/jpeg"}
    return form


def signed(url: str, secret: str, form: Mapping[str, str]) -> SignedRequest:
    """Sign a form as Twilio does, for an address without its fragment."""
    text = url + "".join(name + form[name] for name in sorted(form))
    signature = b64encode(hmac.digest(secret.encode(), text.encode(), "sha1")).decode()
    headers = {
        "Content-Type": "application/x-www-form-urlencoded; charset=UTF-8",
        "X-Twilio-Signature": signature,
        "I-Twilio-Idempotency-Token": secrets.token_hex(16),
        "User-Agent": "TwilioProxy/1.1",
    }
    return SignedRequest(url, headers, urlencode(form).encode())


def _check(fields: Mapping[str, list[str]], text: str, media: tuple[str, ...]) -> None:
    if not fields.get("To"):
        raise Rejected(_error(400, 21604, "A 'To' phone number is required."))
    if not fields.get("From") and not fields.get("MessagingServiceSid"):
        raise Rejected(_error(400, 21603, "A 'From' phone number is required."))
    if not text and not media:
        raise Rejected(_error(400, 21619, "A text message body or media urls must be specified."))
    if len(text) > 1600:
        raise Rejected(_error(400, 21617, "The concatenated message body exceeds the 1600 character limit."))
    if len(media) > 10:
        raise Rejected(_error(400, 21623, "Number of media files exceeds allowed limit."))
