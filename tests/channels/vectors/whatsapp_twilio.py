"""Twilio's forms of WhatsApp messages: https://www.twilio.com/docs/messaging/guides/webhook-request."""

from tests.channels.vectors.case import Case

_ENDS = (
    b"&ProfileName=Aino&WaId=358401234567&ExternalUserId=whatsapp%3AFI.1349&Forwarded=false"
    b"&From=whatsapp%3A%2B358401234567&To=whatsapp%3A%2B15005550006&SmsStatus=received&ApiVersion=2010-04-01"
)
_ME = {
    "thread": "+358401234567",
    "sender": {"id": "+358401234567", "phone": "+358401234567", "name": "Aino"},
}
_TO = b"&To=whatsapp%3A%2B358401234567&From=whatsapp%3A%2B15005550006&ChannelPrefix=whatsapp&EventType=X"
_TOLD = {"thread": "+358401234567", "sender": {"id": "+358401234567", "phone": "+358401234567"}}
_FACTS = {"to": "whatsapp:+15005550006", "waId": "358401234567", "userId": "whatsapp:FI.1349"}

CASES = {
    "text": Case(
        b"SmsMessageSid=SM01&NumMedia=0&MessageType=text&SmsSid=SM01&Body=Hei%2C+t%C3%A4ss%C3%A4+%F0%9F%91%8B"
        b"&NumSegments=1&ReferralNumMedia=0&MessageSid=SM01&AccountSid=AC11" + _ENDS,
        [{**_ME, "kind": "message", "event": "SM01", "text": "Hei, tässä 👋", "context": _FACTS}],
    ),
    "a country whose WhatsApp id differs from the number": Case(
        b"MessageSid=SM02&Body=x&From=whatsapp%3A%2B5215512345678&WaId=525512345678&To=whatsapp%3A%2B1",
        [
            {
                "thread": "+5215512345678",
                "sender": {"id": "+5215512345678", "phone": "+5215512345678"},
                "context": {"to": "whatsapp:+1", "waId": "525512345678"},
            }
        ],
    ),
    "a customer who shows no number": Case(
        b"MessageSid=SM03&Body=x&From=whatsapp%3AFI.1349&To=whatsapp%3A%2B1&ProfileName=Aino",
        [{"thread": "FI.1349", "sender": {"id": "FI.1349", "name": "Aino"}, "kind": "message"}],
    ),
    "known by the user id only": Case(
        b"MessageSid=SM04&Body=x&ExternalUserId=whatsapp%3AFI.1349",
        [{"thread": "FI.1349", "kind": "message"}],
    ),
    "image with caption": Case(
        b"MessageSid=MM05&MessageType=image&Body=Katso&NumMedia=1&MediaContentType0=image%2Fjpeg"
        b"&MediaUrl0=https%3A%2F%2Fapi.twilio.com%2Fm%2F0" + _ENDS,
        [
            {
                **_ME,
                "kind": "message",
                "text": "Katso",
                "attachments": [
                    {"kind": "image", "url": "https://api.twilio.com/m/0", "contentType": "image/jpeg"}
                ],
            }
        ],
    ),
    "sticker": Case(
        b"MessageSid=MM06&MessageType=sticker&Body=&MediaContentType0=image%2Fwebp"
        b"&MediaUrl0=https%3A%2F%2Fapi.twilio.com%2Fm%2F0" + _ENDS,
        [
            {
                **_ME,
                "kind": "message",
                "attachments": [
                    {"kind": "sticker", "url": "https://api.twilio.com/m/0", "contentType": "image/webp"}
                ],
            }
        ],
    ),
    "location": Case(
        b"MessageSid=SM07&MessageType=location&Body=&Latitude=60.1699&Longitude=24.9384&Address=Katu+1&Label=Koti"
        + _ENDS,
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
    "button, answering a template": Case(
        b"MessageSid=SM08&MessageType=button&Body=Joo&ButtonText=Joo&ButtonPayload=YES"
        b"&OriginalRepliedMessageSid=MM00&OriginalRepliedMessageSender=whatsapp%3A%2B15005550006" + _ENDS,
        [{**_ME, "kind": "postback", "text": "Joo", "payload": "YES", "target": "MM00"}],
    ),
    "row of a list": Case(
        b"MessageSid=SM09&MessageType=interactive&Body=Rivi&ListId=r1&ListTitle=Rivi" + _ENDS,
        [{**_ME, "kind": "postback", "text": "Rivi", "payload": "r1"}],
    ),
    "forwarded answer": Case(
        b"MessageSid=SM10&Body=x&OriginalRepliedMessageSid=SM00" + _ENDS.replace(b"=false", b"=true"),
        [{**_ME, "kind": "message", "target": "SM00", "context": {**_FACTS, "forwarded": "true"}}],
    ),
    "from an advertisement": Case(
        b"MessageSid=SM11&Body=x&ReferralSourceId=ADID&ReferralSourceType=ad&ReferralHeadline=Ale"
        b"&ReferralSourceUrl=https%3A%2F%2Ffb.me%2Fx&ReferralCtwaClid=CLID&ReferralNumMedia=0" + _ENDS,
        [
            {
                **_ME,
                "context": {
                    **_FACTS,
                    "referral": "ADID",
                    "referralType": "ad",
                    "referralTitle": "Ale",
                    "referralSource": "https://fb.me/x",
                    "referralClick": "CLID",
                },
            }
        ],
    ),
    "stop, where Twilio heeds it": Case(
        b"MessageSid=SM12&Body=Lopeta&OptOutType=STOP" + _ENDS, [{**_ME, "kind": "optOut", "text": "Lopeta"}]
    ),
    "start, where Twilio heeds it": Case(
        b"MessageSid=SM13&Body=Alku&OptOutType=START" + _ENDS, [{**_ME, "kind": "optIn"}]
    ),
    "a word that only text messages know": Case(
        b"MessageSid=SM14&Body=CANCEL" + _ENDS, [{**_ME, "kind": "message", "text": "CANCEL"}]
    ),
    "what cannot be read": Case(
        b"MessageSid=SM15&MessageType=unknown&Body=" + _ENDS,
        [{**_ME, "kind": "unsupported", "event": "SM15"}],
    ),
    "read": Case(
        b"SmsStatus=read&MessageStatus=read&MessageSid=SM16&SmsSid=SM16" + _TO,
        [
            {
                **_TOLD,
                "kind": "receipt",
                "event": "SM16",
                "receipt": {"state": "read", "message": "SM16"},
            }
        ],
    ),
    **{
        state: Case(
            b"SmsStatus=%b&MessageStatus=%b&MessageSid=SM19&SmsSid=SM19" % (state.encode(), state.encode())
            + _TO,
            [{**_TOLD, "kind": "receipt", "receipt": {"state": state, "message": "SM19"}}],
        )
        for state in ("sent", "delivered")
    },
    "outside the window": Case(
        b"MessageStatus=undelivered&ErrorCode=63016&MessageSid=SM17" + _TO,
        [
            {
                **_TOLD,
                "kind": "receipt",
                "receipt": {
                    "state": "failed",
                    "message": "SM17",
                    "code": "63016",
                    "reason": "outside the reply window only an approved template can be sent",
                },
            }
        ],
    ),
    "unknown status": Case(b"MessageSid=SM18&MessageStatus=teleported" + _TO, [{"kind": "unsupported"}]),
    **{
        f"{kind}, {media}": Case(
            b"MessageSid=MM30&NumMedia=1&MediaUrl0=https%3A%2F%2Fapi.twilio.com%2Fm%2F0&MediaContentType0="
            + media.encode()
            + _ENDS,
            [
                {
                    **_ME,
                    "kind": "message",
                    "attachments": [
                        {"kind": kind, "url": "https://api.twilio.com/m/0", "contentType": media}
                    ],
                }
            ],
        )
        for kind, media in (("audio", "audio/ogg"), ("video", "video/mp4"), ("file", "application/pdf"))
    },
}
