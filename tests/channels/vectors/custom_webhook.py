"""A home-made channel's events, in the format of docs/custom-messaging.md."""

from tests.channels.vectors.case import Case

_ME = {"thread": "kiosk-7", "event": "e-1", "sender": {"id": "aino"}, "sentAt": "2026-11-22T10:00:00Z"}


def _event(kind: bytes, more: bytes = b"") -> bytes:
    return (
        b'{"id":"e-1","type":"%b","thread":"kiosk-7","sender":{"id":"aino"},'
        b'"sentAt":"2026-11-22T12:00:00+02:00"%b}' % (kind, more)
    )


def _receipt(state: str, **more: str) -> dict[str, object]:
    return {**_ME, "kind": "receipt", "receipt": {"state": state, **more}}


UNSUPPORTED = {"thread": "kiosk-7", "event": "e-1", "kind": "unsupported", "sender": {"id": "aino"}}
CASES = {
    "text": Case(
        b'{"id":"e-1","type":"message","thread":"kiosk-7","text":"Hei \xf0\x9f\x91\x8b",'
        b'"replyTo":"c-1-00000002",'
        b'"sender":{"id":"aino","name":"Aino","phone":"+358401234567","email":"aino@example.com","locale":"fi"},'
        b'"sentAt":"2026-11-22T12:00:00+02:00","context":{"floor":"3"},"ours":[1]}',
        [
            {
                **_ME,
                "kind": "message",
                "sender": {
                    "id": "aino",
                    "name": "Aino",
                    "phone": "+358401234567",
                    "email": "aino@example.com",
                    "locale": "fi",
                },
                "text": "Hei 👋",
                "target": "c-1-00000002",
                "context": {"floor": "3"},
                "raw": None,
            }
        ],
    ),
    "attachments": Case(
        _event(
            b"message",
            b',"attachments":[{"kind":"image","url":"https://c.example/1.jpg","contentType":"image/jpeg",'
            b'"name":"1.jpg","size":7,"blob":"another/conversation"},{"kind":"location","url":"geo:60.1,24.9"}]',
        ),
        [
            {
                **_ME,
                "kind": "message",
                "attachments": [
                    {
                        "kind": "image",
                        "url": "https://c.example/1.jpg",
                        "contentType": "image/jpeg",
                        "name": "1.jpg",
                        "size": 7,
                    },
                    {"kind": "location", "url": "geo:60.1,24.9"},
                ],
            }
        ],
    ),
    "a choice": Case(
        _event(b"postback", b',"payload":"YES","text":"Yes"'),
        [{**_ME, "kind": "postback", "payload": "YES", "text": "Yes"}],
    ),
    "reaction": Case(
        _event(b"reaction", b',"replyTo":"e-0","text":"\xf0\x9f\x91\x8d"'),
        [{**_ME, "kind": "reaction", "target": "e-0", "text": "👍"}],
    ),
    "edit": Case(_event(b"edit", b',"replyTo":"e-0","text":"x"'), [{**_ME, "kind": "edit", "target": "e-0"}]),
    "delete": Case(_event(b"delete", b',"replyTo":"e-0"'), [{**_ME, "kind": "delete", "target": "e-0"}]),
    "sent": Case(_event(b"status", b',"replyTo":"m-1","state":"sent"'), [_receipt("sent", message="m-1")]),
    "delivered": Case(
        _event(b"status", b',"replyTo":"m-1","state":"delivered"'), [_receipt("delivered", message="m-1")]
    ),
    "failed": Case(
        _event(b"status", b',"replyTo":"m-1","state":"failed","code":"7","reason":"no paper"'),
        [_receipt("failed", message="m-1", code="7", reason="no paper")],
    ),
    "read": Case(_event(b"read", b',"replyTo":"m-1"'), [_receipt("read", message="m-1")]),
    "all read": Case(_event(b"read"), [_receipt("read", watermark="2026-11-22T10:00:00Z")]),
    "typing": Case(_event(b"typing"), [{**_ME, "kind": "typing"}]),
    "joined": Case(_event(b"joined"), [{**_ME, "kind": "joined"}]),
    "left": Case(_event(b"left"), [{**_ME, "kind": "left"}]),
    "opted out": Case(_event(b"optOut"), [{**_ME, "kind": "optOut"}]),
    "opted in": Case(_event(b"optIn"), [{**_ME, "kind": "optIn"}]),
    "who it is, is the thread": Case(
        b'{"type":"message","thread":"kiosk-7","text":"x"}', [{"sender": {"id": "kiosk-7"}, "sentAt": None}]
    ),
    "a type of tomorrow": Case(_event(b"hologram"), [UNSUPPORTED]),
    "a message of nothing": Case(_event(b"message"), [UNSUPPORTED]),
    "a status of nothing": Case(_event(b"status", b',"replyTo":"m-1"'), [UNSUPPORTED]),
    "a state of nothing": Case(_event(b"status", b',"replyTo":"m-1","state":"queued"'), [UNSUPPORTED]),
    "an edit of nothing": Case(_event(b"edit", b',"text":"x"'), [UNSUPPORTED]),
    "a time without a zone": Case(_event(b"message", b',"text":"x"').replace(b"+02:00", b""), [UNSUPPORTED]),
    "a time beyond the calendar": Case(
        _event(b"message", b',"text":"x"').replace(b"2026-11-22T12", b"0001-01-01T00"), [UNSUPPORTED]
    ),
    "a kind of attachment that is none": Case(
        _event(b"message", b',"attachments":[{"kind":"hologram"}]'), [UNSUPPORTED]
    ),
    "nothing": Case(b"{}", [{"kind": "unsupported", "thread": "custom-webhook-1"}]),
    "attachments of the other kinds": Case(
        _event(
            b"message",
            b',"attachments":[%b]'
            % b",".join(
                b'{"kind":"%b","url":"https://c.example/1"}' % kind.encode()
                for kind in ("audio", "video", "file", "sticker", "contact", "link")
            ),
        ),
        [
            {
                **_ME,
                "attachments": [
                    {"kind": kind, "url": "https://c.example/1"}
                    for kind in ("audio", "video", "file", "sticker", "contact", "link")
                ],
            }
        ],
    ),
}
