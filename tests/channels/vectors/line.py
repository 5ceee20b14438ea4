"""LINE's events: https://developers.line.biz/en/reference/messaging-api/#webhook-event-objects."""

from tests.channels.vectors.case import Case

BOT = b"U00000000000000000000000000000b07"
AINO = "U4af4980629000000000000000000a140"
_GROUP = "C4af49806290000000000000000000000"
_USER = b'{"type":"user","userId":"U4af4980629000000000000000000a140"}'
_IN_GROUP = (
    b'{"type":"group","groupId":"C4af49806290000000000000000000000",'
    b'"userId":"U4af4980629000000000000000000a140"}'
)
_ME = {"thread": AINO, "sender": {"id": AINO}, "sentAt": "2026-11-22T10:00:00.123000Z"}
_ULID = "01FZ74A0TDDPYRVKNK77XKC3ZR"


def _wrapped(events: bytes, destination: bytes = BOT) -> bytes:
    return b'{"destination":"%b","events":[%b]}' % (destination, events)


def _event(content: bytes, source: bytes = _USER, more: bytes = b"") -> bytes:
    common = (
        b'"webhookEventId":"01FZ74A0TDDPYRVKNK77XKC3ZR","deliveryContext":{"isRedelivery":false},'
        b'"timestamp":1795341600123,"mode":"active"'
    )
    return b'{%b,"source":%b,%b%b}' % (content, source, common, more)


def _message(content: bytes, source: bytes = _USER) -> bytes:
    return _wrapped(
        _event(
            b'"type":"message","replyToken":"0f3779fba3b349968c5d07db31eab56f","message":{%b}' % content,
            source,
        )
    )


def _plain(kind: bytes, more: bytes = b"", source: bytes = _USER) -> bytes:
    return _wrapped(_event(b'"type":"%b"%b' % (kind, more), source))


CASES = {
    "text, escaped as LINE may": Case(
        _message(
            rb'"type":"text","id":"444573844083572737","quoteToken":"q3Plxr4AgKd","text":"Hei \uD83D\uDE00"'
        ),
        [{**_ME, "kind": "message", "event": "444573844083572737", "text": "Hei 😀"}],
    ),
    "quoting, mentioned, in a group": Case(
        _message(
            b'"type":"text","id":"2","quoteToken":"q","quotedMessageId":"1","text":"@Tuki auki?","mention":'
            b'{"mentionees":[{"index":0,"length":5,"type":"user","userId":"U1","isSelf":true}]}',
            _IN_GROUP,
        ),
        [
            {
                "kind": "message",
                "thread": _GROUP,
                "sender": {"id": AINO},
                "target": "1",
                "context": {"source": "group", "mentioned": "true"},
            }
        ],
    ),
    "a picture of a set": Case(
        _message(
            b'"type":"image","id":"3","quoteToken":"q","contentProvider":{"type":"line"},'
            b'"imageSet":{"id":"E005D41A7288F41B65593ED38FF6E9834B046AB36A37921A56BC236F13A91855","index":1,"total":2}'
        ),
        [
            {
                **_ME,
                "kind": "message",
                "event": "3",
                "attachments": [{"kind": "image", "url": "line:3"}],
                "context": {"imageSet": "E005D41A7288F41B65593ED38FF6E9834B046AB36A37921A56BC236F13A91855"},
            }
        ],
    ),
    "a picture from elsewhere": Case(
        _message(
            b'"type":"image","id":"4","quoteToken":"q","contentProvider":{"type":"external",'
            b'"originalContentUrl":"https://cdn.example/1.jpg","previewImageUrl":"https://cdn.example/p.jpg"}'
        ),
        [{"attachments": [{"kind": "image", "url": "https://cdn.example/1.jpg"}]}],
    ),
    "video": Case(
        _message(
            b'"type":"video","id":"5","quoteToken":"q","duration":60000,"contentProvider":{"type":"line"}'
        ),
        [{"attachments": [{"kind": "video", "url": "line:5"}]}],
    ),
    "audio": Case(
        _message(b'"type":"audio","id":"6","duration":60000,"contentProvider":{"type":"line"}'),
        [{"attachments": [{"kind": "audio", "url": "line:6"}]}],
    ),
    "file": Case(
        _message(b'"type":"file","id":"7","fileName":"lasku.pdf","fileSize":2138'),
        [{"attachments": [{"kind": "file", "url": "line:7", "name": "lasku.pdf", "size": 2138}]}],
    ),
    "location": Case(
        _message(
            b'"type":"location","id":"8","title":"Tori","address":"Kauppatori 1",'
            b'"latitude":60.1699,"longitude":24.9384'
        ),
        [
            {
                "attachments": [
                    {
                        "kind": "location",
                        "url": "geo:60.1699,24.9384",
                        "name": "Tori",
                        "text": "Kauppatori 1",
                    }
                ]
            }
        ],
    ),
    "sticker": Case(
        _message(
            b'"type":"sticker","id":"9","quoteToken":"q","stickerId":"52002738","packageId":"11537",'
            b'"stickerResourceType":"ANIMATION","keywords":["cony","sally"]'
        ),
        [
            {
                **_ME,
                "kind": "message",
                "attachments": [
                    {"kind": "sticker", "url": "line-sticker:11537/52002738", "text": "cony, sally"}
                ],
            }
        ],
    ),
    "a message of tomorrow": Case(
        _message(b'"type":"hologram","id":"10"'), [{**_ME, "kind": "unsupported", "event": "10"}]
    ),
    "unsent": Case(
        _plain(b"unsend", b',"unsend":{"messageId":"325708"}'),
        [{**_ME, "kind": "delete", "event": _ULID, "target": "325708"}],
    ),
    "edited": Case(
        _plain(
            b"messageEdited",
            b',"message":{"type":"text","id":"2","quoteToken":"q","text":"auki nyt?"}',
            _IN_GROUP,
        ),
        [
            {
                "kind": "edit",
                "event": _ULID,
                "thread": _GROUP,
                "target": "2",
                "text": "auki nyt?",
                "sentAt": "2026-11-22T10:00:00.123000Z",
            }
        ],
    ),
    "postback": Case(
        _plain(b"postback", b',"replyToken":"t","postback":{"data":"colour=red"}'),
        [{**_ME, "kind": "postback", "event": _ULID, "payload": "colour=red"}],
    ),
    "postback with a time": Case(
        _plain(b"postback", b',"postback":{"data":"storeId=12345","params":{"datetime":"2026-12-25T01:00"}}'),
        [{**_ME, "kind": "postback", "payload": "storeId=12345", "text": "2026-12-25T01:00"}],
    ),
    "followed": Case(
        _plain(b"follow", b',"replyToken":"t","follow":{"isUnblocked":false}'), [{**_ME, "kind": "optIn"}]
    ),
    "unblocked": Case(
        _plain(b"follow", b',"replyToken":"t","follow":{"isUnblocked":true}'),
        [{**_ME, "kind": "optIn", "context": {"unblocked": "true"}}],
    ),
    "unfollowed": Case(_plain(b"unfollow"), [{**_ME, "kind": "optOut"}]),
    "the bot joined a room": Case(
        _plain(
            b"join", b',"replyToken":"t"', b'{"type":"room","roomId":"Ra8dbf4673c4c812cd491258042226c99"}'
        ),
        [
            {
                "kind": "joined",
                "thread": "Ra8dbf4673c4c812cd491258042226c99",
                "sender": {"id": "Ra8dbf4673c4c812cd491258042226c99"},
                "context": {"source": "room"},
            }
        ],
    ),
    "the bot left a group": Case(
        _plain(b"leave", b"", b'{"type":"group","groupId":"C4af49806290000000000000000000000"}'),
        [{"kind": "left", "thread": _GROUP, "sender": {"id": _GROUP}}],
    ),
    "members joined": Case(
        _plain(
            b"memberJoined",
            b',"replyToken":"t","joined":{"members":[{"type":"user","userId":"U1"},{"type":"user","userId":"U2"}]}',
            b'{"type":"group","groupId":"C4af49806290000000000000000000000"}',
        ),
        [
            {"kind": "joined", "thread": _GROUP, "sender": {"id": person}, "event": f"{_ULID}:{person}"}
            for person in ("U1", "U2")
        ],
    ),
    "a member left": Case(
        _plain(b"memberLeft", b',"left":{"members":[{"type":"user","userId":"U1"}]}', _IN_GROUP),
        [{"kind": "left", "thread": _GROUP, "sender": {"id": "U1"}}],
    ),
    "video watched": Case(
        _plain(b"videoPlayComplete", b',"replyToken":"t","videoPlayComplete":{"trackingId":"track-id"}'),
        [{**_ME, "kind": "unsupported", "event": _ULID}],
    ),
    "beacon": Case(
        _plain(b"beacon", b',"replyToken":"t","beacon":{"hwid":"d41d8cd98f","type":"enter"}'),
        [{**_ME, "kind": "unsupported"}],
    ),
    "account link": Case(
        _plain(b"accountLink", b',"replyToken":"t","link":{"result":"ok","nonce":"n"}'),
        [{**_ME, "kind": "unsupported"}],
    ),
    "membership": Case(
        _plain(b"membership", b',"replyToken":"t","membership":{"type":"joined","membershipId":3189}'),
        [{**_ME, "kind": "unsupported"}],
    ),
    "the bot itself was suspended": Case(
        _wrapped(
            b'{"type":"botSuspended","webhookEventId":"01FZ74A0TDDPYRVKNK77XKC3ZR","mode":"active",'
            b'"deliveryContext":{"isRedelivery":false},"timestamp":1795341600123}'
        ),
        [{"kind": "unsupported", "thread": BOT.decode(), "sender": {"id": BOT.decode()}}],
    ),
    "redelivered, in standby": Case(
        _wrapped(
            b'{"type":"message","webhookEventId":"01FZ74A0TDDPYRVKNK77XKC3ZR","mode":"standby",'
            b'"deliveryContext":{"isRedelivery":true},"timestamp":1795341600123,"source":%b,'
            b'"message":{"type":"text","id":"11","quoteToken":"q","text":"Hei"}}' % _USER
        ),
        [
            {
                **_ME,
                "kind": "message",
                "event": "11",
                "context": {"mode": "standby", "redelivered": "true"},
            }
        ],
    ),
    "several people in one call": Case(
        _wrapped(
            b",".join(
                _event(
                    b'"type":"message","message":{"type":"text","id":"%d","quoteToken":"q","text":"x"}'
                    % number,
                    b'{"type":"user","userId":"U%d"}' % number,
                )
                for number in (20, 21, 22)
            )
        ),
        [{"kind": "message", "thread": f"U{number}", "event": str(number)} for number in (20, 21, 22)],
    ),
    "for another bot": Case(
        _wrapped(_event(b'"type":"unfollow"'), b"U0000000000000000000000000000beef"),
        [
            {
                **_ME,
                "kind": "unsupported",
                "context": {
                    "destination": "U0000000000000000000000000000beef",
                    "note": "the item is for another bot than this account's",
                },
            }
        ],
    ),
    "no source": Case(
        _wrapped(b'{"type":"message","message":{"type":"text","id":"12","text":"x"}}'),
        [{"kind": "message", "event": "12", "thread": BOT.decode()}],
    ),
    "an event of a wrong type": Case(_wrapped(b"7"), [{"kind": "unsupported"}]),
    "no events": Case(b'{"destination":"U00000000000000000000000000000b07"}', [{"kind": "unsupported"}]),
    "verify": Case(_wrapped(b""), []),
}
