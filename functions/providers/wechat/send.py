"""Writing WeChat's customer-service messages: texts, media that WeChat has, cards for others, and menus.

Follows https://developers.weixin.qq.com/doc/offiaccount/Message_Management/Service_Center_messages.html.
"""

from pydantic import JsonValue

from functions.channels import rules
from functions.channels.text import octets, split
from functions.errors import NotDeliverable
from functions.message import Attachment, AttachmentKind, Outbound
from functions.providers.wechat.media import REFERENCE

_BY_ID = {AttachmentKind.IMAGE: "image", AttachmentKind.AUDIO: "voice", AttachmentKind.VIDEO: "video"}
Content = dict[str, JsonValue]


def contents(outbound: Outbound, limit: int) -> list[Content]:
    """Give the messages: texts in parts of at most `limit` bytes, then each attachment.

    With choices the last text heads a menu, and goes last. Raises NotDeliverable for choices without a
    text, and for an attachment without an address.
    """
    texts = split(outbound.text, limit, octets)
    menu = [_menu(texts.pop(), outbound)] if outbound.choices and texts else []
    if outbound.choices and not menu:
        raise NotDeliverable("choice-text", "a menu needs a text that asks")
    said: list[Content] = [{"msgtype": "text", "text": {"content": one}} for one in texts]
    return [*said, *(_medium(attachment) for attachment in outbound.attachments), *menu]


def _medium(attachment: Attachment) -> Content:
    """Send a medium that WeChat has by its id; anything else as a card that opens its address."""
    kind = _BY_ID.get(attachment.kind)
    if kind and attachment.url.startswith(REFERENCE):
        return {"msgtype": kind, kind: {"media_id": attachment.url.removeprefix(REFERENCE)}}
    url = rules.web_address(attachment)
    article: Content = {
        "title": attachment.name or attachment.kind.value,
        "description": attachment.text,
        "url": url,
        "picurl": url if attachment.kind is AttachmentKind.IMAGE else "",
    }
    return {"msgtype": "news", "news": {"articles": [article]}}


def _menu(question: str, outbound: Outbound) -> Content:
    offered: list[JsonValue] = [{"id": one.payload, "content": one.title} for one in outbound.choices]
    return {"msgtype": "msgmenu", "msgmenu": {"head_content": question, "list": offered, "tail_content": ""}}
