"""ACS Advanced Messaging events.

https://learn.microsoft.com/azure/event-grid/communication-services-advanced-messaging-events.
"""

import json
from typing import Any

from tests.channels.vectors.case import Case
from tests.channels.vectors.event_grid import body, cloud, event

RECEIVED = "Microsoft.Communication.AdvancedMessageReceived"
UPDATED = "Microsoft.Communication.AdvancedMessageDeliveryStatusUpdated"
CHANNEL = "11111111-2222-3333-4444-555555555555"
_ME = {"thread": "+358401234567", "sender": {"id": "+358401234567", "phone": "+358401234567"}}


def message(type_: str = "text", **more: Any) -> dict[str, Any]:
    return {
        "messageId": "6d9ba3f1",
        "channelType": "whatsapp",
        "messageType": type_,
        "from": "358401234567",
        "to": CHANNEL,
        "receivedTimestamp": "2026-11-22T11:59:57+00:00",
        **more,
    }


def status(state: str, **more: Any) -> dict[str, Any]:
    return {
        "messageId": "out-7",
        "status": state,
        "channelType": "whatsapp",
        "from": CHANNEL,
        "to": "358401234567",
        "receivedTimestamp": "2026-11-22T11:59:57.1892457+00:00",
        **more,
    }


REPLY = {"from": "15005550006", "id": "out-7"}

CASES = {
    "text": Case(
        body(event(RECEIVED, message(content="Hei 👋"))),
        [
            {
                **_ME,
                "kind": "message",
                "event": "6d9ba3f1",
                "text": "Hei 👋",
                "context": {"to": CHANNEL},
                "sentAt": "2026-11-22T11:59:57Z",
            }
        ],
    ),
    "text, with all that it is not as null": Case(
        body(
            event(
                RECEIVED,
                message(
                    content="Hei", media=None, context=None, button=None, interactive=None, reaction=None
                ),
            )
        ),
        [{**_ME, "kind": "message", "text": "Hei"}],
    ),
    "text without a message id": Case(
        body(event(RECEIVED, message(content="x", messageId=None), "ev-9")),
        [{**_ME, "kind": "message", "event": "ev-9"}],
    ),
    "a CloudEvent, in PascalCase": Case(
        json.dumps(
            cloud(RECEIVED, {n[0].upper() + n[1:]: v for n, v in message(content="x").items()})
        ).encode(),
        [{**_ME, "kind": "message", "event": "6d9ba3f1", "text": "x"}],
    ),
    "an answer to a message of ours": Case(
        body(event(RECEIVED, message(content="x", context=REPLY))),
        [{**_ME, "kind": "message", "target": "out-7"}],
    ),
    "a customer known by a user id": Case(
        body(event(RECEIVED, message(content="x", **{"from": "FI.13491208655302741918"}))),
        [{"thread": "FI.13491208655302741918", "sender": {"id": "FI.13491208655302741918"}}],
    ),
    "image": Case(
        body(
            event(
                RECEIVED,
                message("image", media={"mimeType": "image/jpeg", "id": "media-1", "caption": "Kuva"}),
            )
        ),
        [
            {
                **_ME,
                "kind": "message",
                "text": "Kuva",
                "attachments": [{"kind": "image", "url": "acs:media-1", "contentType": "image/jpeg"}],
            }
        ],
    ),
    "document": Case(
        body(
            event(
                RECEIVED,
                message(
                    "document",
                    media={"mimeType": "application/pdf", "id": "media-2", "fileName": "Lasku.pdf"},
                ),
            )
        ),
        [
            {
                "kind": "message",
                "attachments": [
                    {
                        "kind": "file",
                        "url": "acs:media-2",
                        "contentType": "application/pdf",
                        "name": "Lasku.pdf",
                    }
                ],
            }
        ],
    ),
    "sticker": Case(
        body(
            event(
                RECEIVED,
                message("sticker", media={"mimeType": "image/webp", "id": "media-3", "animated": True}),
            )
        ),
        [
            {
                "kind": "message",
                "attachments": [{"kind": "sticker", "url": "acs:media-3", "contentType": "image/webp"}],
                "context": {"to": CHANNEL, "animated": "true"},
            }
        ],
    ),
    "media of a type that is not named": Case(
        body(event(RECEIVED, message("", media={"mimeType": "audio/ogg", "id": "media-4"}))),
        [{"attachments": [{"kind": "audio", "url": "acs:media-4", "contentType": "audio/ogg"}]}],
    ),
    "a template's button": Case(
        body(event(RECEIVED, message("button", button={"text": "Kyllä", "payload": "yes"}, context=REPLY))),
        [{**_ME, "kind": "postback", "text": "Kyllä", "payload": "yes", "target": "out-7"}],
    ),
    "a button": Case(
        body(
            event(
                RECEIVED,
                message(
                    "interactive",
                    interactive={"type": "buttonReply", "buttonReply": {"id": "agree", "title": "Sopii"}},
                    context=REPLY,
                ),
            )
        ),
        [{**_ME, "kind": "postback", "text": "Sopii", "payload": "agree", "target": "out-7"}],
    ),
    "a line of a list": Case(
        body(
            event(
                RECEIVED,
                message(
                    "interactive",
                    interactive={
                        "type": "listReply",
                        "listReply": {"id": "prio", "title": "Nopea", "description": "1–3 päivää"},
                    },
                ),
            )
        ),
        [
            {
                "kind": "postback",
                "text": "Nopea",
                "payload": "prio",
                "context": {"to": CHANNEL, "description": "1–3 päivää"},
            }
        ],
    ),
    "a reaction": Case(
        body(event(RECEIVED, message("reaction", reaction={"messageId": "out-7", "emoji": "👍"}))),
        [{**_ME, "kind": "reaction", "text": "👍", "target": "out-7", "event": "6d9ba3f1"}],
    ),
    "a reaction taken back": Case(
        body(event(RECEIVED, message("reaction", reaction={"messageId": "out-7"}))),
        [{"kind": "reaction", "text": None, "target": "out-7"}],
    ),
    "an interactive answer of an unknown kind": Case(
        body(event(RECEIVED, message("interactive", interactive={"type": "unknown"}))),
        [{**_ME, "kind": "unsupported"}],
    ),
    "a type without a body that we know": Case(
        body(event(RECEIVED, message("location"))), [{**_ME, "kind": "unsupported"}]
    ),
    "another channel of the resource": Case(
        body(event(RECEIVED, message(content="x", to="99999999-2222-3333-4444-555555555555"))),
        [
            {
                "kind": "unsupported",
                "context": {"note": "the message is for another channel than this account's"},
            }
        ],
    ),
    "statuses in any order": Case(
        body(*(event(UPDATED, status(state), state) for state in ("Read", "Sent", "Delivered"))),
        [
            {**_ME, "kind": "receipt", "event": "out-7", "receipt": {"state": state, "message": "out-7"}}
            for state in ("read", "sent", "delivered")
        ],
    ),
    "failed": Case(
        body(
            event(
                UPDATED,
                status(
                    "Failed",
                    error={"channelCode": "131026", "channelMessage": "+358401234567: Re-engagement"},
                ),
            )
        ),
        [
            {
                **_ME,
                "receipt": {
                    "state": "failed",
                    "message": "out-7",
                    "code": "131026",
                    "reason": "the customer cannot be reached on WhatsApp",
                },
            }
        ],
    ),
    "failed, nobody says why": Case(
        body(event(UPDATED, status("failed"))),
        [
            {
                "receipt": {
                    "state": "failed",
                    "message": "out-7",
                    "reason": "WhatsApp did not deliver the message",
                }
            }
        ],
    ),
    "an unknown status": Case(
        body(event(UPDATED, status("Teleported"))), [{**_ME, "kind": "unsupported", "event": "out-7"}]
    ),
    "analysis, a preview": Case(
        body(event("Microsoft.Communication.AdvancedMessageAnalysisCompleted", message(content="x"))),
        [{**_ME, "kind": "unsupported"}],
    ),
    "video": Case(
        body(event(RECEIVED, message("video", media={"mimeType": "video/mp4", "id": "media-5"}))),
        [{"attachments": [{"kind": "video", "url": "acs:media-5", "contentType": "video/mp4"}]}],
    ),
}
