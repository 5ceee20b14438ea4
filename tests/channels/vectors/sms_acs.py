"""ACS SMS events: https://learn.microsoft.com/azure/event-grid/communication-services-telephony-sms-events."""

import json
from typing import Any

from tests.channels.vectors.case import Case
from tests.channels.vectors.event_grid import body, cloud, event

RECEIVED = "Microsoft.Communication.SMSReceived"
REPORTED = "Microsoft.Communication.SMSDeliveryReportReceived"
_ME = {"thread": "+358401234567", "sender": {"id": "+358401234567", "phone": "+358401234567"}}


def sms(message: str = "Hei 👋", **more: Any) -> dict[str, Any]:
    return {
        "messageId": "Incoming_20261122-1",
        "from": "358401234567",
        "to": "15005550006",
        "message": message,
        "receivedTimestamp": "2026-11-22T11:59:57.5+00:00",
        "segmentCount": 1,
        **more,
    }


def report(**more: Any) -> dict[str, Any]:
    return {
        "messageId": "Outgoing_20261122-1",
        "from": "15005550006",
        "to": "+358401234567",
        "deliveryStatus": "Delivered",
        "deliveryStatusDetails": "No error.",
        "receivedTimestamp": "2026-11-22T11:59:57.2855749Z",
        "deliveryAttempts": [
            {"timestamp": "2026-11-22T11:59:56Z", "segmentsSucceeded": 1, "segmentsFailed": 0}
        ],
        "tag": "t",
        **more,
    }


CASES = {
    "text": Case(
        body(event(RECEIVED, sms())),
        [
            {
                **_ME,
                "kind": "message",
                "event": "Incoming_20261122-1",
                "text": "Hei 👋",
                "context": {"to": "15005550006", "segments": "1"},
                "sentAt": "2026-11-22T11:59:57.500000Z",
            }
        ],
    ),
    "a CloudEvent": Case(
        json.dumps(cloud(RECEIVED, sms())).encode(), [{**_ME, "kind": "message", "text": "Hei 👋"}]
    ),
    "a batch, and what one delivery may hold besides": Case(
        body(
            event(RECEIVED, sms("1", messageId="a")),
            event("Microsoft.EventGrid.SubscriptionDeletedEvent", {"eventSubscriptionId": "x"}, "ev-2"),
            cloud(RECEIVED, sms("2", messageId="b")),
            event(REPORTED, report(), "ev-4"),
        ),
        [
            {**_ME, "text": "1", "event": "a"},
            {**_ME, "text": "2", "event": "b"},
            {**_ME, "kind": "receipt"},
        ],
    ),
    "an old revision's names": Case(
        body(event(RECEIVED, {name[0].upper() + name[1:]: value for name, value in sms().items()})),
        [{**_ME, "kind": "message", "text": "Hei 👋", "event": "Incoming_20261122-1"}],
    ),
    "stop": Case(body(event(RECEIVED, sms(" Stop\n"))), [{**_ME, "kind": "optOut", "text": " Stop\n"}]),
    "start": Case(body(event(RECEIVED, sms("START"))), [{**_ME, "kind": "optIn"}]),
    "an empty text": Case(body(event(RECEIVED, sms(""))), [{**_ME, "kind": "message", "text": None}]),
    "a short code": Case(
        body(event(RECEIVED, sms(**{"from": "12345"}))),
        [{"thread": "12345", "sender": {"id": "12345"}, "kind": "message"}],
    ),
    "no ids but the event's": Case(
        body(event(RECEIVED, sms(messageId=None, receivedTimestamp="soon"))),
        [{**_ME, "kind": "message", "event": "ev-1", "sentAt": "2026-11-22T11:59:58.192171Z"}],
    ),
    "another number of the resource": Case(
        body(event(RECEIVED, sms(to="15005550007"))),
        [
            {
                **_ME,
                "kind": "unsupported",
                "context": {"note": "the message is for another number than this account's"},
            }
        ],
    ),
    "nobody": Case(
        body(event(RECEIVED, {"message": "x"})),
        [{"kind": "unsupported", "thread": "sms-acs-1", "event": "ev-1"}],
    ),
    "delivered": Case(
        body(event(REPORTED, report())),
        [
            {
                **_ME,
                "kind": "receipt",
                "event": "Outgoing_20261122-1",
                "receipt": {"state": "delivered", "message": "Outgoing_20261122-1"},
                "sentAt": "2026-11-22T11:59:57.285574Z",
            }
        ],
    ),
    "failed, with a sentence that tells the number": Case(
        body(
            event(
                REPORTED,
                report(
                    deliveryStatus="Failed",
                    deliveryStatusDetails="Error 4006: +358401234567 is not reachable",
                ),
            )
        ),
        [
            {
                **_ME,
                "kind": "receipt",
                "receipt": {
                    "state": "failed",
                    "message": "Outgoing_20261122-1",
                    "code": "4006",
                    "reason": "the carrier did not deliver the message",
                },
            }
        ],
    ),
    "a report in PascalCase": Case(
        body(event(REPORTED, {name[0].upper() + name[1:]: value for name, value in report().items()})),
        [{**_ME, "kind": "receipt", "receipt": {"state": "delivered", "message": "Outgoing_20261122-1"}}],
    ),
    "an unknown status": Case(
        body(event(REPORTED, report(deliveryStatus="Teleported"))), [{**_ME, "kind": "unsupported"}]
    ),
    "an unknown event": Case(
        body(event("Microsoft.Communication.ChatMessageReceived", {"body": "x"})),
        [{"kind": "unsupported", "thread": "sms-acs-1", "event": "ev-1"}],
    ),
    "no event": Case(b'[7, "x", {}]', [{"kind": "unsupported"}] * 3),
    "no events": Case(b"[]", []),
}
