"""One table over all channels: who is let in, and who is told why not."""

from collections.abc import Callable
from dataclasses import replace

import pytest

from functions.channels.contract import Request
from functions.errors import NotAuthentic
from tests.channels.samples import (
    BASE,
    FORMS,
    SECRETS,
    WEBHOOKS,
    account,
    parsed,
    proof,
    request,
    room,
    signed,
    with_proof,
)
from tests.channels.sign import sign
from tests.channels.test_parse import VECTORS
from tests.channels.twilio_sdk import HMAC_SHA1, HMAC_SHA256, RequestValidator
from tests.channels.vectors import teams

BODIES = {name: next(iter(cases.values())).body for name, cases in VECTORS.items()}  # a plain text, mostly
ODD = {
    "sms": b"Body=+++%0D%0A%09&MessageSid=SM1&From=%2B358401234567&&A=&A=&B=2&B=1&B=2",
    "sms-acs": b' [ {"id" :"1",\n\t"data":{ } }]\r\n',
    "whatsapp-acs": b'\n{ "id":"1" , "data":\t{ } }',
    "facebook": b'\n {\t"object" :"page","entry": [ ]\r\n}  ',
    "instagram": b' {"entry" :[\t],\n"object":"instagram"}\r\n',
    "whatsapp-meta": b'\r\n{ "object":\t"whatsapp_business_account" ,"entry":[ ]}\n',
    "whatsapp-twilio": b"Body=+++%0D%0A%09&MessageSid=SM1&From=whatsapp%3A%2B358401234567&&A=&A=&B=2&B=1&B=2",
    "telegram": b' { "update_id" : 1 ,\n\n "message":{ } } ',
    "rcs": b'\r\n{ "text" :\t" x " } \n',
    "line": b'\t{"events" : [ ],\r\n "destination":"U00000000000000000000000000000b07"}\n\n',
    "apple": b' {\t"v" :1 }\r\n\r\n',
    "sms-telesign": b'{\r\n\t"sub_resource" : "mo_sms","errors":{ },  "user_response":{}}\n',
    "x": b'\t{ "for_user_id" :"3001969357",\r\n "direct_message_events":[ ] }\n',
    "custom-webhook": b'\r\n{"type" :"message",\t"thread":"k" ,"text": " x"}\n ',
    "records": b'\r\n{ "MessageName":\t"Update" }\n ',
    "wechat": b"<xml >\r\n\t<MsgType > text </MsgType>\n</xml>\n",
    "teams": teams.CASES["text"].body.replace(b'"type":', b'\r\n\t "type" :') + b"\n",
}
HEADER = {
    "sms": "x-twilio-signature",
    "sms-acs": "x-delivery-secret",
    "whatsapp-acs": "x-delivery-secret",
    "facebook": "x-hub-signature-256",
    "instagram": "x-hub-signature-256",
    "whatsapp-meta": "x-hub-signature-256",
    "whatsapp-twilio": "x-twilio-signature",
    "telegram": "x-telegram-bot-api-secret-token",
    "rcs": "x-goog-signature",
    "line": "x-line-signature",
    "apple": "authorization",
    "wechat": "?msg_signature",
    "sms-telesign": "x-ts-authorization",
    "x": "x-twitter-webhooks-signature-oauth2",
    "teams": "authorization",
    "custom-webhook": "webhook-signature",
    "records": "x-monikanava-key",
}
SIGNS_THE_BODY = [
    "sms",
    "facebook",
    "instagram",
    "whatsapp-meta",
    "whatsapp-twilio",
    "rcs",
    "line",
    "sms-telesign",
    "x",
    "wechat",
    "custom-webhook",
]
# A small body to fill; else JSON.
EMPTY = {
    **dict.fromkeys(FORMS, b"MessageSid=S&From=1&Body=%b"),
    "wechat": b"<xml><MsgType>x</MsgType><Content>%b</Content></xml>",
}


def with_header(change: Callable[[str], str]) -> Callable[[Request, str], Request]:
    def changed(good: Request, channel: str) -> Request:
        name = HEADER[channel]
        return with_proof(good, name, change(proof(good, name)))

    return changed


BAD: dict[str, tuple[Callable[[Request, str], Request], str]] = {
    "no header": (lambda good, channel: replace(good, headers={}, query=""), "missing"),
    "empty header": (with_header(lambda value: ""), "missing"),
    "cut short": (with_header(lambda value: value[:-1]), "match|hexadecimal"),
    "lengthened": (with_header(lambda value: value + "A"), "match|hexadecimal"),
    "beyond ASCII": (with_header(lambda value: value[:-1] + "ä"), "match|hexadecimal"),
    "lone surrogate": (with_header(lambda value: value[:-1] + "\udcff"), "match|hexadecimal"),
    "white space around": (with_header(lambda value: f" {value} "), "match|hexadecimal"),
    "other case": (with_header(str.swapcase), "match|hexadecimal"),
}


@pytest.mark.parametrize("channel", WEBHOOKS)
@pytest.mark.parametrize("bodies", [BODIES, ODD], ids=["plain", "odd white space"])
def test_the_providers_own_are_let_in(channel: str, bodies: dict[str, bytes]) -> None:
    room(channel).authenticate(signed(channel, bodies[channel]), account(channel))


@pytest.mark.parametrize("channel", WEBHOOKS)
@pytest.mark.parametrize("bad", BAD)
def test_the_wrong_proof_is_refused(channel: str, bad: str) -> None:
    change, reason = BAD[bad]
    with pytest.raises(NotAuthentic, match=reason):
        room(channel).authenticate(change(signed(channel, BODIES[channel]), channel), account(channel))


@pytest.mark.parametrize("channel", WEBHOOKS)
def test_another_secret_is_refused(channel: str) -> None:
    others = {name: f"{secret}x" for name, secret in SECRETS.items()}
    with pytest.raises(NotAuthentic, match="does not match: c"):
        room(channel).authenticate(signed(channel, BODIES[channel], others), account(channel))


@pytest.mark.parametrize("channel", SIGNS_THE_BODY)
@pytest.mark.parametrize("body", [b"", b"\xff\xfe", b"{}", b"a=b"])
def test_another_body_is_refused(channel: str, body: bytes) -> None:
    with pytest.raises(NotAuthentic):
        room(channel).authenticate(replace(signed(channel, BODIES[channel]), body=body), account(channel))


def test_meta_re_encoded_is_refused() -> None:
    body = BODIES["facebook"].replace(b"\\/", b"/")
    with pytest.raises(NotAuthentic, match="app secret"):
        room("facebook").authenticate(
            replace(signed("facebook", BODIES["facebook"]), body=body), account("facebook")
        )


@pytest.mark.parametrize("prefix", ["", "sha1=", "SHA256=", "sha512=", "sha256:"])
def test_meta_takes_one_form_of_signature(prefix: str) -> None:
    good = signed("facebook", BODIES["facebook"])
    digits = good.headers["x-hub-signature-256"].removeprefix("sha256=")
    with pytest.raises(NotAuthentic, match="hexadecimal"):
        room("facebook").authenticate(
            replace(good, headers={"x-hub-signature-256": prefix + digits}), account("facebook")
        )


@pytest.mark.parametrize("channel", WEBHOOKS)
def test_a_body_limit_is_set_and_a_body_of_that_size_is_read(channel: str) -> None:
    limit = room(channel).capabilities.body_limit
    assert 64 * 1024 <= limit <= 4 * 1024 * 1024
    filler = b"x" * (limit - 200)
    body = EMPTY.get(channel, b'{"update_id":1,"message":"%b"}') % filler
    assert len(parsed(channel, body)) == 1


PORTS = [
    ("https://omni.example.com/sms", "https://omni.example.com:443/sms"),
    ("https://omni.example.com:443/sms", "https://omni.example.com/sms"),
    ("https://omni.example.com:8443/sms", "https://omni.example.com/sms"),
    ("http://127.0.0.1/sms", "http://127.0.0.1:80/sms"),
    ("https://[::1]/sms", "https://[::1]:443/sms"),
    ("https://me:secret@omni.example.com/sms", "https://me:secret@omni.example.com:443/sms"),
]


@pytest.mark.parametrize(("ours", "theirs"), [*PORTS, *((url, url) for url, _ in PORTS)])
def test_twilio_signs_with_or_without_the_port(ours: str, theirs: str) -> None:
    headers = sign("sms", theirs, SECRETS, BODIES["sms"])
    room("sms").authenticate(replace(request("sms", BODIES["sms"], headers), url=ours), account("sms"))


@pytest.mark.parametrize(
    "theirs", ["https://omni.example.com/SMS", "http://omni.example.com/sms", "https://omni.example.com/sms/"]
)
def test_twilio_signs_the_whole_url(theirs: str) -> None:
    headers = sign("sms", theirs, SECRETS, BODIES["sms"])
    call = replace(request("sms", BODIES["sms"], headers), url="https://omni.example.com/sms")
    with pytest.raises(NotAuthentic, match=r"exactly https://omni\.example\.com/sms$"):
        room("sms").authenticate(call, account("sms"))


def test_twilio_signs_the_raw_query() -> None:
    query = "b=%2f+1&a=&a"
    headers = sign("sms", f"{BASE}/sms/sms-1?{query}", SECRETS, BODIES["sms"])
    room("sms").authenticate(request("sms", BODIES["sms"], headers, query), account("sms"))
    with pytest.raises(NotAuthentic):
        room("sms").authenticate(request("sms", BODIES["sms"], headers, "b=%2F+1&a=&a"), account("sms"))


def test_twilio_json_is_bound_by_its_hash() -> None:
    body = b'{"a": 1}'
    query = f"bodySHA256={RequestValidator('x').compute_hash(body.decode())}"
    signature = RequestValidator(SECRETS["auth_token"]).compute_signature(f"{BASE}/sms/sms-1?{query}", {})
    good = request("sms", body, {"x-twilio-signature": signature}, query)
    room("sms").authenticate(good, account("sms"))
    with pytest.raises(NotAuthentic, match="bodySHA256"):
        room("sms").authenticate(replace(good, body=b'{"a":1}'), account("sms"))


def shared(settings: str, algorithm: str = HMAC_SHA256, secret: str = "shared") -> Request:
    url = f"{BASE}/sms/sms-1"
    signature = RequestValidator(secret).compute_signature(url, {"MessageSid": "SM1"}, algorithm)
    headers = {"x-twilio-signature": signature, "x-twilio-webhooks-signature-settings": settings}
    return request("sms", b"MessageSid=SM1", headers)


@pytest.mark.parametrize("algorithm", [HMAC_SHA1, HMAC_SHA256])
def test_twilio_shared_keys(algorithm: str) -> None:
    keys = account("sms", sharedKeys={"webhooks_sharedkey_1": "shared", "webhooks_sharedkey_2": "other"})
    room("sms").authenticate(shared(f"key=webhooks_sharedkey_1,algorithm={algorithm}", algorithm), keys)


@pytest.mark.parametrize(
    ("settings", "reason"),
    [
        ("key=webhooks_sharedkey_9,algorithm=HMAC_SHA256", "not among"),
        ("key=webhooks_sharedkey_1,algorithm=MD5", "algorithm other"),
        ("key=webhooks_sharedkey_2,algorithm=HMAC_SHA256", "does not match"),
        ("key=webhooks_sharedkey_1,algorithm=HMAC_SHA1", "does not match"),
        ("algorithm=HMAC_SHA256", "not among"),
        ("rubbish", "not among"),
    ],
)
def test_twilio_shared_keys_only_select(settings: str, reason: str) -> None:
    keys = account("sms", sharedKeys={"webhooks_sharedkey_1": "shared", "webhooks_sharedkey_2": "other"})
    with pytest.raises(NotAuthentic, match=reason):
        room("sms").authenticate(shared(settings), keys)


def test_no_reason_tells_a_secret() -> None:
    for channel in WEBHOOKS:
        others = {name: f"{secret}x" for name, secret in SECRETS.items()}
        with pytest.raises(NotAuthentic) as refused:
            room(channel).authenticate(signed(channel, BODIES[channel], others), account(channel))
        assert not any(secret in refused.value.reason for secret in SECRETS.values())
