"""Telegram's updates: https://core.telegram.org/bots/api#update."""

from tests.channels.vectors.case import Case

_CHAT = b'"date":1795341600,"chat":{"id":42,"type":"private","first_name":"Aino","last_name":"Ek"}'
_FROM = (
    b'"from":{"id":42,"is_bot":false,"first_name":"Aino","last_name":"Ek","username":"aino",'
    b'"language_code":"fi"}'
)
_ME = {
    "thread": "42",
    "sender": {"id": "42", "name": "Aino Ek", "locale": "fi"},
    "sentAt": "2026-11-22T10:00:00Z",
}
_GROUP = b'"date":1795341600,"chat":{"id":-1001234567890,"type":"supergroup","title":"Tuki"}'
_RIGHTS = (
    b"be_edited is_anonymous manage_chat delete_messages manage_video_chats restrict_members promote_members "
    b"change_info invite_users post_stories edit_stories delete_stories"
)
_ADMINISTRATOR = b'{"status":"administrator","user":{"id":1,"is_bot":true,"first_name":"B"},%b}' % b",".join(
    b'"%b":true' % (right if right.startswith(b"is_") else b"can_" + right) for right in _RIGHTS.split()
)


def _update(kind: bytes, content: bytes) -> bytes:
    return b'{"update_id":900719925474099,"%b":{%b}}' % (kind, content)


def _message(content: bytes, kind: bytes = b"message") -> bytes:
    return _update(kind, b'"message_id":7,%b,%b,%b' % (_FROM, _CHAT, content))


CASES = {
    "text": Case(
        _message(b'"text":"Hei \xf0\x9f\x91\x8b"'),
        [
            {
                **_ME,
                "kind": "message",
                "event": "42:7",
                "text": "Hei 👋",
                "context": {"chatType": "private", "username": "aino"},
            }
        ],
    ),
    "command": Case(
        _message(b'"text":"/start abc","entities":[{"type":"bot_command","offset":0,"length":6}]'),
        [{**_ME, "kind": "message", "text": "/start abc"}],
    ),
    "reply": Case(
        _message(
            b'"text":"joo","reply_to_message":{"message_id":5,"date":1795341000,"chat":{"id":42,"type":"private"}}'
        ),
        [{**_ME, "kind": "message", "target": "42:5"}],
    ),
    "photo": Case(
        _message(
            b'"caption":"Kuva","media_group_id":"g1","photo":['
            b'{"file_id":"big","file_unique_id":"u2","width":800,"height":600,"file_size":9000},'
            b'{"file_id":"small","file_unique_id":"u1","width":90,"height":67,"file_size":900}]'
        ),
        [
            {
                **_ME,
                "kind": "message",
                "text": "Kuva",
                "attachments": [
                    {"kind": "image", "url": "telegram:big", "contentType": "image/jpeg", "size": 9000}
                ],
            }
        ],
    ),
    "animation, which is a document too": Case(
        _message(
            b'"animation":{"file_id":"a","file_unique_id":"u","width":1,"height":1,"duration":1,"mime_type":"video/mp4"},'
            b'"document":{"file_id":"a","file_unique_id":"u"}'
        ),
        [{"attachments": [{"kind": "video", "url": "telegram:a", "contentType": "video/mp4"}]}],
    ),
    "document": Case(
        _message(
            b'"document":{"file_id":"d","file_unique_id":"u","file_name":"lasku.pdf","mime_type":"application/pdf","file_size":5}'
        ),
        [
            {
                "attachments": [
                    {
                        "kind": "file",
                        "url": "telegram:d",
                        "contentType": "application/pdf",
                        "name": "lasku.pdf",
                        "size": 5,
                    }
                ]
            }
        ],
    ),
    "voice": Case(
        _message(b'"voice":{"file_id":"v","file_unique_id":"u","duration":3,"mime_type":"audio/ogg"}'),
        [{"attachments": [{"kind": "audio", "url": "telegram:v", "contentType": "audio/ogg"}]}],
    ),
    "video note": Case(
        _message(b'"video_note":{"file_id":"n","file_unique_id":"u","length":240,"duration":3}'),
        [{"attachments": [{"kind": "video", "url": "telegram:n"}]}],
    ),
    "sticker": Case(
        _message(
            b'"sticker":{"file_id":"s","file_unique_id":"u","type":"regular","width":512,"height":512,'
            b'"is_animated":false,"is_video":false,"emoji":"\xf0\x9f\x91\x8d"}'
        ),
        [{"attachments": [{"kind": "sticker", "url": "telegram:s", "text": "👍"}]}],
    ),
    "location": Case(
        _message(b'"location":{"latitude":60.1699,"longitude":24.9384}'),
        [{"kind": "message", "attachments": [{"kind": "location", "url": "geo:60.1699,24.9384"}]}],
    ),
    "venue, which has a location too": Case(
        _message(
            b'"location":{"latitude":60.1,"longitude":24.9},'
            b'"venue":{"location":{"latitude":60.1,"longitude":24.9},"title":"Tori","address":"Kauppatori 1"}'
        ),
        [
            {
                "attachments": [
                    {"kind": "location", "url": "geo:60.1,24.9", "name": "Tori", "text": "Kauppatori 1"}
                ]
            }
        ],
    ),
    "own contact tells the phone": Case(
        _message(
            b'"contact":{"phone_number":"358401234567","first_name":"Aino","last_name":"Ek; Oy","user_id":42}'
        ),
        [
            {
                "sender": {"id": "42", "name": "Aino Ek", "locale": "fi", "phone": "+358401234567"},
                "attachments": [
                    {
                        "kind": "contact",
                        "contentType": "text/vcard",
                        "name": "Aino Ek; Oy",
                        "text": "BEGIN:VCARD\r\nVERSION:3.0\r\nN:Ek\\; Oy;Aino;;;\r\nFN:Aino Ek\\; Oy\r\n"
                        "TEL:358401234567\r\nEND:VCARD\r\n",
                    }
                ],
            }
        ],
    ),
    "another's contact does not": Case(
        _message(b'"contact":{"phone_number":"+358409999999","first_name":"Eino","vcard":"BEGIN:VCARD..."}'),
        [
            {
                **_ME,
                "attachments": [
                    {"kind": "contact", "contentType": "text/vcard", "name": "Eino", "text": "BEGIN:VCARD..."}
                ],
            }
        ],
    ),
    "edited": Case(
        _message(b'"edit_date":1795341660,"text":"Hei vaan"', b"edited_message"),
        [
            {
                "kind": "edit",
                "event": "900719925474099",
                "target": "42:7",
                "text": "Hei vaan",
                "sentAt": "2026-11-22T10:01:00Z",
            }
        ],
    ),
    "edited channel post": Case(
        _update(
            b"edited_channel_post",
            b'"message_id":8,"sender_chat":{"id":-100500,"type":"channel","title":"Uutiset"},'
            b'"chat":{"id":-100500,"type":"channel","title":"Uutiset"},"date":1795341600,'
            b'"edit_date":1795341660,"text":"Uusi"',
        ),
        [{"kind": "edit", "thread": "-100500", "target": "-100500:8", "text": "Uusi"}],
    ),
    "edited business message": Case(
        _message(
            b'"business_connection_id":"bc_1","edit_date":1795341660,"text":"Onko?"',
            b"edited_business_message",
        ),
        [{"kind": "edit", "thread": "bc_1:42", "target": "bc_1:42:7", "text": "Onko?"}],
    ),
    "channel post": Case(
        _update(
            b"channel_post",
            b'"message_id":8,"sender_chat":{"id":-100500,"type":"channel","title":"Uutiset"},'
            b'"date":1795341600,"chat":{"id":-100500,"type":"channel","title":"Uutiset"},"text":"Uutinen"',
        ),
        [
            {
                "kind": "message",
                "thread": "-100500",
                "sender": {"id": "-100500", "name": "Uutiset"},
                "text": "Uutinen",
            }
        ],
    ),
    "business message": Case(
        _message(b'"business_connection_id":"bc_1","text":"Onko auki?"', b"business_message"),
        [{"kind": "message", "thread": "bc_1:42", "event": "bc_1:42:7", "text": "Onko auki?"}],
    ),
    "business owner's own message": Case(
        _update(
            b"business_message",
            b'"message_id":8,"from":{"id":1,"is_bot":false,"first_name":"Omistaja"},%b,'
            b'"business_connection_id":"bc_1","text":"On."' % _CHAT,
        ),
        [{"kind": "echo", "thread": "bc_1:42", "sender": {"id": "1", "name": "Omistaja"}, "text": "On."}],
    ),
    "deleted business messages": Case(
        _update(
            b"deleted_business_messages",
            b'"business_connection_id":"bc_1","chat":{"id":42,"type":"private"},"message_ids":[7,8]',
        ),
        [
            {"kind": "delete", "thread": "bc_1:42", "target": f"bc_1:42:{number}", "sender": {"id": "42"}}
            for number in (7, 8)
        ],
    ),
    "button": Case(
        _update(
            b"callback_query",
            b'"id":"4382bfdwdsb323b2d9","chat_instance":"1","data":"yes:1",%b,"message":{"message_id":9,%b,"text":"?",'
            b'"reply_markup":{"inline_keyboard":[[{"text":"No","callback_data":"no"}],[{"text":"Yes","callback_data":"yes:1"}]]}}'
            % (_FROM, _CHAT),
        ),
        [
            {
                "kind": "postback",
                "thread": "42",
                "sender": {"id": "42", "name": "Aino Ek", "locale": "fi"},
                "text": "Yes",
                "payload": "yes:1",
                "target": "42:9",
                "context": {"chatType": "private", "callbackQuery": "4382bfdwdsb323b2d9"},
            }
        ],
    ),
    "reaction": Case(
        _update(
            b"message_reaction",
            b'%b,"message_id":9,"user":{"id":42,"is_bot":false,"first_name":"Aino"},"old_reaction":[],'
            b'"new_reaction":[{"type":"emoji","emoji":"\xf0\x9f\x94\xa5"}]' % _CHAT,
        ),
        [{"kind": "reaction", "thread": "42", "text": "🔥", "target": "42:9"}],
    ),
    "blocked": Case(
        _update(
            b"my_chat_member",
            b'%b,%b,"old_chat_member":{"status":"member","user":{"id":1,"is_bot":true,"first_name":"B"}},'
            b'"new_chat_member":{"status":"kicked","user":{"id":1,"is_bot":true,"first_name":"B"},"until_date":0}'
            % (_FROM, _CHAT),
        ),
        [{**_ME, "kind": "optOut"}],
    ),
    "unblocked": Case(
        _update(
            b"my_chat_member",
            b'%b,%b,"old_chat_member":{"status":"kicked","user":{"id":1,"is_bot":true,"first_name":"B"},"until_date":0},'
            b'"new_chat_member":{"status":"member","user":{"id":1,"is_bot":true,"first_name":"B"}}'
            % (_FROM, _CHAT),
        ),
        [{**_ME, "kind": "optIn"}],
    ),
    "added to a group": Case(
        _update(
            b"my_chat_member",
            b'%b,%b,"old_chat_member":{"status":"left","user":{"id":1,"is_bot":true,"first_name":"B"}},'
            b'"new_chat_member":{"status":"member","user":{"id":1,"is_bot":true,"first_name":"B"}}'
            % (_FROM, _GROUP),
        ),
        [{"kind": "joined", "thread": "-1001234567890", "sender": _ME["sender"]}],
    ),
    "put out of a group, which stops nobody's messages": Case(
        _update(
            b"my_chat_member",
            b'%b,%b,"old_chat_member":%b,'
            b'"new_chat_member":{"status":"kicked","user":{"id":1,"is_bot":true,"first_name":"B"},"until_date":0}'
            % (_FROM, _GROUP, _ADMINISTRATOR),
        ),
        [{"kind": "left", "thread": "-1001234567890", "sender": _ME["sender"]}],
    ),
    "a right in a group": Case(
        _update(
            b"my_chat_member",
            b'%b,%b,"old_chat_member":{"status":"member","user":{"id":1,"is_bot":true,"first_name":"B"}},'
            b'"new_chat_member":%b' % (_FROM, _GROUP, _ADMINISTRATOR),
        ),
        [{"kind": "unsupported", "thread": "-1001234567890"}],
    ),
    "joined and left": Case(
        _update(
            b"message",
            b'"message_id":3,%b,%b,"new_chat_members":[{"id":50,"is_bot":false,"first_name":"A"},'
            b'{"id":51,"is_bot":false,"first_name":"B"}]' % (_FROM, _GROUP),
        ),
        [
            {"kind": "joined", "thread": "-1001234567890", "sender": {"id": "50", "name": "A"}},
            {"kind": "joined", "thread": "-1001234567890", "sender": {"id": "51", "name": "B"}},
        ],
    ),
    "left": Case(
        _update(
            b"message",
            b'"message_id":4,%b,%b,"left_chat_member":{"id":50,"is_bot":false,"first_name":"A"}'
            % (_FROM, _GROUP),
        ),
        [{"kind": "left", "sender": {"id": "50", "name": "A"}}],
    ),
    "dice is kept raw": Case(
        _message(b'"dice":{"emoji":"x","value":3}'), [{"kind": "unsupported", "event": "42:7"}]
    ),
    "shipping query": Case(
        _update(
            b"shipping_query",
            b'"id":"1",%b,"invoice_payload":"p","shipping_address":{"country_code":"FI","state":"",'
            b'"city":"Turku","street_line1":"Katu 1","street_line2":"","post_code":"20100"}' % _FROM,
        ),
        [{"kind": "unsupported", "thread": "42"}],
    ),
    "poll": Case(
        _update(
            b"poll",
            b'"id":"1","question":"?","options":[],"total_voter_count":0,"is_closed":true,"is_anonymous":true,'
            b'"type":"regular","allows_multiple_answers":false,"allows_revoting":true,"members_only":false',
        ),
        [{"kind": "unsupported", "event": "900719925474099"}],
    ),
    "a kind of tomorrow": Case(
        b'{"update_id":1,"hologram":{"x":1}}', [{"kind": "unsupported", "event": "1"}]
    ),
    "no kind": Case(b'{"update_id":2}', [{"kind": "unsupported", "event": "2"}]),
    "nothing": Case(b"{}", [{"kind": "unsupported"}]),
    "a message of a wrong type": Case(
        b'{"update_id":3,"message":[1]}', [{"kind": "unsupported", "event": "3"}]
    ),
    "date beyond the calendar": Case(
        b'{"update_id":4,"message":{"message_id":1,"date":99999999999999,"chat":{"id":42,"type":"private"},"text":"x"}}',
        [{"kind": "message", "event": "42:1", "text": "x"}],
    ),
}
