"""Instagram's batches: https://developers.facebook.com/docs/instagram-platform/webhooks/examples."""

from tests.channels.vectors.case import Case

_PROFILE = b"17841405822304914"
_ME = {"thread": "5411230000002", "sender": {"id": "5411230000002"}, "sentAt": "2026-11-22T10:00:00.123000Z"}


def _event(fragment: bytes, field: bytes = b"messaging", profile: bytes = _PROFILE) -> bytes:
    ends = b'"sender":{"id":"5411230000002"},"recipient":{"id":"%b"},"timestamp":1795341600123,' % profile
    return b'{"object":"instagram","entry":[{"id":"%b","time":1795341600500,"%b":[{%b%b}]}]}' % (
        profile,
        field,
        ends,
        fragment,
    )


def _own(message: bytes) -> bytes:
    """What the profile did itself: in Instagram's app, or by us."""
    return (
        b'{"object":"instagram","entry":[{"id":"17841405822304914","time":1,"messaging":[{"sender":'
        b'{"id":"17841405822304914"},"recipient":{"id":"5411230000002"},"timestamp":1795341600123,'
        b'"message":{%b}}]}]}' % message
    )


def _change(field: bytes, value: bytes) -> bytes:
    return (
        b'{"object":"instagram","entry":[{"id":"17841405822304914","time":1,'
        b'"changes":[{"field":"%b","value":%b}]}]}' % (field, value)
    )


CASES = {
    "text, escaped as Meta does": Case(
        _event(
            rb'"message":{"mid":"aWd_1","text":"Hyv\u00e4\u00e4 p\u00e4iv\u00e4\u00e4 \ud83d\ude00 1\/2"}'
        ),
        [{**_ME, "kind": "message", "event": "aWd_1", "text": "Hyvää päivää 😀 1/2"}],
    ),
    "answer to a message": Case(
        _event(b'"message":{"mid":"aWd_2","text":"joo","reply_to":{"mid":"aWd_0"}}'),
        [{**_ME, "kind": "message", "target": "aWd_0"}],
    ),
    "answer to a story": Case(
        _event(
            b'"message":{"mid":"aWd_3","text":"Ihana!","reply_to":{"story":{"url":"https://cdn.example/s1","id":"180"}}}'
        ),
        [
            {
                **_ME,
                "kind": "message",
                "text": "Ihana!",
                "context": {"story": "180"},
                "attachments": [{"kind": "link", "url": "https://cdn.example/s1", "name": "story"}],
            }
        ],
    ),
    "mentioned in a story": Case(
        _event(
            b'"message":{"mid":"aWd_4","attachments":[{"type":"story_mention",'
            b'"payload":{"url":"https://cdn.example/s2"}}]}'
        ),
        [
            {
                **_ME,
                "kind": "message",
                "attachments": [{"kind": "link", "url": "https://cdn.example/s2", "name": "story"}],
            }
        ],
    ),
    "shared things": Case(
        _event(
            b'"message":{"mid":"aWd_5","attachments":[{"type":"image","payload":{"url":"https://cdn.example/1"}},'
            b'{"type":"share","payload":{"url":"https://cdn.example/2"}},'
            b'{"type":"ig_reel","payload":{"reel_video_id":1,"title":"Reel","url":"https://cdn.example/3"}}]}'
        ),
        [
            {
                **_ME,
                "attachments": [
                    {"kind": "image", "url": "https://cdn.example/1"},
                    {"kind": "link", "url": "https://cdn.example/2"},
                    {"kind": "video", "url": "https://cdn.example/3", "name": "Reel"},
                ],
            }
        ],
    ),
    "quick reply": Case(
        _event(b'"message":{"mid":"aWd_6","text":"Punainen","quick_reply":{"payload":"RED"}}'),
        [{**_ME, "kind": "postback", "text": "Punainen", "payload": "RED"}],
    ),
    "ice breaker": Case(
        _event(b'"postback":{"mid":"aWd_7","title":"Aukiolo?","payload":"HOURS"}'),
        [{**_ME, "kind": "postback", "event": "aWd_7", "text": "Aukiolo?", "payload": "HOURS"}],
    ),
    "unsent": Case(
        _event(b'"message":{"mid":"aWd_1","is_deleted":true}'),
        [{**_ME, "kind": "delete", "event": "aWd_1", "target": "aWd_1", "text": None}],
    ),
    "unsupported": Case(
        _event(b'"message":{"mid":"aWd_8","is_unsupported":true}'),
        [{**_ME, "kind": "unsupported", "event": "aWd_8"}],
    ),
    "echo": Case(
        _own(b'"mid":"aWd_9","text":"Moi","is_echo":true'),
        [
            {
                "thread": "5411230000002",
                "sender": {"id": "17841405822304914"},
                "kind": "echo",
                "event": "aWd_9",
                "text": "Moi",
            }
        ],
    ),
    "unsent by the profile": Case(
        _own(b'"mid":"aWd_9","is_echo":true,"is_deleted":true'),
        [{"thread": "5411230000002", "kind": "delete", "target": "aWd_9"}],
    ),
    "seen": Case(
        _event(b'"read":{"mid":"aWd_9"}'),
        [{**_ME, "kind": "receipt", "event": "aWd_9", "receipt": {"state": "read", "message": "aWd_9"}}],
    ),
    "reaction": Case(
        _event(rb'"reaction":{"mid":"aWd_9","action":"react","reaction":"love","emoji":"\u2764\ufe0f"}'),
        [{**_ME, "kind": "reaction", "text": "❤️", "payload": "love", "target": "aWd_9"}],
    ),
    "reaction taken back": Case(
        _event(b'"reaction":{"mid":"aWd_9","action":"unreact"}'),
        [{**_ME, "kind": "reaction", "text": None, "target": "aWd_9"}],
    ),
    "edit": Case(
        _event(b'"message_edit":{"mid":"aWd_1","text":"Hei!","num_edit":1}'),
        [{**_ME, "kind": "edit", "event": "aWd_1:1", "text": "Hei!", "target": "aWd_1"}],
    ),
    "by an ig.me link": Case(
        _event(b'"referral":{"ref":"campaign-1","source":"IGME","type":"OPEN_THREAD"}'),
        [{**_ME, "kind": "joined", "payload": "campaign-1"}],
    ),
    "as a change, as the test button sends it": Case(
        _change(
            b"messages",
            b'{"sender":{"id":"12334"},"recipient":{"id":"23245"},"timestamp":"1795341600",'
            b'"message":{"mid":"random_mid","text":"random_text"}}',
        ),
        [
            {
                "kind": "message",
                "thread": "12334",
                "event": "random_mid",
                "text": "random_text",
                "sentAt": "2026-11-22T10:00:00Z",
                "context": {"field": "messages"},
            }
        ],
    ),
    "a comment": Case(
        _change(b"comments", b'{"from":{"id":"1"},"id":"2","text":"x"}'),
        [
            {
                "kind": "unsupported",
                "raw": {"field": "comments", "value": {"from": {"id": "1"}, "id": "2", "text": "x"}},
            }
        ],
    ),
    "another profile": Case(
        _event(b'"message":{"mid":"aWd_10","text":"x"}', profile=b"999"),
        [
            {
                "kind": "unsupported",
                "event": "aWd_10",
                "context": {
                    "page": "999",
                    "note": "the item belongs to another page than this account's",
                },
            }
        ],
    ),
    "another object": Case(b'{"object":"page","entry":[{"id":"1"}]}', [{"kind": "unsupported"}]),
    "odd shapes": Case(
        b'{"object":"instagram","entry":[7,{"id":"17841405822304914","changes":[1,{"value":{"sender":{"id":"1"}}}],'
        b'"messaging":[{"message":{"is_deleted":"yes"}},{"read":{"mid":{}}}]}]}',
        [{"kind": "unsupported"}] * 5,
    ),
    "a sound and a file": Case(
        _event(
            b'"message":{"mid":"aWd_30","attachments":[{"type":"audio","payload":{"url":"https://cdn.example/a"}},'
            b'{"type":"file","payload":{"url":"https://cdn.example/f"}}]}'
        ),
        [
            {
                **_ME,
                "attachments": [
                    {"kind": "audio", "url": "https://cdn.example/a"},
                    {"kind": "file", "url": "https://cdn.example/f"},
                ],
            }
        ],
    ),
}
