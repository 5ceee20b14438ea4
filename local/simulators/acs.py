"""Azure Communication Services' stand-in, with the Event Grid that carries its news.

Follows https://learn.microsoft.com/rest/api/communication and https://learn.microsoft.com/azure/event-grid.
Deliveries carry a secret header; tokens are for the tests, which have an issuer.
"""

import base64
import hashlib
import hmac
import json
import uuid
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from aiohttp import web
from pydantic import JsonValue

from functions.providers.payload import child, children, read_answer, text
from local.simulators.provider import Rejected, Reply
from local.simulators.signed import SignedRequest, Words, setting
from local.simulators.state import Behaviour, Registered, Taken

ACCESS_KEY = base64.b64encode(b"local-acs-access-key").decode()  # the only one that is accepted here
SECRET_HEADER = "X-Delivery-Secret"  # noqa: S105 - its name
SMS_LIMIT = 2048  # bytes
_TOPIC = (
    "/subscriptions/local/resourcegroups/local/providers/microsoft.communication/communicationservices/local"
)


def _error(status: int, code: str, message: str, **headers: str) -> Reply:
    return Reply(status, {"error": {"code": code, "message": message}}, headers)


class Acs:
    """Takes SMS and WhatsApp messages of any sender; the signature must be right."""

    name = "acs"
    path = r"/{api:sms|messages/notifications:send}"
    refusals: Mapping[Behaviour, Reply] = {
        Behaviour.TOO_MANY: _error(429, "TooManyRequests", "Slow down.", **{"Retry-After": "1"}),
        Behaviour.ERROR: _error(500, "InternalServerError", "Something went wrong."),
        Behaviour.PERMANENT: _error(400, "BadRequest", "The recipient is not valid."),
    }

    async def read(self, request: web.Request) -> Taken:
        """Check the signature and read the JSON; raises Rejected."""
        body = await request.read()
        _check_signature(request, body)
        content = read_answer(body)
        taken = _sms(content) if request.match_info["api"] == "sms" else _whatsapp(content, request)
        if not taken.recipient or taken.key.endswith("/") or not (taken.text or taken.attachments):
            raise Rejected(_error(400, "BadRequest", "A value is missing."))
        return taken

    def accepted(self, taken: Taken) -> Reply:
        """Answer 202 with the result of the only recipient."""
        if "channelRegistrationId" in child(taken.content):
            return Reply(202, {"receipts": [{"messageId": taken.id, "to": taken.recipient}]})
        result = {"to": taken.recipient, "messageId": taken.id, "httpStatusCode": 202, "successful": True}
        return Reply(202, {"value": [{**result, "repeatabilityResult": "accepted"}]})

    def news(self, taken: Taken, registered: Registered) -> list[SignedRequest]:
        """Report the delivery of an SMS; of WhatsApp in a wrong order, as it happens, and in CloudEvents."""
        ends = {"from": taken.account.removeprefix("+"), "to": taken.recipient, "messageId": taken.id}
        at = {"receivedTimestamp": _now()}
        if "channelRegistrationId" not in child(taken.content):
            report = {**ends, **at, "deliveryStatus": "Delivered", "deliveryStatusDetails": "No error."}
            return [_delivery(registered, event("SMSDeliveryReportReceived", report))]
        states = ("Delivered", "Sent", "Read")
        statuses = [{**ends, **at, "channelType": "whatsapp", "status": state} for state in states]
        return [
            _delivery(registered, event("AdvancedMessageDeliveryStatusUpdated", data)) for data in statuses
        ]


def compose_sms(settings: Mapping[str, Any], callback: str, words: Words) -> SignedRequest:
    """Deliver an incoming SMS, the numbers without their plus. ACS carries no media."""
    data = {
        "messageId": words.id or f"Incoming_{uuid.uuid4()}",
        "from": words.sender.removeprefix("+"),
        "to": setting(settings, "sender").removeprefix("+"),
        "message": words.text,
        "receivedTimestamp": _now(),
        "segmentCount": 1,
    }
    return deliver(callback, setting(settings, "delivery_secret"), [event("SMSReceived", data)])


def compose_whatsapp(settings: Mapping[str, Any], callback: str, words: Words) -> SignedRequest:
    """Deliver an incoming WhatsApp message; the media's ids are their last path segments."""
    data: dict[str, Any] = {
        "messageId": words.id or str(uuid.uuid4()),
        "channelType": "whatsapp",
        "messageType": "image" if words.media else "text",
        "from": words.sender.removeprefix("+"),
        "to": setting(settings, "channel_id"),
        "receivedTimestamp": _now(),
    }
    if words.media:
        medium = words.media[0].rpartition("/")[2]
        data["media"] = {"mimeType": "image/jpeg", "id": medium, "caption": words.text}
    else:
        data["content"] = words.text
    return deliver(callback, setting(settings, "delivery_secret"), [event("AdvancedMessageReceived", data)])


def handshake(settings: Mapping[str, Any], callback: str) -> SignedRequest:
    """Validate the subscription, as creating it does."""
    data = {"validationCode": str(uuid.uuid4()), "validationUrl": "https://rp.example/validate"}
    validation = {**event("", data), "eventType": "Microsoft.EventGrid.SubscriptionValidationEvent"}
    return deliver(callback, setting(settings, "delivery_secret"), [validation], "SubscriptionValidation")


def _sms(content: JsonValue) -> Taken:
    recipient = next(iter(children(content, "smsRecipients")), None)
    said = text(content, "message")
    if len(said.encode()) > SMS_LIMIT:
        raise Rejected(_error(400, "BadRequest", "The message is too long."))
    return Taken(
        provider="acs",
        account=text(content, "from"),
        id=f"Outgoing_{uuid.uuid4()}",
        key=f"{text(content, 'from')}/{text(recipient, 'repeatabilityRequestId')}",
        recipient=text(recipient, "to"),
        text=said,
        content=content,
    )


def _whatsapp(content: JsonValue, request: web.Request) -> Taken:
    media = text(content, "mediaUri")
    channel = text(content, "channelRegistrationId")
    return Taken(
        provider="acs",
        account=channel,
        id=str(uuid.uuid4()),
        key=f"{channel}/{request.headers.get('Repeatability-Request-ID', '')}",
        recipient=str(next(iter(children(content, "to")), "")),
        text=text(content, "content") or _filled(child(content, "template")),
        attachments=(media,) if media else (),
        content=content,
    )


def _filled(template: JsonValue) -> str:
    """Show a template as its name and its values, in the order in which they are bound to places."""
    values = {text(value, "name"): text(value, "text") for value in children(template, "values")}
    places = [text(place, "refValue") for place in children(template, "bindings", "body")]
    return " ".join([text(template, "name"), *(values.get(name, "") for name in places)])


def _check_signature(request: web.Request, body: bytes) -> None:
    digest = base64.b64encode(hashlib.sha256(body).digest()).decode()
    signed = f"POST\n{request.raw_path}\n{request.headers.get('x-ms-date')};{request.host};{digest}"
    mac = hmac.digest(base64.b64decode(ACCESS_KEY), signed.encode(), "sha256")
    wanted = "HMAC-SHA256 SignedHeaders=x-ms-date;host;x-ms-content-sha256&Signature="
    if request.headers.get("Authorization") != wanted + base64.b64encode(mac).decode():
        raise Rejected(_error(401, "Denied", "The signature does not match."))


def event(kind: str, data: Mapping[str, Any], subject: str = "local") -> dict[str, Any]:
    """Give an event of the resource in Event Grid's own schema."""
    return {
        "id": str(uuid.uuid4()),
        "topic": _TOPIC,
        "subject": subject,
        "data": data,
        "eventType": f"Microsoft.Communication.{kind}",
        "dataVersion": "1.0",
        "metadataVersion": "1",
        "eventTime": _now(),
    }


def deliver(url: str, secret: str, events: list[dict[str, Any]], kind: str = "Notification") -> SignedRequest:
    """Deliver events with the subscription's secret."""
    headers = {
        "Content-Type": "application/json; charset=utf-8",
        "aeg-event-type": kind,
        SECRET_HEADER: secret,
    }
    return SignedRequest(url, headers, json.dumps(events, ensure_ascii=False).encode())


def _delivery(registered: Registered, told: dict[str, Any]) -> SignedRequest:
    """Deliver as a CloudEvent, which is no array."""
    cloud = {
        "specversion": "1.0",
        "id": told["id"],
        "source": told["topic"],
        "type": told["eventType"],
        "time": told["eventTime"],
        "data": told["data"],
    }
    headers = {
        "Content-Type": "application/cloudevents+json; charset=utf-8",
        SECRET_HEADER: registered.secret,
    }
    return SignedRequest(registered.callback, headers, json.dumps(cloud).encode())


def _now() -> str:
    return datetime.now(UTC).isoformat()
