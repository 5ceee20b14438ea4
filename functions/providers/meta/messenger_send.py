"""Writing what Messenger's Send API takes, for a page and for an Instagram profile.

Follows https://developers.facebook.com/docs/messenger-platform/reference/send-api.
"""

from collections.abc import Sequence

from pydantic import JsonValue

from functions.channels import rules
from functions.channels.contract import Capabilities, Standing
from functions.errors import NotDeliverable
from functions.message import Attachment, Choice, Outbound

CHOICES = 13  # quick replies of a message
TITLE_LIMIT = 20  # characters of a quick reply
PAYLOAD_LIMIT = 1000
Content = dict[str, JsonValue]


def contents(outbound: Outbound, texts: Sequence[str]) -> list[Content]:
    """Give the messages: texts, then each attachment; with quick replies the text that asks goes last.

    The next message would hide them. Raises NotDeliverable for an attachment without a web address, and
    for a quick reply that is too long.
    """
    said: list[Content] = [{"text": part} for part in texts]
    media: list[Content] = [{"attachment": _attachment(attachment)} for attachment in outbound.attachments]
    if not outbound.choices:
        return [*said, *media]
    found = [*said[:-1], *media, *said[-1:]]
    found[-1]["quick_replies"] = [_quick_reply(choice) for choice in outbound.choices]
    return found


def typing(outbound: Outbound) -> Content:
    """Show that somebody types; it goes alone, and stays for 20 seconds or until the next message."""
    return {"recipient": {"id": outbound.recipient}, "sender_action": "typing_on"}


def envelope(outbound: Outbound, capabilities: Capabilities, standing: Standing) -> Content:
    """Address the message, with the tag that it needs outside the reply window."""
    recipient: JsonValue = {"id": outbound.recipient}
    if rules.in_window(capabilities.reply_window, standing):
        return {"recipient": recipient, "messaging_type": "RESPONSE"}
    return {"recipient": recipient, "messaging_type": "MESSAGE_TAG", "tag": "HUMAN_AGENT"}


def _attachment(attachment: Attachment) -> JsonValue:
    return {"type": attachment.kind.value, "payload": {"url": rules.web_address(attachment)}}


def _quick_reply(choice: Choice) -> JsonValue:
    if len(choice.title) > TITLE_LIMIT or len(choice.payload) > PAYLOAD_LIMIT:
        raise NotDeliverable(
            "choice-length",
            f"a quick reply has at most {TITLE_LIMIT} characters, its payload {PAYLOAD_LIMIT}",
        )
    return {"content_type": "text", "title": choice.title, "payload": choice.payload}
