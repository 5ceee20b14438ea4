"""WhatsApp's batches: https://developers.facebook.com/docs/whatsapp/cloud-api/webhooks/payload-examples."""

from tests.channels.vectors.case import Case

_NUMBER = b"106540352242922"
_USER = "FI.13491208655302741918"
_ME = {
    "thread": _USER,
    "sender": {"id": _USER, "name": "Aino", "phone": "+358401234567"},
    "sentAt": "2026-11-22T10:00:00Z",
}
_CONTACT = b'{"profile":{"name":"Aino"},"wa_id":"358401234567","user_id":"FI.13491208655302741918"}'
_ENDS = (
    b'"from":"358401234567","from_user_id":"FI.13491208655302741918","id":"wamid.1","timestamp":"1795341600"'
)
_TO = b'"id":"wamid.9","timestamp":"1795341600","recipient_id":"358401234567"'
_TO_USER = _TO + b',"recipient_user_id":"FI.13491208655302741918"'


def _change(value: bytes, field: bytes = b"messages", number: bytes = _NUMBER) -> bytes:
    metadata = b'"metadata":{"display_phone_number":"15550783881","phone_number_id":"%b"}' % number
    return (
        b'{"object":"whatsapp_business_account","entry":[{"id":"102290129340398","changes":[{"value":'
        b'{"messaging_product":"whatsapp",%b,%b},"field":"%b"}]}]}' % (metadata, value, field)
    )


def _message(fragment: bytes, ends: bytes = _ENDS, number: bytes = _NUMBER) -> bytes:
    return _change(b'"contacts":[%b],"messages":[{%b,%b}]' % (_CONTACT, ends, fragment), number=number)


def _status(fragment: bytes, ends: bytes = _TO_USER) -> bytes:
    return _change(b'"contacts":[%b],"statuses":[{%b,%b}]' % (_CONTACT, ends, fragment))


CASES = {
    "text, escaped as Meta does": Case(
        _message(rb'"type":"text","text":{"body":"Hyv\u00e4\u00e4 p\u00e4iv\u00e4\u00e4 \ud83d\ude00 1\/2"}'),
        [{**_ME, "kind": "message", "event": "wamid.1", "text": "Hyvää päivää 😀 1/2"}],
    ),
    "a customer who shows no number": Case(
        _change(
            b'"contacts":[{"profile":{"name":"Aino","username":"@aino"},"user_id":"FI.13491208655302741918"}],'
            b'"messages":[{"from_user_id":"FI.13491208655302741918","id":"wamid.2","timestamp":"1795341600",'
            b'"type":"text","text":{"body":"x"}}]'
        ),
        [{"thread": _USER, "sender": {"id": _USER, "name": "Aino"}, "kind": "message", "text": "x"}],
    ),
    "a number without user id": Case(
        _change(
            b'"contacts":[{"profile":{"name":"Aino"},"wa_id":"358401234567"}],'
            b'"messages":[{"from":"358401234567","id":"wamid.3","type":"text","text":{"body":"x"}}]'
        ),
        [
            {
                "thread": "358401234567",
                "sender": {"id": "358401234567", "name": "Aino", "phone": "+358401234567"},
                "sentAt": None,
            }
        ],
    ),
    "answer to a message, forwarded": Case(
        _message(
            b'"context":{"from":"15550783881","id":"wamid.0","forwarded":true},"type":"text","text":{"body":"x"}'
        ),
        [{**_ME, "target": "wamid.0", "context": {"forwarded": "true"}}],
    ),
    "from an advertisement": Case(
        _message(
            b'"referral":{"source_url":"https://fb.me/x","source_id":"ADID","source_type":"ad","headline":"Ale",'
            b'"body":"Osta","media_type":"image","image_url":"https://cdn.example/1","ctwa_clid":"CLID"},'
            b'"type":"text","text":{"body":"x"}'
        ),
        [
            {
                **_ME,
                "context": {
                    "referral": "ADID",
                    "referralSource": "https://fb.me/x",
                    "referralType": "ad",
                    "referralTitle": "Ale",
                    "referralClick": "CLID",
                },
            }
        ],
    ),
    "about a product": Case(
        _message(
            b'"context":{"from":"15550783881","id":"wamid.0","referred_product":{"catalog_id":"C",'
            b'"product_retailer_id":"SKU-1"}},"type":"text","text":{"body":"x"}'
        ),
        [{**_ME, "context": {"product": "SKU-1"}}],
    ),
    "image": Case(
        _message(
            b'"type":"image","image":{"caption":"Katso","mime_type":"image/jpeg","sha256":"x","id":"1003383421387256"}'
        ),
        [
            {
                **_ME,
                "kind": "message",
                "text": "Katso",
                "attachments": [
                    {
                        "kind": "image",
                        "url": "whatsapp-media:1003383421387256",
                        "contentType": "image/jpeg",
                    }
                ],
            }
        ],
    ),
    "voice": Case(
        _message(b'"type":"audio","audio":{"sha256":"x","mime_type":"audio/ogg; codecs=opus","id":"1"}'),
        [
            {
                "attachments": [
                    {"kind": "audio", "url": "whatsapp-media:1", "contentType": "audio/ogg; codecs=opus"}
                ]
            }
        ],
    ),
    "document": Case(
        _message(
            b'"type":"document","document":{"filename":"lasku.pdf","mime_type":"application/pdf","sha256":"x","id":"2"}'
        ),
        [
            {
                "attachments": [
                    {
                        "kind": "file",
                        "url": "whatsapp-media:2",
                        "contentType": "application/pdf",
                        "name": "lasku.pdf",
                    }
                ]
            }
        ],
    ),
    "sticker": Case(
        _message(
            b'"type":"sticker","sticker":{"mime_type":"image/webp","sha256":"x","id":"3","animated":false}'
        ),
        [{"attachments": [{"kind": "sticker", "url": "whatsapp-media:3", "contentType": "image/webp"}]}],
    ),
    "a medium without id": Case(
        _message(b'"type":"video","video":{"mime_type":"video/mp4"}'), [{**_ME, "kind": "unsupported"}]
    ),
    "location": Case(
        _message(
            b'"type":"location","location":{"latitude":60.1699,"longitude":24.9384,'
            b'"name":"Koti","address":"Katu 1"}'
        ),
        [
            {
                **_ME,
                "kind": "message",
                "attachments": [
                    {"kind": "location", "url": "geo:60.1699,24.9384", "name": "Koti", "text": "Katu 1"}
                ],
            }
        ],
    ),
    "contacts": Case(
        _message(
            b'"type":"contacts","contacts":[{"name":{"formatted_name":"Ek, Bo","first_name":"Bo",'
            b'"last_name":"Ek"},"phones":[{"phone":"+358 50 1","wa_id":"358501","type":"HOME"}],'
            b'"emails":[{"email":"bo@x.fi"}]},{}]'
        ),
        [
            {
                **_ME,
                "kind": "message",
                "attachments": [
                    {
                        "kind": "contact",
                        "contentType": "text/vcard",
                        "name": "Ek, Bo",
                        "text": "BEGIN:VCARD\r\nVERSION:3.0\r\nN:Ek;Bo;;;\r\nFN:Ek\\, Bo\r\nTEL:+358 50 1\r\n"
                        "EMAIL:bo@x.fi\r\nEND:VCARD\r\n",
                    },
                    {
                        "kind": "contact",
                        "contentType": "text/vcard",
                        "text": "BEGIN:VCARD\r\nVERSION:3.0\r\nN:;;;;\r\nFN:\r\nEND:VCARD\r\n",
                    },
                ],
            }
        ],
    ),
    "button of a template": Case(
        _message(
            b'"context":{"from":"15550783881","id":"wamid.0"},"type":"button","button":{"payload":"YES","text":"Joo"}'
        ),
        [{**_ME, "kind": "postback", "text": "Joo", "payload": "YES", "target": "wamid.0"}],
    ),
    "reply button": Case(
        _message(
            b'"type":"interactive","interactive":{"type":"button_reply","button_reply":{"id":"yes","title":"Joo"}}'
        ),
        [{**_ME, "kind": "postback", "text": "Joo", "payload": "yes"}],
    ),
    "row of a list": Case(
        _message(
            b'"type":"interactive","interactive":{"type":"list_reply","list_reply":{"id":"r1","title":"Rivi",'
            b'"description":"x"}}'
        ),
        [{**_ME, "kind": "postback", "text": "Rivi", "payload": "r1"}],
    ),
    "a form": Case(
        _message(
            b'"type":"interactive","interactive":{"type":"nfm_reply","nfm_reply":{"name":"flow","body":"Sent",'
            rb'"response_json":"{\"a\":1}"}}'
        ),
        [{**_ME, "kind": "postback", "text": "Sent", "payload": '{"a":1}', "context": {"flow": "flow"}}],
    ),
    "order": Case(
        _message(
            b'"type":"order","order":{"catalog_id":"C1","text":"Kiitos","product_items":[{"product_retailer_id":"S",'
            b'"quantity":2,"item_price":5,"currency":"EUR"}]}'
        ),
        [{**_ME, "kind": "message", "text": "Kiitos", "context": {"catalog": "C1"}}],
    ),
    "reaction": Case(
        _message(rb'"type":"reaction","reaction":{"message_id":"wamid.0","emoji":"\ud83d\udc4d"}'),
        [{**_ME, "kind": "reaction", "event": "wamid.1", "text": "👍", "target": "wamid.0"}],
    ),
    "reaction taken back": Case(
        _message(b'"type":"reaction","reaction":{"message_id":"wamid.0"}'),
        [{**_ME, "kind": "reaction", "text": None, "target": "wamid.0"}],
    ),
    "edit": Case(
        _message(
            b'"type":"edit","edit":{"original_message_id":"wamid.0","message":{"context":{"id":"wamid.x"},'
            b'"type":"image","image":{"caption":"uusi","mime_type":"image/jpeg","id":"5"}}}'
        ),
        [
            {
                **_ME,
                "kind": "edit",
                "text": "uusi",
                "target": "wamid.0",
                "attachments": [{"kind": "image", "url": "whatsapp-media:5", "contentType": "image/jpeg"}],
            }
        ],
    ),
    "revoke": Case(
        _message(b'"type":"revoke","revoke":{"original_message_id":"wamid.0"}'),
        [{**_ME, "kind": "delete", "target": "wamid.0"}],
    ),
    "first opening": Case(_message(b'"type":"request_welcome"'), [{**_ME, "kind": "joined"}]),
    "new number": Case(
        _message(
            b'"type":"system","system":{"body":"Aino changed","wa_id":"358409999999","user_id":"FI.2",'
            b'"type":"user_changed_number"}'
        ),
        [
            {
                **_ME,
                "kind": "unsupported",
                "text": "Aino changed",
                "context": {"system": "user_changed_number", "newPhone": "358409999999", "newUser": "FI.2"},
            }
        ],
    ),
    "unsupported": Case(
        _message(
            b'"type":"unsupported","errors":[{"code":131051,"title":"Unknown","message":"Unknown"}],'
            b'"unsupported":{"type":"poll"}'
        ),
        [{**_ME, "kind": "unsupported", "event": "wamid.1"}],
    ),
    "in a group": Case(
        _message(b'"group_id":"Y2FwaV9ncm91cDox","type":"text","text":{"body":"x"}'),
        [{**_ME, "thread": "Y2FwaV9ncm91cDox", "kind": "message"}],
    ),
    "sent": Case(
        _status(b'"status":"sent","pricing":{"billable":true,"pricing_model":"PMP","category":"service"}'),
        [
            {
                **_ME,
                "kind": "receipt",
                "event": "wamid.9",
                "receipt": {"state": "sent", "message": "wamid.9"},
                "context": {"pricing": "service"},
            }
        ],
    ),
    "delivered": Case(
        _status(b'"status":"delivered"'), [{**_ME, "receipt": {"state": "delivered", "message": "wamid.9"}}]
    ),
    "read": Case(_status(b'"status":"read"'), [{**_ME, "receipt": {"state": "read", "message": "wamid.9"}}]),
    "played": Case(_status(b'"status":"played"'), [{"receipt": {"state": "read", "message": "wamid.9"}}]),
    "failed, known by number only": Case(
        _change(
            b'"statuses":[{%b,"status":"failed","errors":[{"code":131047,"title":"Re-engagement message",'
            b'"error_data":{"details":"358401234567 is"}}]}]' % _TO
        ),
        [
            {
                "thread": "358401234567",
                "sender": {"id": "358401234567", "phone": "+358401234567"},
                "kind": "receipt",
                "receipt": {
                    "state": "failed",
                    "message": "wamid.9",
                    "code": "131047",
                    "reason": "the reply window is closed: the customer must write first, "
                    "or a template be sent",
                },
            }
        ],
    ),
    "of a message to a thread that has the number's name": Case(
        _status(b'"status":"read","biz_opaque_callback_data":"out-1 358401234567 1"'),
        [
            {
                "kind": "receipt",
                "thread": "358401234567",
                "receipt": {"state": "read", "message": "wamid.9", "ours": "out-1", "whole": True},
            }
        ],
    ),
    "of one of several calls": Case(
        _status(b'"status":"read","biz_opaque_callback_data":"out-1 358401234567 2"'),
        [{"receipt": {"state": "read", "message": "wamid.9", "ours": "out-1"}}],
    ),
    "of a message that was sent before calls were counted": Case(
        _status(b'"status":"read","biz_opaque_callback_data":"out-1 358401234567"'),
        [{"thread": "358401234567", "receipt": {"state": "read", "message": "wamid.9", "ours": "out-1"}}],
    ),
    "a note of another program": Case(
        _status(b'"status":"read","biz_opaque_callback_data":"out-1 US.666 1"'),
        [{**_ME, "kind": "receipt", "receipt": {"state": "read", "message": "wamid.9"}}],
    ),
    "a longer note of another program": Case(
        _status(b'"status":"read","biz_opaque_callback_data":"a b c d"'),
        [{**_ME, "kind": "receipt", "receipt": {"state": "read", "message": "wamid.9"}}],
    ),
    "unknown status": Case(_status(b'"status":"warning"'), [{**_ME, "kind": "unsupported"}]),
    "no more marketing": Case(
        _change(
            b'"contacts":[%b],"user_preferences":[{"wa_id":"358401234567","user_id":"FI.13491208655302741918",'
            b'"detail":"User requested to stop","category":"marketing_messages","value":"stop",'
            b'"timestamp":"1795341600"}]' % _CONTACT,
            b"user_preferences",
        ),
        [
            {
                **_ME,
                "kind": "left",
                "context": {"field": "user_preferences", "preference": "marketing_messages"},
            }
        ],
    ),
    "marketing again": Case(
        _change(
            b'"user_preferences":[{"wa_id":"358401234567","category":"marketing_messages","value":"resume"}]',
            b"user_preferences",
        ),
        [{"thread": "358401234567", "kind": "joined"}],
    ),
    "written on the business's own phone": Case(
        _change(
            b'"contacts":[%b],"message_echoes":[{"from":"15550783881","to":"358401234567",'
            b'"to_user_id":"FI.13491208655302741918","id":"wamid.7","timestamp":"1795341600","type":"text",'
            b'"text":{"body":"Moi"}}]' % _CONTACT,
            b"smb_message_echoes",
        ),
        [
            {
                "thread": _USER,
                "sender": {"id": "106540352242922"},
                "kind": "echo",
                "event": "wamid.7",
                "text": "Moi",
            }
        ],
    ),
    "another number": Case(
        _message(b'"type":"text","text":{"body":"x"}', number=b"999"),
        [
            {
                **_ME,
                "kind": "unsupported",
                "context": {
                    "phoneNumber": "999",
                    "note": "the item belongs to another number than this account's",
                },
            }
        ],
    ),
    "an error of the number": Case(
        _change(b'"errors":[{"code":130429,"title":"Rate limit hit"}]'),
        [{"kind": "unsupported", "raw": {"code": 130429, "title": "Rate limit hit"}}],
    ),
    "a template's news": Case(
        b'{"object":"whatsapp_business_account","entry":[{"id":"1","changes":[{"field":'
        b'"message_template_status_update","value":{"event":"APPROVED"}}]}]}',
        [{"kind": "unsupported", "context": {"field": "message_template_status_update"}}],
    ),
    "two entries, two changes, all lists": Case(
        b'{"object":"whatsapp_business_account","entry":[{"changes":[{"field":"messages","value":{"metadata":'
        b'{"phone_number_id":"106540352242922"},"messages":[{"id":"a","from":"1","type":"text","text":{"body":"1"}},'
        b'{"id":"b","from":"2","type":"text","text":{"body":"2"}}],"statuses":[{"id":"c","status":"sent",'
        b'"recipient_id":"3"},{"id":"c","status":"read","recipient_id":"3"}]}},{"field":"messages","value":{"metadata":'
        b'{"phone_number_id":"106540352242922"},"messages":[{"id":"d","from":"4","type":"text","text":{"body":"4"}}]}}]},'
        b'{"changes":[{"field":"messages","value":{"metadata":{"phone_number_id":"106540352242922"},"messages":'
        b'[{"id":"e","from":"5","type":"text","text":{"body":"5"}}]}}]}]}',
        [{"event": name} for name in "abccde"],
    ),
    "another object": Case(b'{"object":"page","entry":[{"id":"1"}]}', [{"kind": "unsupported"}]),
    "odd shapes": Case(
        b'{"object":"whatsapp_business_account","entry":[7,{"changes":[]},{"changes":[8,{"value":{"messages":{}}}]},'
        b'{"changes":[{"field":"messages","value":{"metadata":{"phone_number_id":"106540352242922"},'
        b'"messages":[false,{"type":"text"},{"type":["x"],"from":{}}],"statuses":["x"]}}]}]}',
        [{"kind": "unsupported"}] * 8,
    ),
    "video": Case(
        _message(b'"type":"video","video":{"caption":"Katso","mime_type":"video/mp4","sha256":"x","id":"7"}'),
        [
            {
                **_ME,
                "text": "Katso",
                "attachments": [{"kind": "video", "url": "whatsapp-media:7", "contentType": "video/mp4"}],
            }
        ],
    ),
}
