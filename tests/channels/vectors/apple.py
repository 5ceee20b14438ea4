"""Messages of Apple's: https://register.apple.com/resources/messages/msp-rest-api."""

from tests.channels.vectors.case import Case

_ME = {"thread": "urn:mbid:AQAAY", "event": "0f8fad5b"}
_KEY = b"00" + b"5a" * 32


def _message(kind: bytes, content: bytes = b"") -> bytes:
    return (
        b'{"v":1,"id":"0f8fad5b","sourceId":"urn:mbid:AQAAY","destinationId":"business-1",'
        b'"type":"%b"%b}' % (kind, content)
    )


def _chosen(data: bytes) -> bytes:
    return _message(b"interactive", b',"interactiveData":{"bid":"com.apple.x","data":%b}' % data)


CASES = {
    "text": Case(
        _message(
            b"text",
            b',"body":"Hei \xf0\x9f\x91\x8b","locale":"fi_FI","group":"tuki","intent":"lasku"',
        ),
        [
            {
                **_ME,
                "kind": "message",
                "text": "Hei 👋",
                "sender": {"id": "urn:mbid:AQAAY", "locale": "fi_FI"},
                "context": {"group": "tuki", "intent": "lasku", "locale": "fi_FI"},
            }
        ],
    ),
    "picture": Case(
        _message(
            b"text",
            b',"body":"Kuva: \\ufffc","attachments":[{"name":"1.jpg","mimeType":"image/jpeg","size":"128000",'
            b'"key":"%b","url":"https://p.example/1?a=b","owner":"O:1","signature":"AA/+",'
            b'"signature-base64":"AA=="}]' % _KEY,
        ),
        [
            {
                **_ME,
                "kind": "message",
                "text": "Kuva:",
                "attachments": [
                    {
                        "kind": "image",
                        "url": "apple-media:?url=https%3A%2F%2Fp.example%2F1%3Fa%3Db&owner=O%3A1&key=00"
                        + "5a" * 32
                        + "&signature=AA%3D%3D",
                        "contentType": "image/jpeg",
                        "name": "1.jpg",
                        "size": 128000,
                    }
                ],
            }
        ],
    ),
    "document without a text": Case(
        _message(
            b"text",
            b',"body":"\\ufffc","attachments":[{"mimeType":"application/pdf","size":"x","url":"https://p.example/2"}]',
        ),
        [
            {
                "kind": "message",
                "text": None,
                "attachments": [
                    {
                        "kind": "file",
                        "url": "apple-media:?url=https%3A%2F%2Fp.example%2F2&owner=&key=&signature=",
                        "contentType": "application/pdf",
                    }
                ],
            }
        ],
    ),
    "an attachment without a place": Case(
        _message(b"text", b',"body":"x","attachments":[{"name":"1.jpg"}]'),
        [{"kind": "message", "text": "x", "attachments": None}],
    ),
    "quick reply": Case(
        _chosen(
            b'{"quick-reply":{"selectedIndex":1,"selectedIdentifier":"no","items":['
            b'{"identifier":"yes","title":"Kyll\xc3\xa4"},{"identifier":"no","title":"Ei"}]}}'
        ),
        [{**_ME, "kind": "postback", "text": "Ei", "payload": "no"}],
    ),
    "quick reply by its place only": Case(
        _chosen(b'{"quick-reply":{"selectedIndex":0,"items":[{"identifier":"yes","title":"Kyll\xc3\xa4"}]}}'),
        [{"kind": "postback", "text": "Kyllä", "payload": "yes"}],
    ),
    "quick reply beyond its items": Case(
        _chosen(b'{"quick-reply":{"selectedIndex":-1,"items":[{"identifier":"yes"}]}}'),
        [{"kind": "postback", "payload": None}],
    ),
    "list": Case(
        _chosen(
            b'{"listPicker":{"sections":[{"items":[{"identifier":"a","title":"Sininen"},'
            b'{"identifier":"b","title":"Vihre\xc3\xa4"}]}]},"replyMessage":{"title":"Valittu"}}'
        ),
        [{"kind": "postback", "text": "Sininen, Vihreä", "payload": "a,b"}],
    ),
    "time": Case(
        _chosen(b'{"event":{"timeslots":[{"identifier":"t1","startTime":"2026-11-23T08:00+0000"}]}}'),
        [{"kind": "postback", "text": "2026-11-23T08:00+0000", "payload": "t1"}],
    ),
    "a form, by its title": Case(
        _chosen(b'{"dynamic":{"selections":[]},"replyMessage":{"title":"Lomake"}}'),
        [
            {
                "kind": "postback",
                "text": "Lomake",
                "raw": {
                    "bid": "com.apple.x",
                    "data": {"dynamic": {"selections": []}, "replyMessage": {"title": "Lomake"}},
                },
            }
        ],
    ),
    "interactive by reference": Case(
        _message(b"interactive", b',"interactiveDataRef":{"url":"https://p.example/3"}'),
        [{**_ME, "kind": "unsupported"}],
    ),
    "typing": Case(_message(b"typing_start"), [{**_ME, "kind": "typing"}]),
    "typing ends": Case(_message(b"typing_end"), [{**_ME, "kind": "typing"}]),
    "closed": Case(_message(b"close"), [{**_ME, "kind": "optOut"}]),
    "another business's": Case(
        b'{"id":"1","sourceId":"s","destinationId":"business-2","type":"text","body":"x"}',
        [{"kind": "unsupported", "event": "1", "text": None}],
    ),
    "an empty text": Case(_message(b"text", b',"body":" \\ufffc "'), [{"kind": "unsupported"}]),
    "a kind of tomorrow": Case(_message(b"hologram"), [{**_ME, "kind": "unsupported"}]),
    "values of wrong types": Case(
        b'{"type":"text","body":7,"attachments":{"x":1},"sourceId":["y"]}',
        [{"kind": "message", "text": "7", "thread": "business-1"}],
    ),
    "nothing": Case(b"{}", [{"kind": "unsupported"}]),
    **{
        f"{kind}, {media}": Case(
            _message(
                b"text",
                b',"body":"","attachments":[{"mimeType":"%b","url":"https://p.example/3"}]' % media.encode(),
            ),
            [
                {
                    "kind": "message",
                    "attachments": [
                        {
                            "kind": kind,
                            "url": "apple-media:?url=https%3A%2F%2Fp.example%2F3&owner=&key=&signature=",
                            "contentType": media,
                        }
                    ],
                }
            ],
        )
        for kind, media in (("audio", "audio/amr"), ("video", "video/quicktime"))
    },
}
