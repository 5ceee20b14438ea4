"""TeleSign's callbacks: https://developer.telesign.com/enterprise/docs/transaction-callback-service."""

from tests.channels.vectors.case import Case

_ME = {
    "thread": "358401234567",
    "sender": {"id": "358401234567", "phone": "+358401234567"},
    "sentAt": "2026-11-22T10:00:00.123000Z",
}


def _inbound(response: bytes, kind: bytes = b"mo_sms", more: bytes = b"") -> bytes:
    return (
        b'{"reference_id":"35C5A0A1D0CC06A09190A1D6B25A1B8E","sub_resource":"%b","errors":{},'
        b'"submit_timestamp":"2026-11-22T10:00:00.123Z","status":{"code":1500,"description":"x",'
        b'"updated_on":"2026-11-22T10:00:00.456Z"},"user_response":{"phone_number":"358401234567",'
        b'"sender_id":"15005550006","iso_country_code":"FI",%b}%b}' % (kind, response, more)
    )


def _status(code: bytes, updated: bytes = b"2026-11-22T10:00:00Z", more: bytes = b"") -> bytes:
    return (
        b'{"reference_id":"0123456789ABCDEF0123456789ABCDEF","status":{"code":%b,"description":'
        b'"said of +358401234567","updated_on":"%b"},"submit_timestamp":"2026-11-22T09:59:58Z",'
        b'"errors":[],"sub_resource":"sms",'
        b'"external_id":null%b}' % (code, updated, more)
    )


def _receipt(code: str, state: str, reason: str = "") -> dict[str, object]:
    told = {"reason": reason} if reason else {}
    return {
        "kind": "receipt",
        "thread": "",
        "event": f"0123456789ABCDEF0123456789ABCDEF:{code}",
        "sender": {"id": ""},
        "sentAt": "2026-11-22T10:00:00Z",
        "receipt": {"state": state, "message": "0123456789ABCDEF0123456789ABCDEF", "code": code, **told},
    }


CASES = {
    "text": Case(
        _inbound(rb'"mo_message":"Hei \ud83d\udc4b","action":"generic","price":"0"'),
        [
            {
                **_ME,
                "kind": "message",
                "event": "35C5A0A1D0CC06A09190A1D6B25A1B8E",
                "text": "Hei 👋",
                "context": {"to": "15005550006", "country": "FI", "action": "generic"},
            }
        ],
    ),
    "stop": Case(
        _inbound(b'"mo_message":"Stop","action":"stop","keyword":"STOP"'),
        [{**_ME, "kind": "optOut", "text": "Stop"}],
    ),
    "start": Case(_inbound(b'"mo_message":"Start","action":"start"'), [{**_ME, "kind": "optIn"}]),
    "another number of the customer's": Case(
        _inbound(b'"mo_message":"Hei","action":"generic"').replace(b"15005550006", b"15005550009"),
        [
            {
                **{name: value for name, value in _ME.items() if name != "sentAt"},
                "kind": "unsupported",
                "context": {
                    "to": "15005550009",
                    "note": "the message is for another number than this account's",
                },
            }
        ],
    ),
    "stop in capitals": Case(_inbound(b'"mo_message":"Seis","action":"STOP"'), [{**_ME, "kind": "optOut"}]),
    "help is a message": Case(
        _inbound(b'"mo_message":"HELP","action":"help"'), [{**_ME, "kind": "message", "text": "HELP"}]
    ),
    "a picture message": Case(
        _inbound(
            b'"action":"generic"',
            b"mo_mms",
            b',"content":{"text_1":"Kuva","url_image_1":"https://cdn.example/1.jpg","url_video_2":"https://cdn.example/2.mp4"}',
        ),
        [
            {
                **_ME,
                "kind": "message",
                "text": "Kuva",
                "attachments": [
                    {"kind": "image", "url": "https://cdn.example/1.jpg"},
                    {"kind": "video", "url": "https://cdn.example/2.mp4"},
                ],
            }
        ],
    ),
    "a short code writes": Case(
        _inbound(b'"mo_message":"x"').replace(b'"358401234567"', b'"12345"'),
        [{"kind": "message", "thread": "12345", "sender": {"id": "12345"}}],
    ),
    "nothing said": Case(_inbound(b'"mo_message":""'), [{**_ME, "kind": "unsupported", "sentAt": None}]),
    "delivered": Case(_status(b"200"), [_receipt("200", "delivered")]),
    "delivered, in the samples' way": Case(
        _status(b"200", b"Sun, 22 Nov 2026 10:00:00 GMT"), [_receipt("200", "delivered")]
    ),
    "at the gateway": Case(_status(b"203"), [_receipt("203", "sent")]),
    "in progress": Case(_status(b"290"), [_receipt("290", "queued")]),
    "delayed": Case(_status(b"295"), [_receipt("295", "queued")]),
    "nobody knows": Case(_status(b"250"), [_receipt("250", "sent")]),
    "failed at the phone": Case(
        _status(b"207"), [_receipt("207", "failed", "the phone did not take the message")]
    ),
    "expired": Case(
        _status(
            b"221",
            more=b',"additional_info":{"message_parts_count":"2","cleansed_phone_number":"358401234567"}',
        ),
        [_receipt("221", "failed", "the message expired before it was delivered")],
    ),
    "opted out": Case(_status(b"510"), [_receipt("510", "failed", "the recipient has opted out")]),
    "a status of tomorrow": Case(_status(b"777"), [_receipt("777", "queued")]),
    "another product's message": Case(
        _inbound(b'"content":{"text":"x"}', b"mo_rcs"), [{"kind": "unsupported", "thread": "358401234567"}]
    ),
    "another product's status": Case(
        _status(b"200").replace(b'"sms"', b'"viber"'),
        [{"kind": "unsupported", "thread": "15005550006", "sender": {"id": "15005550006"}}],
    ),
    "nothing": Case(b"{}", [{"kind": "unsupported", "thread": "15005550006"}]),
}
