"""WeChat's stand-in: https://developers.weixin.qq.com/doc/offiaccount. It answers 200 whatever happened."""

import hashlib
import secrets
import time
from base64 import b64decode, b64encode
from collections.abc import Mapping
from typing import Any
from urllib.parse import urlencode
from xml.sax.saxutils import escape

from aiohttp import web
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
from pydantic import JsonValue

from functions.providers.payload import at, children, read_answer, text
from local.simulators.provider import Rejected, Reply
from local.simulators.signed import SignedRequest, Words, setting
from local.simulators.state import Behaviour, Registered, Taken


def _error(code: int, message: str) -> Reply:
    return Reply(200, {"errcode": code, "errmsg": message})


class WeChat:
    """Takes an official account's customer-service messages, and gives the token for them."""

    name = "wechat"
    path = "/cgi-bin/message/custom/send"
    token_path = "/cgi-bin/stable_token"  # noqa: S105 (a path)
    refusals: Mapping[Behaviour, Reply] = {
        Behaviour.TOO_MANY: _error(45011, "api minute-quota reach limit"),
        Behaviour.ERROR: _error(-1, "system error"),
        Behaviour.PERMANENT: _error(45015, "response out of time limit or subscription is canceled"),
    }

    def __init__(self) -> None:
        self._tokens: dict[str, str] = {}

    async def give(self, request: web.Request) -> Reply:
        """Give the app's token, the same one until a new one is forced; that ends the old one."""
        content = read_answer(await request.read())
        app = text(content, "appid")
        if not app or not text(content, "secret") or text(content, "grant_type") != "client_credential":
            return _error(40013, "invalid appid")
        if app not in self._tokens or at(content, "force_refresh") is True:
            self._tokens[app] = secrets.token_urlsafe(48)
        return Reply(200, {"access_token": self._tokens[app], "expires_in": 7200})

    async def read(self, request: web.Request) -> Taken:
        """Read the JSON; raises Rejected with WeChat's codes."""
        token, body = request.query.get("access_token", ""), await request.read()
        app = next((name for name, value in self._tokens.items() if value == token), "")
        if not app:
            raise Rejected(_error(40001, "invalid credential, access_token is invalid or not latest"))
        content = read_answer(body)
        kind = text(content, "msgtype")
        said, media = _said(content), _media(content)
        if not text(content, "touser") or kind not in ("text", "news", "image", "voice", "video", "msgmenu"):
            raise Rejected(_error(40008, "invalid message type"))
        if not said and not media:
            raise Rejected(_error(44002, "empty post data"))
        if len(said.encode()) > 2048:
            raise Rejected(_error(45002, "content size out of limit"))
        return Taken(
            provider="wechat",
            account=app,
            id=secrets.token_hex(8),
            recipient=text(content, "touser"),
            # The customer would see the escapes, as WeChat shows them.
            text=said.encode("unicode_escape").decode() if b"\\u" in body else said,
            attachments=media,
            content=content,
        )

    def accepted(self, taken: Taken) -> Reply:
        """Answer that it went well; WeChat names no message."""
        return _error(0, "ok")

    def news(self, taken: Taken, registered: Registered) -> list[SignedRequest]:
        """Tell nothing: WeChat does not, of these messages."""
        return []


def compose(settings: Mapping[str, Any], callback: str, words: Words) -> SignedRequest:
    """Encrypt and sign an incoming message; a medium makes it a picture, which says the text beside."""
    kind = "image" if words.media else "text"
    fields = {
        "ToUserName": setting(settings, "original_id"),
        "FromUserName": words.sender,
        "CreateTime": str(int(time.time())),
        "MsgType": kind,
        "Content": words.text,
        "Recognition": words.text if words.media else "",
        "MediaId": "".join(words.media),
        "MsgId": words.id or str(secrets.randbelow(2**63)),
    }
    xml = "".join(f"<{name}>{escape(value)}</{name}>" for name, value in fields.items() if value)
    encrypted = _encrypted(settings, f"<xml>{xml}</xml>".encode())
    query = {"openid": words.sender, "encrypt_type": "aes", **_signed(settings, "msg_signature", encrypted)}
    official = fields["ToUserName"]
    body = f"<xml><ToUserName>{official}</ToUserName><Encrypt><![CDATA[{encrypted}]]></Encrypt></xml>"
    return SignedRequest(f"{callback}?{urlencode(query)}", {"Content-Type": "text/xml"}, body.encode())


def handshake(settings: Mapping[str, Any], callback: str) -> SignedRequest:
    """Ask for the server's proof, as submitting its configuration does."""
    query = {**_signed(settings, "signature"), "echostr": "5927782489442352469"}
    return SignedRequest(f"{callback}?{urlencode(query)}", {}, b"", "GET")


def _signed(settings: Mapping[str, Any], name: str, *more: str) -> dict[str, str]:
    stamp, nonce = str(int(time.time())), str(secrets.randbelow(10**10))
    parts = sorted([setting(settings, "token"), stamp, nonce, *more])
    signature = hashlib.sha1("".join(parts).encode()).hexdigest()  # noqa: S324 (WeChat's algorithm)
    return {name: signature, "timestamp": stamp, "nonce": nonce}


def _encrypted(settings: Mapping[str, Any], xml: bytes) -> str:
    key = b64decode(setting(settings, "encoding_aes_key") + "=")
    content = secrets.token_bytes(16) + len(xml).to_bytes(4, "big") + xml
    content += setting(settings, "app_id").encode()
    missing = 32 - len(content) % 32
    writer = Cipher(algorithms.AES(key), modes.CBC(key[:16])).encryptor()
    return b64encode(writer.update(content + bytes([missing]) * missing) + writer.finalize()).decode()


def _said(content: JsonValue) -> str:
    return text(content, "text", "content") or text(content, "msgmenu", "head_content")


def _media(content: JsonValue) -> tuple[str, ...]:
    cards = (text(article, "url") for article in children(content, "news", "articles"))
    ids = (text(content, kind, "media_id") for kind in ("image", "voice", "video"))
    return tuple(found for found in (*cards, *ids) if found)
