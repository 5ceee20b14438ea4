"""X's events: https://docs.x.com/x-api/account-activity/introduction, https://docs.x.com/x-api/activity/introduction."""

from tests.channels.vectors.case import Case

US, AINO = b"3001969357", b"2244994945"
_ME = {
    "thread": "2244994945",
    "sender": {"id": "2244994945", "name": "Aino"},
    "sentAt": "2026-11-22T10:00:00.123000Z",
}
_USERS = b'"users":{"2244994945":{"id":"2244994945","name":"Aino","screen_name":"aino_v"}},"apps":{}'


def _account_activity(events: bytes, owner: bytes = US) -> bytes:
    return b'{"for_user_id":"%b",%b,%b}' % (owner, events, _USERS)


def _activity(kind: bytes, payload: bytes, owner: bytes = US) -> bytes:
    return (
        b'{"data":{"event_uuid":"-1585321321123","filter":{"user_id":"%b"},"event_type":"%b","tag":"desk",'
        b'"payload":%b}}' % (owner, kind, payload)
    )


def _message(
    data: bytes, sender: bytes = AINO, recipient: bytes = US, number: bytes = b"954491830116155396"
) -> bytes:
    return (
        b'{"type":"message_create","id":"%b","created_timestamp":"1795341600123","message_create":'
        b'{"target":{"recipient_id":"%b"},"sender_id":"%b","message_data":{%b}}}'
        % (number, recipient, sender, data)
    )


def _messages(*events: bytes) -> bytes:
    return _account_activity(b'"direct_message_events":[%b]' % b",".join(events))


_PLAIN = b'"text":"Hei","entities":{"hashtags":[],"symbols":[],"user_mentions":[],"urls":[]}'
_READ = (
    b'"direct_message_mark_read_events":[{"created_timestamp":"1795341600123","sender_id":"%b",'
    b'"target":{"recipient_id":"%b"},"last_read_event_id":"963085315333238788"}]'
)
_TYPING = (
    b'"direct_message_indicate_typing_events":[{"created_timestamp":"1795341600123","sender_id":"2244994945",'
    b'"target":{"recipient_id":"3001969357"}}]'
)

CASES = {
    "text": Case(
        _messages(
            _message(
                rb'"text":"Hei \ud83d\udc4b A&amp;B &lt;3 &amp;lt; https:\/\/t.co\/1",'
                rb'"entities":{"urls":[{"url":"https:\/\/t.co\/1",'
                rb'"expanded_url":"https:\/\/example.com\/a"}]}'
            )
        ),
        [
            {
                **_ME,
                "kind": "message",
                "event": "954491830116155396",
                "text": "Hei 👋 A&B <3 &lt; https://example.com/a",
                "context": {"screenName": "aino_v"},
            }
        ],
    ),
    "several at once": Case(
        _messages(_message(_PLAIN, number=b"1"), _message(_PLAIN, number=b"2")),
        [{**_ME, "kind": "message", "event": "1"}, {**_ME, "kind": "message", "event": "2"}],
    ),
    "our own, from elsewhere": Case(
        _messages(_message(_PLAIN, sender=US, recipient=AINO)),
        [{"kind": "echo", "thread": "2244994945", "sender": {"id": "3001969357"}, "text": "Hei"}],
    ),
    "quick reply": Case(
        _messages(
            _message(_PLAIN + b',"quick_reply_response":{"type":"options","metadata":"external_id_2"}')
        ),
        [{**_ME, "kind": "postback", "text": "Hei", "payload": "external_id_2"}],
    ),
    "picture": Case(
        _messages(
            _message(
                b'"text":"Kuva https://t.co/abc","entities":{"urls":[{"url":"https://t.co/abc","expanded_url":'
                b'"https://twitter.com/messages/media/9"}]},"attachment":{"type":"media","media":{"id_str":"8","type":"photo",'
                b'"media_url_https":"https://ton.twitter.com/1.1/ton/data/dm/9/8/a.jpg","url":"https://t.co/abc"}}'
            )
        ),
        [
            {
                **_ME,
                "text": "Kuva",
                "attachments": [
                    {"kind": "image", "url": "https://ton.twitter.com/1.1/ton/data/dm/9/8/a.jpg"}
                ],
            }
        ],
    ),
    "video": Case(
        _messages(
            _message(
                b'"text":"https://t.co/abc","attachment":{"type":"media","media":{"type":"video","url":"https://t.co/abc",'
                b'"media_url_https":"https://pbs.twimg.com/t.jpg","video_info":{"variants":['
                b'{"content_type":"application/x-mpegURL","url":"https://video.twimg.com/1.m3u8"},'
                b'{"bitrate":832000,"content_type":"video/mp4","url":"https://video.twimg.com/2.mp4"},'
                b'{"bitrate":256000,"content_type":"video/mp4","url":"https://video.twimg.com/3.mp4"}]}}}'
            )
        ),
        [
            {
                **_ME,
                "kind": "message",
                "attachments": [
                    {"kind": "video", "url": "https://video.twimg.com/2.mp4", "contentType": "video/mp4"}
                ],
            }
        ],
    ),
    "a place, which is kept raw": Case(
        _messages(_message(_PLAIN + b',"attachment":{"type":"location","location":{"type":"shared_place"}}')),
        [{**_ME, "kind": "message", "text": "Hei"}],
    ),
    "nothing said": Case(
        _messages(_message(b'"text":""')), [{**_ME, "kind": "unsupported", "event": "954491830116155396"}]
    ),
    "after a welcome message": Case(
        _messages(
            _message(_PLAIN).replace(
                b'"message_create":{', b'"initiated_via":{"welcome_message_id":"77"},"message_create":{', 1
            )
        ),
        [{**_ME, "kind": "message", "context": {"screenName": "aino_v", "welcomeMessage": "77"}}],
    ),
    "read by the customer": Case(
        _account_activity(_READ % (AINO, US)),
        [
            {
                **_ME,
                "kind": "receipt",
                "receipt": {"state": "read", "watermark": "2026-11-22T10:00:00.123000Z"},
            }
        ],
    ),
    "read by us": Case(
        _account_activity(_READ % (US, AINO)), [{"kind": "typing", "thread": "3001969357", "receipt": None}]
    ),
    "typing": Case(_account_activity(_TYPING), [{**_ME, "kind": "typing"}]),
    "withdrew from the app": Case(
        b'{"user_event":{"revoke":{"date_time":"2026-11-22T10:00:00+00:00","target":{"app_id":"13090192"},'
        b'"source":{"user_id":"2244994945"}}},"for_user_id":"3001969357"}',
        [{"kind": "optOut", "thread": "2244994945", "sender": {"id": "2244994945"}}],
    ),
    "blocked us": Case(
        _account_activity(
            b'"block_events":[{"type":"block","created_timestamp":"1795341600123","source":{"id":"2244994945"},'
            b'"target":{"id":"3001969357"}}]'
        ),
        [{**_ME, "kind": "optOut"}],
    ),
    "we blocked": Case(
        _account_activity(
            b'"block_events":[{"type":"block","created_timestamp":"1795341600123","source":{"id":"3001969357"},'
            b'"target":{"id":"2244994945"}}]'
        ),
        [{**_ME, "kind": "unsupported"}],
    ),
    "post": Case(
        _account_activity(
            b'"tweet_create_events":[{"id_str":"1","timestamp_ms":"1795341600123","text":"x","user":{"id_str":"2244994945"}}]'
        ),
        [{**_ME, "kind": "unsupported", "event": "1"}],
    ),
    "an event of tomorrow": Case(
        _account_activity(b'"hologram_events":[7]'), [{"kind": "unsupported", "thread": "3001969357"}]
    ),
    "another user's": Case(
        _account_activity(b'"direct_message_events":[%b]' % _message(_PLAIN), b"999"),
        [
            {
                "kind": "unsupported",
                "context": {"forUser": "999", "note": "the item is for another user than this account's"},
            }
        ],
    ),
    "empty lists": Case(_account_activity(b'"direct_message_events":[]'), [{"kind": "unsupported"}]),
    "enveloped": Case(
        _activity(b"dm.received", b'{"direct_message_events":[%b],%b}' % (_message(_PLAIN), _USERS)),
        [{**_ME, "kind": "message", "event": "954491830116155396", "text": "Hei"}],
    ),
    "enveloped, our own": Case(
        _activity(
            b"dm.sent", b'{"direct_message_events":[%b]}' % _message(_PLAIN, sender=US, recipient=AINO)
        ),
        [{"kind": "echo", "thread": "2244994945"}],
    ),
    "enveloped reading": Case(
        _activity(b"dm.read", b"{%b}" % (_READ % (AINO, US))),
        [{"kind": "receipt", "thread": "2244994945", "event": "-1585321321123"}],
    ),
    "enveloped, in the v2 shape": Case(
        _activity(
            b"dm.received",
            b'{"id":"5","event_type":"MessageCreate","text":"Hei","sender_id":"2244994945",'
            b'"dm_conversation_id":"2244994945-3001969357","created_at":"2026-11-22T10:00:00.123Z",'
            b'"users":{"2244994945":{"data":{"name":"Aino","username":"aino_v"}}}}',
        ),
        [{**_ME, "kind": "message", "event": "5", "context": {"screenName": "aino_v"}}],
    ),
    "our own, in the v2 shape": Case(
        _activity(
            b"dm.sent",
            b'{"id":"6","text":"Moi","sender_id":"3001969357","dm_conversation_id":"2244994945-3001969357"}',
        ),
        [{"kind": "echo", "thread": "2244994945", "event": "6"}],
    ),
    "typing, in the v2 shape": Case(
        _activity(b"dm.indicate_typing", b'{"sender_id":"2244994945"}'), [{"kind": "typing"}]
    ),
    "encrypted": Case(
        _activity(b"chat.received", b'{"encoded_event":"AAAA"}'),
        [{"kind": "unsupported", "event": "-1585321321123", "thread": "3001969357"}],
    ),
    "nothing": Case(b"{}", [{"kind": "unsupported"}]),
}
