"""WeChat's messages and events, as they are under the encryption."""

from tests.channels.vectors.case import Case

_ENDS = (
    b"<ToUserName><![CDATA[gh_0001]]></ToUserName><FromUserName><![CDATA[oUser-1_a]]></FromUserName>"
    b"<CreateTime>1795341600</CreateTime>"
)
_ME = {"thread": "oUser-1_a", "sender": {"id": "oUser-1_a"}, "sentAt": "2026-11-22T10:00:00Z"}


def _message(kind: bytes, content: bytes) -> bytes:
    return b"<xml>%b<MsgType><![CDATA[%b]]></MsgType>%b<MsgId>9223372036854775807</MsgId></xml>" % (
        _ENDS,
        kind,
        content,
    )


def _event(kind: bytes, content: bytes = b"") -> bytes:
    return b"<xml>%b<MsgType><![CDATA[event]]></MsgType><Event><![CDATA[%b]]></Event>%b</xml>" % (
        _ENDS,
        kind,
        content,
    )


CASES = {
    "text": Case(
        _message(b"text", b"<Content><![CDATA[Hei \xf0\x9f\x91\x8b <b>&amp;]]></Content>"),
        [{**_ME, "kind": "message", "event": "9223372036854775807", "text": "Hei 👋 <b>&amp;"}],
    ),
    "choice of a menu": Case(
        _message(b"text", b"<Content>Kyll\xc3\xa4</Content><bizmsgmenuid>101</bizmsgmenuid>"),
        [{**_ME, "kind": "postback", "text": "Kyllä", "payload": "101"}],
    ),
    "image": Case(
        _message(b"image", b"<PicUrl>http://mmbiz.qpic.cn/1</PicUrl><MediaId>m-1</MediaId>"),
        [
            {
                **_ME,
                "kind": "message",
                "attachments": [{"kind": "image", "url": "wechat-media:m-1", "contentType": "image/jpeg"}],
            }
        ],
    ),
    "voice, with what was understood": Case(
        _message(b"voice", b"<MediaId>m-2</MediaId><Format>AMR</Format><Recognition>moi</Recognition>"),
        [
            {
                "kind": "message",
                "text": "moi",
                "attachments": [{"kind": "audio", "url": "wechat-media:m-2", "contentType": "audio/amr"}],
            }
        ],
    ),
    "video": Case(
        _message(b"video", b"<MediaId>m-3</MediaId><ThumbMediaId>t-3</ThumbMediaId>"),
        [{"attachments": [{"kind": "video", "url": "wechat-media:m-3", "contentType": "video/mp4"}]}],
    ),
    "short video": Case(
        _message(b"shortvideo", b"<MediaId>m-4</MediaId>"),
        [{"attachments": [{"kind": "video", "url": "wechat-media:m-4", "contentType": "video/mp4"}]}],
    ),
    "location, whose X is the latitude": Case(
        _message(
            b"location",
            b"<Location_X>60.1699</Location_X><Location_Y>24.9384</Location_Y><Scale>15</Scale><Label>Tori</Label>",
        ),
        [
            {
                "kind": "message",
                "attachments": [{"kind": "location", "url": "geo:60.1699,24.9384", "name": "Tori"}],
            }
        ],
    ),
    "link": Case(
        _message(b"link", b"<Title>Otsikko</Title><Description>x</Description><Url>https://e.example</Url>"),
        [
            {
                "kind": "message",
                "attachments": [{"kind": "link", "url": "https://e.example", "name": "Otsikko", "text": "x"}],
            }
        ],
    ),
    "an image without its id": Case(_message(b"image", b"<PicUrl>x</PicUrl>"), [{"kind": "unsupported"}]),
    "a kind of tomorrow": Case(
        _message(b"hologram", b"<X><Y>1</Y><Y>2</Y><Y>3</Y></X>"),
        [{**_ME, "kind": "unsupported", "event": "9223372036854775807"}],
    ),
    "subscribed": Case(
        _event(b"subscribe", b"<EventKey></EventKey>"),
        [{**_ME, "kind": "optIn", "event": "oUser-1_a:1795341600:subscribe:"}],
    ),
    "subscribed by a QR code": Case(
        _event(b"subscribe", b"<EventKey>qrscene_123</EventKey><Ticket>T</Ticket>"),
        [{"kind": "optIn", "context": {"referral": "123"}}],
    ),
    "unsubscribed": Case(_event(b"unsubscribe"), [{**_ME, "kind": "optOut"}]),
    "scanned": Case(
        _event(b"SCAN", b"<EventKey>123</EventKey><Ticket>T</Ticket>"),
        [{"kind": "joined", "payload": "123", "context": {"referral": "123"}}],
    ),
    "came in, with a place": Case(
        _event(b"LOCATION", b"<Latitude>60.1</Latitude><Longitude>24.9</Longitude><Precision>9</Precision>"),
        [{"kind": "joined", "attachments": [{"kind": "location", "url": "geo:60.1,24.9"}]}],
    ),
    "menu": Case(
        _event(b"CLICK", b"<EventKey>V1_HELP</EventKey>"),
        [
            {
                "kind": "postback",
                "payload": "V1_HELP",
                "event": "oUser-1_a:1795341600:CLICK:V1_HELP",
            }
        ],
    ),
    "menu that scans": Case(
        _event(
            b"scancode_waitmsg",
            b"<EventKey>k</EventKey><ScanCodeInfo><ScanType>qrcode</ScanType><ScanResult>42</ScanResult></ScanCodeInfo>",
        ),
        [{"kind": "postback", "payload": "k", "text": "42"}],
    ),
    "menu that opens a page": Case(
        _event(b"VIEW", b"<EventKey>https://e.example</EventKey>"),
        [{"kind": "joined", "payload": "https://e.example"}],
    ),
    "template delivered": Case(
        _event(b"TEMPLATESENDJOBFINISH", b"<MsgID>200163836</MsgID><Status>success</Status>"),
        [{"kind": "receipt", "receipt": {"state": "delivered", "message": "200163836"}}],
    ),
    "template blocked": Case(
        _event(b"TEMPLATESENDJOBFINISH", b"<MsgID>200163840</MsgID><Status>failed:user block</Status>"),
        [
            {
                "kind": "receipt",
                "receipt": {
                    "state": "failed",
                    "message": "200163840",
                    "code": "user block",
                    "reason": "WeChat could not deliver it: the customer may block it",
                },
            }
        ],
    ),
    "template of no name": Case(_event(b"TEMPLATESENDJOBFINISH"), [{"kind": "unsupported"}]),
    "an agent's session at WeChat": Case(
        _event(b"kf_create_session", b"<KfAccount>a@b</KfAccount>"), [{**_ME, "kind": "unsupported"}]
    ),
    "another account's": Case(
        b"<xml><ToUserName>gh_2</ToUserName><FromUserName>o</FromUserName><MsgType>text</MsgType>"
        b"<Content>x</Content><MsgId>1</MsgId></xml>",
        [{"kind": "unsupported", "event": "1"}],
    ),
    "values of wrong types": Case(
        b"<xml><MsgType>text</MsgType><Content><b>x</b></Content><CreateTime>soon</CreateTime></xml>",
        [{"kind": "message", "text": None, "thread": "gh_0001"}],
    ),
}
