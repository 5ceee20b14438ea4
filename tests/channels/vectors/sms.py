"""Twilio's forms: https://www.twilio.com/docs/messaging/guides/webhook-request."""

from tests.channels.vectors.case import Case

_ENDS = b"&From=%2B358401234567&To=%2B15005550006&ApiVersion=2010-04-01"
_ME = {"thread": "+358401234567", "sender": {"id": "+358401234567", "phone": "+358401234567"}}

CASES = {
    "text": Case(
        b"ToCountry=US&ToState=&SmsMessageSid=SM01&NumMedia=0&ToCity=&FromZip=00100&SmsSid=SM01&FromState="
        b"&SmsStatus=received&FromCity=HELSINKI&Body=Hei%2C+t%C3%A4ss%C3%A4+%F0%9F%91%8B&FromCountry=FI&ToZip="
        b"&NumSegments=1&MessageSid=SM01&AccountSid=AC11" + _ENDS,
        [
            {
                **_ME,
                "kind": "message",
                "event": "SM01",
                "text": "Hei, tässä 👋",
                "context": {
                    "to": "+15005550006",
                    "city": "HELSINKI",
                    "zip": "00100",
                    "country": "FI",
                    "toCountry": "US",
                    "segments": "1",
                },
            }
        ],
    ),
    "media, more than NumMedia says": Case(
        b"MessageSid=MM02&Body=&NumMedia=1&MediaUrl0=https%3A%2F%2Fapi.twilio.com%2Fm%2F0&MediaContentType0=image%2Fjpeg"
        b"&MediaUrl10=https%3A%2F%2Fapi.twilio.com%2Fm%2F10&MediaContentType10=text%2Fvcard"
        b"&MediaUrl2=https%3A%2F%2Fapi.twilio.com%2Fm%2F2&MediaContentType2=audio%2Famr" + _ENDS,
        [
            {
                **_ME,
                "kind": "message",
                "attachments": [
                    {"kind": "image", "url": "https://api.twilio.com/m/0", "contentType": "image/jpeg"},
                    {"kind": "audio", "url": "https://api.twilio.com/m/2", "contentType": "audio/amr"},
                    {"kind": "file", "url": "https://api.twilio.com/m/10", "contentType": "text/vcard"},
                ],
            }
        ],
    ),
    "stop, by Twilio's word": Case(
        b"MessageSid=SM03&Body=Lopeta&OptOutType=STOP" + _ENDS, [{**_ME, "kind": "optOut", "text": "Lopeta"}]
    ),
    "start, by Twilio's word": Case(
        b"MessageSid=SM04&Body=Alku&OptOutType=START" + _ENDS, [{**_ME, "kind": "optIn", "text": "Alku"}]
    ),
    "help is a message": Case(
        b"MessageSid=SM05&Body=HELP&OptOutType=HELP" + _ENDS,
        [{**_ME, "kind": "message", "context": {"to": "+15005550006", "optOutType": "HELP"}}],
    ),
    "stop, the plain word": Case(b"MessageSid=SM06&Body=+stop%0A" + _ENDS, [{"kind": "optOut"}]),
    "start, the plain word": Case(b"MessageSid=SM07&Body=Unstop" + _ENDS, [{"kind": "optIn"}]),
    "yes is an answer": Case(b"MessageSid=SM08&Body=YES" + _ENDS, [{"kind": "message", "text": "YES"}]),
    "short code": Case(
        b"MessageSid=SM09&Body=x&From=12345&To=%2B15005550006",
        [{"thread": "12345", "sender": {"id": "12345"}}],
    ),
    "delivered": Case(
        b"SmsSid=SM10&SmsStatus=delivered&MessageStatus=delivered&To=%2B358401234567&MessageSid=SM10&AccountSid=AC11"
        b"&From=%2B15005550006&ApiVersion=2010-04-01&RawDlrDoneDate=2611221200",
        [
            {
                **_ME,
                "kind": "receipt",
                "event": "SM10",
                "receipt": {"state": "delivered", "message": "SM10"},
            }
        ],
    ),
    "sent": Case(
        b"MessageStatus=sent&To=%2B358401234567&MessageSid=SM10&From=%2B15005550006",
        [{**_ME, "kind": "receipt", "receipt": {"state": "sent", "message": "SM10"}}],
    ),
    "undelivered": Case(
        b"MessageStatus=undelivered&ErrorCode=30003&To=%2B358401234567&MessageSid=SM11&From=%2B15005550006",
        [
            {
                **_ME,
                "kind": "receipt",
                "receipt": {
                    "state": "failed",
                    "message": "SM11",
                    "code": "30003",
                    "reason": "the recipient's phone cannot be reached now",
                },
            }
        ],
    ),
    "unknown status": Case(
        b"MessageSid=SM12&MessageStatus=teleported" + _ENDS,
        [{**_ME, "kind": "unsupported", "event": "SM12"}],
    ),
    "a call on the messaging URL": Case(
        b"CallSid=CA13&CallStatus=ringing" + _ENDS, [{**_ME, "kind": "unsupported"}]
    ),
    "blank fields": Case(b"MessageSid=SM14&Body=&NumMedia=&FromCity=" + _ENDS, [{"kind": "message"}]),
    "video": Case(
        b"MessageSid=MM12&Body=&NumMedia=1&MediaUrl0=https%3A%2F%2Fapi.twilio.com%2Fm%2F0&MediaContentType0=video%2F3gpp"
        + _ENDS,
        [
            {
                **_ME,
                "attachments": [
                    {"kind": "video", "url": "https://api.twilio.com/m/0", "contentType": "video/3gpp"}
                ],
            }
        ],
    ),
}
