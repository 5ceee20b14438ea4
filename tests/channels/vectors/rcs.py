"""The data of RCS webhooks, decoded: https://developers.google.com/business-communications/rcs-business-messaging."""

from tests.channels.vectors.case import Case

_ENDS = (
    b'"senderPhoneNumber":"+358401234567","agentId":"monikanava_demo@rbm.goog",'
    b'"sendTime":"2026-11-22T10:00:00.123456789Z"'
)
_ME = {
    "thread": "+358401234567",
    "sender": {"id": "+358401234567", "phone": "+358401234567"},
    "sentAt": "2026-11-22T10:00:00.123456Z",
}


def _message(content: bytes) -> bytes:
    return b'{%b,"messageId":"MxAbC-1",%b}' % (_ENDS, content)


def _event(content: bytes) -> bytes:
    return b'{%b,"eventId":"EvAbC-1",%b}' % (_ENDS, content)


CASES = {
    "text": Case(
        _message(b'"text":"Hei \xf0\x9f\x91\x8b"'),
        [{**_ME, "kind": "message", "event": "MxAbC-1", "text": "Hei 👋"}],
    ),
    "classified text, as in the United States": Case(
        _message(b'"text":"Hi","richMessageClassification":{"classificationType":"BASIC_MESSAGE"}'),
        [{**_ME, "kind": "message", "text": "Hi"}],
    ),
    "suggested reply": Case(
        _message(b'"suggestionResponse":{"postbackData":"yes:1","text":"Kyll\xc3\xa4","type":"REPLY"}'),
        [{**_ME, "kind": "postback", "event": "MxAbC-1", "text": "Kyllä", "payload": "yes:1"}],
    ),
    "suggested action": Case(
        _event(b'"suggestionResponse":{"postbackData":"call","text":"Soita","type":"ACTION"}'),
        [{**_ME, "kind": "postback", "event": "EvAbC-1", "text": "Soita", "payload": "call"}],
    ),
    "location": Case(
        _message(b'"location":{"latitude":60.1699,"longitude":24.9384}'),
        [{**_ME, "kind": "message", "attachments": [{"kind": "location", "url": "geo:60.1699,24.9384"}]}],
    ),
    "picture": Case(
        _message(
            b'"userFile":{"thumbnail":{"mimeType":"image/jpeg","fileSizeBytes":1280,"fileUri":"https://files.example/t"},'
            b'"payload":{"mimeType":"image/png","fileSizeBytes":128000,"fileUri":"https://files.example/1","fileName":"vika.png"}}'
        ),
        [
            {
                "kind": "message",
                "attachments": [
                    {
                        "kind": "image",
                        "url": "https://files.example/1",
                        "contentType": "image/png",
                        "name": "vika.png",
                        "size": 128000,
                    }
                ],
            }
        ],
    ),
    "a size in words, as 64-bit numbers are in Google's JSON": Case(
        _message(
            b'"userFile":{"payload":{"mimeType":"image/png","fileSizeBytes":"128000","fileUri":"https://files.example/1"}}'
        ),
        [
            {
                "kind": "message",
                "attachments": [
                    {
                        "kind": "image",
                        "url": "https://files.example/1",
                        "contentType": "image/png",
                        "size": 128000,
                    }
                ],
            }
        ],
    ),
    "document": Case(
        _message(
            b'"userFile":{"payload":{"mimeType":"application/pdf","fileUri":"https://files.example/2"}}'
        ),
        [
            {
                "attachments": [
                    {"kind": "file", "url": "https://files.example/2", "contentType": "application/pdf"}
                ]
            }
        ],
    ),
    "delivered": Case(
        _event(b'"eventType":"DELIVERED","messageId":"7f5e2c10"'),
        [
            {
                **_ME,
                "kind": "receipt",
                "event": "EvAbC-1",
                "receipt": {"state": "delivered", "message": "7f5e2c10"},
            }
        ],
    ),
    "read": Case(
        _event(b'"eventType":"READ","messageId":"7f5e2c10"'),
        [{"kind": "receipt", "receipt": {"state": "read", "message": "7f5e2c10"}}],
    ),
    "not delivered in time": Case(
        b'{"phoneNumber":"+358401234567","messageId":"7f5e2c10","agentId":"monikanava_demo",'
        b'"eventType":"TTL_EXPIRATION_REVOKED","eventId":"s1","sendTime":"2026-11-22T10:00:00Z"}',
        [
            {
                "kind": "receipt",
                "thread": "+358401234567",
                "receipt": {
                    "state": "failed",
                    "message": "7f5e2c10",
                    "code": "expired",
                    "reason": "it was not delivered in its time to live, and was withdrawn",
                },
            }
        ],
    ),
    "withdrawing failed": Case(
        _event(b'"eventType":"TTL_EXPIRATION_REVOKE_FAILED","messageId":"7f5e2c10"'),
        [{**_ME, "kind": "unsupported", "event": "EvAbC-1"}],
    ),
    "typing": Case(_event(b'"eventType":"IS_TYPING"'), [{**_ME, "kind": "typing"}]),
    "unsubscribed": Case(_event(b'"eventType":"UNSUBSCRIBE"'), [{**_ME, "kind": "optOut"}]),
    "subscribed": Case(_event(b'"eventType":"SUBSCRIBE"'), [{**_ME, "kind": "optIn"}]),
    "another agent's": Case(
        b'{"senderPhoneNumber":"+358401234567","agentId":"other@rbm.goog","messageId":"m","text":"x"}',
        [
            {
                "kind": "unsupported",
                "event": "m",
                "context": {
                    "agent": "other@rbm.goog",
                    "note": "the item belongs to another agent than this account's",
                },
            }
        ],
    ),
    "a kind of tomorrow": Case(_message(b'"hologram":{"x":1}'), [{**_ME, "kind": "unsupported"}]),
    "a receipt of nothing": Case(_event(b'"eventType":"READ"'), [{"kind": "unsupported"}]),
    "values of wrong types": Case(
        b'{"messageId":["x"],"text":7,"sendTime":5,"senderPhoneNumber":{}}',
        [{"kind": "message", "text": "7", "thread": "monikanava_demo"}],
    ),
    "nothing": Case(b"{}", [{"kind": "unsupported"}]),
    **{
        f"{kind}, {media}": Case(
            _message(
                b'"userFile":{"payload":{"mimeType":"%b","fileUri":"https://files.example/3"}}'
                % media.encode()
            ),
            [{"attachments": [{"kind": kind, "url": "https://files.example/3", "contentType": media}]}],
        )
        for kind, media in (("audio", "audio/amr"), ("video", "video/mp4"))
    },
}
