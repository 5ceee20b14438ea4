"""Messenger's batches: https://developers.facebook.com/docs/messenger-platform/reference/webhook-events."""

from tests.channels.vectors.case import Case

_PAGE = b"682498171943165"
_ME = {"thread": "5411230000001", "sender": {"id": "5411230000001"}, "sentAt": "2026-11-22T10:00:00.123000Z"}


def _event(fragment: bytes, field: bytes = b"messaging", page: bytes = _PAGE) -> bytes:
    ends = b'"sender":{"id":"5411230000001"},"recipient":{"id":"%b"},"timestamp":1795341600123,' % page
    return b'{"object":"page","entry":[{"id":"%b","time":1795341600500,"%b":[{%b%b}]}]}' % (
        page,
        field,
        ends,
        fragment,
    )


_ECHO = b"""{"object":"page","entry":[{"id":"682498171943165","time":1795341600500,"messaging":[{
 "sender":{"id":"682498171943165"},"recipient":{"id":"5411230000001"},"timestamp":1795341600123,
 "message":{"mid":"m_echo","is_echo":true,"app_id":1517776481860111,"metadata":"out-1","text":"Moi"}}]}]}"""

CASES = {
    "text, escaped as Meta does": Case(
        _event(rb'"message":{"mid":"m_1","text":"Hyv\u00e4\u00e4 p\u00e4iv\u00e4\u00e4 \ud83d\ude00 1\/2"}'),
        [{**_ME, "kind": "message", "event": "m_1", "text": "Hyvää päivää 😀 1/2"}],
    ),
    "reply with a referral": Case(
        _event(
            b'"message":{"mid":"m_2","text":"joo","reply_to":{"mid":"m_0"},'
            b'"referral":{"ref":"spring","source":"ADS","type":"OPEN_THREAD","ad_id":6045246247433}}'
        ),
        [
            {
                **_ME,
                "kind": "message",
                "target": "m_0",
                "context": {
                    "referral": "spring",
                    "referralSource": "ADS",
                    "referralType": "OPEN_THREAD",
                    "referralAd": "6045246247433",
                },
            }
        ],
    ),
    "quick reply": Case(
        _event(b'"message":{"mid":"m_3","text":"Red","quick_reply":{"payload":"COLOUR_RED"}}'),
        [{**_ME, "kind": "postback", "event": "m_3", "text": "Red", "payload": "COLOUR_RED"}],
    ),
    "media of every kind": Case(
        _event(
            b'"message":{"mid":"m_4","attachments":['
            b'{"type":"image","payload":{"url":"https://cdn.example/1.jpg"}},'
            b'{"type":"image","payload":{"url":"https://cdn.example/s.png","sticker_id":369239263222822}},'
            b'{"type":"audio","payload":{"url":"https://cdn.example/2.mp4"}},'
            b'{"type":"video","payload":{"url":"https://cdn.example/3.mp4"}},'
            b'{"type":"reel","payload":{"url":"https://cdn.example/4.mp4","title":"Reel"}},'
            b'{"type":"file","payload":{"url":"https://cdn.example/5.pdf"}},'
            b'{"type":"location","title":"Koti","payload":{"coordinates":{"lat":60.1699,"long":24.9384}}},'
            b'{"type":"fallback","title":"A page","url":"https://example.com/a","payload":null}]}'
        ),
        [
            {
                **_ME,
                "kind": "message",
                "attachments": [
                    {"kind": "image", "url": "https://cdn.example/1.jpg"},
                    {"kind": "sticker", "url": "https://cdn.example/s.png"},
                    {"kind": "audio", "url": "https://cdn.example/2.mp4"},
                    {"kind": "video", "url": "https://cdn.example/3.mp4"},
                    {"kind": "video", "url": "https://cdn.example/4.mp4", "name": "Reel"},
                    {"kind": "file", "url": "https://cdn.example/5.pdf"},
                    {"kind": "location", "url": "geo:60.1699,24.9384", "name": "Koti"},
                    {"kind": "link", "url": "https://example.com/a", "name": "A page"},
                ],
            }
        ],
    ),
    "a template is kept raw": Case(
        _event(b'"message":{"mid":"m_5","attachments":[{"type":"template","payload":{"elements":[]}}]}'),
        [{**_ME, "kind": "unsupported", "event": "m_5"}],
    ),
    "postback": Case(
        _event(b'"postback":{"mid":"m_6","title":"Start","payload":"GET_STARTED","referral":{"ref":"qr"}}'),
        [
            {
                **_ME,
                "kind": "postback",
                "event": "m_6",
                "text": "Start",
                "payload": "GET_STARTED",
                "context": {"referral": "qr"},
            }
        ],
    ),
    "delivery": Case(
        _event(b'"delivery":{"mids":["m_7","m_8"],"watermark":1795341500000}'),
        [
            {**_ME, "kind": "receipt", "event": "m_7", "receipt": {"state": "delivered", "message": "m_7"}},
            {"event": "m_8", "receipt": {"state": "delivered", "message": "m_8"}},
            {"receipt": {"state": "delivered", "watermark": "2026-11-22T09:58:20Z"}},
        ],
    ),
    "read": Case(
        _event(b'"read":{"watermark":1795341500000}'),
        [{**_ME, "kind": "receipt", "receipt": {"state": "read", "watermark": "2026-11-22T09:58:20Z"}}],
    ),
    "read without a time": Case(_event(b'"read":{"watermark":1e99}'), [{**_ME, "kind": "unsupported"}]),
    "echo": Case(
        _ECHO,
        [
            {
                "thread": "5411230000001",
                "sender": {"id": "682498171943165"},
                "kind": "echo",
                "event": "m_echo",
                "text": "Moi",
                "target": "out-1",
                "context": {"app": "1517776481860111", "metadata": "out-1"},
            }
        ],
    ),
    "reaction": Case(
        _event(rb'"reaction":{"reaction":"love","emoji":"\u2764\ufe0f","action":"react","mid":"m_9"}'),
        [{**_ME, "kind": "reaction", "text": "❤️", "payload": "love", "target": "m_9"}],
    ),
    "reaction taken back": Case(
        _event(b'"reaction":{"action":"unreact","mid":"m_9"}'),
        [{**_ME, "kind": "reaction", "target": "m_9", "context": {"action": "unreact"}}],
    ),
    "edit": Case(
        _event(b'"message_edit":{"mid":"m_1","text":"Hei!","num_edit":2}'),
        [{**_ME, "kind": "edit", "event": "m_1:2", "text": "Hei!", "target": "m_1"}],
    ),
    "opt-out": Case(
        _event(
            b'"optin":{"type":"notification_messages","notification_messages_status":"STOP_NOTIFICATIONS",'
            b'"notification_messages_token":"t","payload":"news"}'
        ),
        [{**_ME, "kind": "left", "payload": "news"}],
    ),
    "opt-in": Case(
        _event(b'"optin":{"notification_messages_status":"RESUME_NOTIFICATIONS"}'),
        [{**_ME, "kind": "joined"}],
    ),
    "referral": Case(
        _event(b'"referral":{"ref":"door","source":"SHORTLINK","type":"OPEN_THREAD"}'),
        [{**_ME, "kind": "joined", "payload": "door"}],
    ),
    "standby": Case(
        _event(b'"message":{"mid":"m_10","text":"to the other app"}', b"standby"),
        [{**_ME, "kind": "message", "event": "m_10", "context": {"field": "standby"}}],
    ),
    "unknown item": Case(
        _event(b'"take_thread_control":{"previous_owner_app_id":"1"}'), [{**_ME, "kind": "unsupported"}]
    ),
    "another page": Case(
        _event(b'"message":{"mid":"m_11","text":"x"}', page=b"999"),
        [
            {
                "kind": "unsupported",
                "event": "m_11",
                "context": {
                    "page": "999",
                    "note": "the item belongs to another page than this account's",
                },
            }
        ],
    ),
    "feed change": Case(
        b'{"object":"page","entry":[{"id":"682498171943165","time":1,"changes":[{"field":"feed","value":{"item":"post"}}]}]}',
        [
            {
                "kind": "unsupported",
                "context": {"field": "changes"},
                "raw": {"field": "feed", "value": {"item": "post"}},
            }
        ],
    ),
    "two pages, two entries, all fields": Case(
        b'{"object":"page","entry":[{"id":"682498171943165","messaging":[{"message":{"mid":"a","text":"1"}},'
        b'{"message":{"mid":"b","text":"2"}}],"standby":[{"message":{"mid":"c","text":"3"}}]},'
        b'{"id":"999","messaging":[{"message":{"mid":"d","text":"4"}}]},'
        b'{"id":"682498171943165","messaging":[{"message":{"mid":"e","text":"5"}}]}]}',
        [{"event": mid} for mid in "abcde"],
    ),
    "another object": Case(b'{"object":"instagram","entry":[{"id":"1"}]}', [{"kind": "unsupported"}]),
    "odd shapes": Case(
        b'{"object":"page","entry":[7,"x",{"id":"682498171943165","messaging":{"message":[]}},'
        b'{"id":"682498171943165","messaging":[false,{"message":{"attachments":{"a":1}}}]}]}',
        [{"kind": "unsupported"}] * 5,
    ),
}
