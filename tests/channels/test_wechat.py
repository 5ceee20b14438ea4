"""What is WeChat's own: the safe mode as wechatpy knows it, hostile XML, errcodes, and its token."""

from dataclasses import replace
from datetime import timedelta
from typing import Any
from urllib.parse import parse_qsl, urlencode

import pytest
from pydantic import ValidationError
from wechatpy import WeChatClient, parse_message  # type: ignore[import-untyped]
from wechatpy.crypto import WeChatCrypto  # type: ignore[import-untyped]
from wechatpy.utils import WeChatSigner  # type: ignore[import-untyped]

from functions.channels.contract import Answer, Call, Refused, Request, Sent, Token, Tokened, written
from functions.errors import Forbidden, Invalid, NotAuthentic, NotDeliverable
from functions.message import Attachment, AttachmentKind, Choice, Kind
from functions.providers.wechat.xml import read_xml
from local.simulators.signed import Words
from local.simulators.wechat import compose
from tests.channels.samples import (
    NOW,
    SETTINGS,
    account,
    callback,
    outbound,
    parsed,
    request,
    room,
    signed,
    standing,
)
from tests.channels.vectors.wechat import CASES

WECHAT = room("wechat")
BODY = CASES["text"].body
STAMP = str(int(NOW.timestamp()))


def tokened() -> Tokened:
    assert isinstance(WECHAT, Tokened)
    return WECHAT


def signature(*parts: str) -> str:
    signer = WeChatSigner()
    signer.add_data(SETTINGS["wechat"]["token"], *parts)
    found: str = signer.signature
    return found


def asked(**changes: str) -> Request:
    good = {"timestamp": STAMP, "nonce": "17", "echostr": "5927782489442352469"}
    query = {"signature": signature(STAMP, "17"), **good, **changes}
    return replace(request("wechat", b"", query=urlencode(query)), method="GET")


def test_echostr_comes_back_as_it_is() -> None:
    answer = WECHAT.handshake(asked(), account("wechat"))
    assert answer
    assert (answer.status, answer.body) == (200, "5927782489442352469")


@pytest.mark.parametrize(
    "changes",
    [
        {"signature": ""},
        {"signature": "0" * 40},
        {"signature": "ä"},
        {"nonce": "18"},
        {"timestamp": "soon"},
        {"timestamp": "1", "signature": signature("1", "17")},
    ],
)
def test_a_handshake_of_somebody_else_is_forbidden(changes: dict[str, str]) -> None:
    with pytest.raises(Forbidden):
        WECHAT.handshake(asked(**changes), account("wechat"))


@pytest.mark.parametrize("echo", ["", "<script>", "a b", "1" * 257])
def test_an_odd_echostr_is_not_echoed(echo: str) -> None:
    with pytest.raises(Invalid):
        WECHAT.handshake(asked(echostr=echo), account("wechat"))


def test_a_recorded_call_is_refused_after_five_minutes() -> None:
    good = signed("wechat", BODY)
    for minutes in (-4.9, 4.9):
        then = good.received_at + timedelta(minutes=minutes)
        WECHAT.authenticate(replace(good, received_at=then), account("wechat"))
    for minutes in (-5.1, 5.1):
        then = good.received_at + timedelta(minutes=minutes)
        with pytest.raises(NotAuthentic, match="clock"):
            WECHAT.authenticate(replace(good, received_at=then), account("wechat"))


def test_the_plain_modes_signature_proves_no_body() -> None:
    given = dict(parse_qsl(signed("wechat", BODY).query))
    given["signature"] = signature(given["timestamp"], given["nonce"])
    del given["msg_signature"]
    for body in (BODY, signed("wechat", BODY).body):
        with pytest.raises(NotAuthentic, match="msg_signature is missing"):
            WECHAT.authenticate(request("wechat", body, query=urlencode(given)), account("wechat"))


@pytest.mark.parametrize("settings", [{"appId": "wxother"}, {"encodingAesKey": "b" * 43}])
def test_a_message_for_another_app_or_key_is_refused(settings: dict[str, str]) -> None:
    good = signed("wechat", BODY)
    with pytest.raises(NotAuthentic, match="AppID"):
        WECHAT.authenticate(good, account("wechat", **settings))
    with pytest.raises(Invalid):
        list(WECHAT.parse(good, account("wechat", **settings)))


@pytest.mark.parametrize("encrypted", ["", "x", "AAAA", "A" * 22 + "==", "ä" * 44, "A" * 44 + "\n"])
def test_what_is_signed_but_no_ciphertext_is_refused(encrypted: str) -> None:
    query = {"timestamp": STAMP, "nonce": "17", "msg_signature": signature(STAMP, "17", encrypted)}
    body = f"<xml><Encrypt>{encrypted}</Encrypt></xml>".encode()
    with pytest.raises(NotAuthentic):
        WECHAT.authenticate(request("wechat", body, query=urlencode(query)), account("wechat"))


def test_the_compatible_modes_plain_fields_count_for_nothing() -> None:
    good = signed("wechat", BODY)
    forged = good.body.replace(b"<xml>", b"<xml><Content>forged</Content><MsgType>text</MsgType>", 1)
    WECHAT.authenticate(replace(good, body=forged), account("wechat"))
    [item] = WECHAT.parse(replace(good, body=forged), account("wechat"))
    assert item.text == "Hei 👋 <b>&amp;"


def test_wechatpy_reads_what_our_stand_in_encrypts() -> None:
    words = Words("oUser-1_a", "Päivää & <b>", id="77")
    sent = compose(SETTINGS["wechat"], callback("wechat"), words)
    given = dict(parse_qsl(sent.url.partition("?")[2]))
    ours = SETTINGS["wechat"]
    crypto = WeChatCrypto(ours["token"], ours["encodingAesKey"], ours["appId"])
    xml = crypto.decrypt_message(sent.body, given["msg_signature"], given["timestamp"], given["nonce"])
    message = parse_message(xml)
    assert (message.source, message.content, message.id) == ("oUser-1_a", "Päivää & <b>", 77)


@pytest.mark.parametrize("name", [name for name in CASES if name != "values of wrong types"])
def test_wechatpy_reads_the_same(name: str) -> None:
    theirs = parse_message(CASES[name].body)
    [ours] = parsed("wechat", CASES[name].body)
    assert ours.sender.id == theirs.source
    if theirs.type == "text" and ours.kind is not Kind.UNSUPPORTED:
        assert (ours.text, ours.event) == (theirs.content, str(theirs.id))
    if theirs.type in ("image", "voice", "video", "shortvideo") and ours.attachments:
        assert ours.attachments[0].url == f"wechat-media:{theirs.media_id}"
    if theirs.type == "location":
        assert ours.attachments[0].url == "geo:{},{}".format(*theirs.location)


BOMB = (
    b'<!DOCTYPE x [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;">]>'
    b"<xml><Encrypt>&b;</Encrypt></xml>"
)
FILE = b'<!DOCTYPE x [<!ENTITY f SYSTEM "file:///etc/passwd">]><xml><Encrypt>&f;</Encrypt></xml>'


@pytest.mark.parametrize(
    "body",
    [
        BOMB,
        FILE,
        b"<xml>",
        b"",
        b"<a/>" * 2,
        b"<x>" * 40 + b"</x>" * 40,
        b"<x>" * 80_000,
        b"\xff",
        b'<?xml version="1.0" encoding="utf-7"?><a><b>+ADw-</b>',
    ],
)
def test_hostile_xml_is_invalid(body: bytes) -> None:
    with pytest.raises(Invalid):
        read_xml(body)
    with pytest.raises(NotAuthentic):
        WECHAT.authenticate(replace(signed("wechat", BODY), body=body), account("wechat"))
    with pytest.raises(Invalid):
        parsed("wechat", body)


def test_xml_becomes_plain_values() -> None:
    assert read_xml(b"<x><a>1</a><b><c/><c>2</c><c>3</c></b></x>") == {"a": "1", "b": {"c": ["", "2", "3"]}}
    assert read_xml(b"<x>only text</x>") == {}


class Recorder(WeChatClient):  # type: ignore[misc]
    """wechatpy's client, which only keeps what it would send."""

    def __init__(self) -> None:
        super().__init__("wx1", "s", access_token="t")
        self.sent: list[Any] = []

    def post(self, url: str, **more: Any) -> Any:
        self.sent.append((url, more["data"]))
        return {"errcode": 0}


def rendered(hours: float | None = 1, **more: Any) -> list[Call]:
    return WECHAT.render(outbound("wechat", **more), account("wechat"), standing(hours))


def test_messages_go_out_as_wechatpy_sends_them() -> None:
    client = Recorder()
    user = outbound("wechat").recipient
    picture = Attachment(kind=AttachmentKind.IMAGE, url="https://f.example/1.png", name="Kuva", text="Katso")
    by_id = [
        Attachment(kind=kind, url="wechat-media:m-1")
        for kind in (AttachmentKind.IMAGE, AttachmentKind.AUDIO, AttachmentKind.VIDEO)
    ]
    client.message.send_text(user, "Päivää")
    card = {"title": "Kuva", "description": "Katso", "url": picture.url, "image": picture.url}
    client.message.send_articles(user, [card])
    client.message.send_image(user, "m-1")
    client.message.send_voice(user, "m-1")
    client.message.send_video(user, "m-1")
    calls = rendered(text="Päivää", attachments=(picture, *by_id))
    assert [call.json for call in calls] == [data for _, data in client.sent]
    assert {call.url for call in calls} == {"https://api.weixin.qq.com/cgi-bin/message/custom/send"}
    assert client.sent[0][0] == "message/custom/send"
    assert len({call.name for call in calls}) == 5
    assert "Päivää".encode() in written(calls[0].json)


def test_a_menu_goes_last() -> None:
    paper = Attachment(kind=AttachmentKind.FILE, url="https://f.example/2.pdf")
    calls = rendered(text="Sopiiko?", attachments=(paper,), choices=(Choice(title="Joo", payload="101"),))
    contents: list[Any] = [call.json for call in calls]
    assert contents[0]["news"]["articles"][0]["picurl"] == ""
    assert contents[1]["msgmenu"] == {
        "head_content": "Sopiiko?",
        "list": [{"id": "101", "content": "Joo"}],
        "tail_content": "",
    }
    with pytest.raises(NotDeliverable) as refused:
        rendered(attachments=(paper,), choices=(Choice(title="Joo", payload="101"),))
    assert refused.value.code == "choice-text"


def test_no_part_is_over_wechats_bytes() -> None:
    contents: list[Any] = [call.json for call in rendered(text="漢字 👋" * 1000)]
    assert all(len(one["text"]["content"].encode()) <= 2048 for one in contents)
    assert len(rendered(text="a" * 2048)) == 1


@pytest.mark.parametrize(("hours", "code"), [(48.1, "window-closed"), (None, "never-wrote")])
def test_the_window_is_two_days(hours: float | None, code: str) -> None:
    with pytest.raises(NotDeliverable) as refused:
        rendered(hours, text="x")
    assert refused.value.code == code


def test_the_token_is_asked_for_and_put_in_the_query() -> None:
    [call] = rendered(text="x")
    assert tokened().authorised(call, "a+b&c").url.endswith("/custom/send?access_token=a%2Bb%26c")
    for renew in (False, True):
        ask = tokened().token_call(account("wechat"), NOW, renew)
        assert ask.url == "https://api.weixin.qq.com/cgi-bin/stable_token"
        assert ask.json == {
            "grant_type": "client_credential",
            "appid": "wx1",
            "secret": SETTINGS["wechat"]["appSecret"],
            "force_refresh": renew,
        }
        assert SETTINGS["wechat"]["appSecret"] not in repr(ask)


@pytest.mark.parametrize(
    ("body", "code", "retryable"),
    [
        (b'{"errcode":40164,"errmsg":"invalid ip 1.2.3.4"}', "40164", False),
        (b'{"errcode":-1}', "-1", True),
        (b'{"errcode":40001}', "40001", False),
        (b'{"errcode":0}', "token", True),
        (b"<html>", "token", True),
    ],
)
def test_no_token_says_why(body: bytes, code: str, retryable: bool) -> None:
    refused = tokened().token(Answer(200, {}, body))
    assert isinstance(refused, Refused)
    assert (refused.code, refused.retryable, refused.stale_token) == (code, retryable, False)
    assert "1.2.3.4" not in refused.reason


def test_errcodes_hide_behind_200() -> None:
    read = WECHAT.receipt
    assert read(Answer(200, {}, b'{"errcode":0,"errmsg":"ok"}')) == Sent("")
    assert tokened().token(Answer(200, {}, b'{"access_token":"t","expires_in":7200}')) == Token("t", 7200)
    for code, stale in ((40001, True), (42001, True), (40014, True), (45015, False)):
        refused = read(Answer(200, {}, b'{"errcode":%d}' % code))
        assert isinstance(refused, Refused)
        assert refused.stale_token is stale


@pytest.mark.parametrize("key", ["", "a" * 42, "a" * 44, "a" * 42 + "="])
def test_an_aes_key_has_43_characters(key: str) -> None:
    with pytest.raises(ValidationError):
        account("wechat", encodingAesKey=key)
