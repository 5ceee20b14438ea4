"""WeChat: an official account's conversations, in safe mode.

Follows https://developers.weixin.qq.com/doc/offiaccount/Basic_Information/Access_Overview.html and
https://developers.weixin.qq.com/doc/offiaccount/Message_Management/Service_Center_messages.html.
"""

import re
from collections.abc import Iterable, Iterator
from dataclasses import replace
from datetime import date, datetime, timedelta
from urllib.parse import urlencode
from uuid import NAMESPACE_URL, uuid5

from pydantic import Field, JsonValue

from functions.channels import rules
from functions.channels.contract import (
    Account,
    Answer,
    Call,
    Capabilities,
    Outcome,
    Refused,
    Request,
    Response,
    Sent,
    Standing,
    Step,
    Token,
)
from functions.errors import Forbidden, Invalid, NotAuthentic
from functions.message import AttachmentKind, Inbound, Outbound
from functions.providers.answers import UNNAMED, by_status
from functions.providers.payload import at, number, read_answer, text
from functions.providers.settings import ApiBase, Secret, Settings
from functions.providers.wechat import crypto, errors, media, send
from functions.providers.wechat.message import Official, item

LONGEST_TOKEN = 1000
_ECHO = re.compile(r"[0-9A-Za-z_=+/-]{1,256}")


class WeChatSettings(Settings):
    """An official account; `token` is a secret of ours that WeChat signs with, as the cipher's key is."""

    original_id: str = Field(pattern=r"^[A-Za-z0-9_-]{1,64}$")
    app_id: str = Field(pattern=r"^[A-Za-z0-9]{1,64}$")
    app_secret: Secret
    token: Secret
    encoding_aes_key: crypto.AesKey
    api_base: ApiBase = "https://api.weixin.qq.com"


class WeChat:
    """WeChat's official accounts. `retired_on` is when Microsoft's own channel ended; WeChat's goes on."""

    channel = "wechat"
    provider = "wechat"
    Settings = WeChatSettings
    capabilities = Capabilities(
        address="original_id",
        text_limit=2048,  # of bytes; few long parts: after some messages the customer must write first
        body_limit=256 * 1024,
        attachments={
            AttachmentKind.IMAGE: 10_000_000,
            AttachmentKind.AUDIO: 2_000_000,
            AttachmentKind.VIDEO: 10_000_000,
            AttachmentKind.FILE: 100_000_000,
            AttachmentKind.LINK: 0,
        },
        choices=10,
        reply_window=timedelta(hours=48),
        retired_on=date(2024, 10, 8),
        methods=frozenset({"GET", "POST"}),
    )

    def setup(self, account: Account[WeChatSettings]) -> list[Step]:
        """List the server's address, token and key; the mode must be the safe one."""
        where = "WeChat Official Accounts Platform > Basic configuration > Server configuration"
        return [
            Step(where, "URL", account.callback),
            Step(where, "Token", account.settings.token.get_secret_value()),
            Step(where, "EncodingAESKey", account.settings.encoding_aes_key.get_secret_value()),
            Step(where, "Message encryption", "Safe mode (安全模式)"),
        ]

    def api_base(self, account: Account[WeChatSettings]) -> str:
        """Give the API's address, closed by a slash."""
        return account.settings.api_base + "/"

    def handshake(self, request: Request, account: Account[WeChatSettings]) -> Response | None:
        """Give echostr back; raises Forbidden when its signature is not made with our token."""
        given = request.parameters()
        if request.method != "GET" or "echostr" not in given:
            return None
        try:
            crypto.check("signature", given, account.settings.token)
            crypto.check_fresh(given, request.received_at)
        except NotAuthentic as wrong:
            raise Forbidden(wrong.reason) from None
        if not _ECHO.fullmatch(given["echostr"]):  # echoing anything else would let a link run scripts here
            raise Invalid("echostr has other characters than those of base64")
        return Response(200, given["echostr"])

    def authenticate(self, request: Request, account: Account[WeChatSettings]) -> None:
        """Check msg_signature over what is encrypted, its age, and the app under it; raises NotAuthentic."""
        given, settings = request.parameters(), account.settings
        try:
            encrypted = crypto.encrypted(request.body)
        except Invalid as unreadable:
            raise NotAuthentic(f"nothing that could be signed: {unreadable.reason}") from None
        crypto.check("msg_signature", given, settings.token, encrypted)
        crypto.check_fresh(given, request.received_at)
        crypto.decrypted(encrypted, settings.encoding_aes_key, settings.app_id)

    def parse(self, request: Request, account: Account[WeChatSettings]) -> Iterator[Inbound]:
        """Yield the one item under the encryption; raises Invalid when there is none.

        Of the compatible mode, the plain fields beside it are not read: nobody has signed them.
        """
        settings = account.settings
        encrypted = crypto.encrypted(request.body)
        try:
            xml = crypto.decrypted(encrypted, settings.encoding_aes_key, settings.app_id)
        except NotAuthentic as wrong:
            raise Invalid(wrong.reason) from None
        yield item(xml, Official(self.channel, account.id, settings.original_id, request.received_at))

    def acknowledge(self, items: Iterable[Inbound]) -> Response:
        """Answer at once; the reply goes out by the customer-service API."""
        return Response(200, "success")

    def token_base(self, account: Account[WeChatSettings]) -> str:
        """Give the API's address: tokens come from there too."""
        return self.api_base(account)

    def token_call(self, account: Account[WeChatSettings], now: datetime, renew: bool) -> Call:
        """Ask for the stable token: asked again it is the same one, unless it is to be renewed."""
        content: dict[str, JsonValue] = {
            "grant_type": "client_credential",
            "appid": account.settings.app_id,
            "secret": account.settings.app_secret.get_secret_value(),
            "force_refresh": renew,
        }
        return Call(url=f"{account.settings.api_base}/cgi-bin/stable_token", json=content)

    def token(self, answer: Answer) -> Token | Refused:
        """Read the token, or the errcode, which comes with HTTP 200."""
        content = read_answer(answer.body)
        value, seconds = text(content, "access_token"), number(content, "expires_in")
        if answer.status == 200 and value and seconds and len(value) <= LONGEST_TOKEN:
            return Token(value, seconds)
        outcome = self.receipt(answer)
        if isinstance(outcome, Refused):
            return replace(outcome, stale_token=False)
        return Refused("token", "WeChat answered without an access token", retryable=True)

    def authorised(self, call: Call, token: str) -> Call:
        """Put the token in the query, where WeChat wants it."""
        mark = "&" if "?" in call.url else "?"
        return replace(call, url=f"{call.url}{mark}{urlencode({'access_token': token})}")

    def render(self, outbound: Outbound, account: Account[WeChatSettings], standing: Standing) -> list[Call]:
        """Send text parts, then each attachment; with choices the last text heads their menu.

        WeChat names no message, so each has a name of ours.
        """
        rules.check(outbound, self.capabilities, standing)
        contents = send.contents(outbound, self.capabilities.text_limit)
        url = f"{account.settings.api_base}/cgi-bin/message/custom/send"
        return [
            Call(
                url=url,
                json={"touser": outbound.recipient, **content},
                name=str(uuid5(NAMESPACE_URL, f"{outbound.id}#{index}")),
            )
            for index, content in enumerate(contents)
        ]

    def receipt(self, answer: Answer) -> Outcome:
        """Read errcode, which comes with HTTP 200."""
        content = read_answer(answer.body)
        code = "" if at(content, "errcode") is None else text(content, "errcode")
        if answer.status != 200:
            return by_status("WeChat", answer)
        if not code:
            return UNNAMED
        return Sent("") if code == errors.OK else errors.refused(code)

    def media_hosts(self, account: Account[WeChatSettings]) -> tuple[str, ...]:
        """The API, and where it has videos."""
        return (*media.HOSTS, account.settings.api_base)

    def media_call(self, reference: str, account: Account[WeChatSettings], now: datetime) -> Call | None:
        """Get a medium by its id, with the access token."""
        return media.call(account.settings.api_base, reference)

    def media_place(self, answer: Answer, account: Account[WeChatSettings]) -> Call | Refused | None:
        """Tell the medium itself from a video's address, and from an error."""
        return media.place(answer, self.receipt(answer))
