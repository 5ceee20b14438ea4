"""The rules that a channel's capabilities state as data, kept before anything is sent."""

import re
from datetime import timedelta

from functions.channels.contract import Capabilities, Standing
from functions.errors import NotDeliverable
from functions.message import Attachment, AttachmentKind, Outbound

GEO = re.compile(r"geo:(-?\d{1,3}(?:\.\d+)?),(-?\d{1,3}(?:\.\d+)?)")


def check(outbound: Outbound, capabilities: Capabilities, standing: Standing) -> None:
    """Pass a message that the channel can carry now; raises NotDeliverable with the rule it breaks."""
    if outbound.event:
        if outbound.event not in capabilities.events:
            raise NotDeliverable("event", f"this channel does not tell its customers of {outbound.event}")
        return
    if outbound.template:
        _check_template(outbound, capabilities)
        return
    if not outbound.text.strip() and not outbound.attachments:
        raise NotDeliverable("empty", "the message has neither text nor attachments")
    if len(outbound.choices) > capabilities.choices:
        most = capabilities.choices or "no"
        raise NotDeliverable("too-many-choices", f"a message of this channel can have {most} choices")
    for attachment in outbound.attachments:
        _check_attachment(attachment, capabilities)
    check_window(outbound, capabilities, standing)


def check_window(outbound: Outbound, capabilities: Capabilities, standing: Standing) -> None:
    """Keep the provider's reply window, and the longer one that a tag opens."""
    if in_window(capabilities.reply_window, standing):
        return
    if outbound.tag and capabilities.tag_window and in_window(capabilities.tag_window, standing):
        return
    if standing.last_inbound_at is None:
        raise NotDeliverable("never-wrote", "the customer must write first on this channel")
    raise NotDeliverable("window-closed", _closed(capabilities))


def in_window(window: timedelta | None, standing: Standing) -> bool:
    """Tell whether the customer's last message is recent enough; with no window it always is."""
    last = standing.last_inbound_at
    return window is None or (last is not None and standing.now - last <= window)


def coordinates(attachment: Attachment) -> tuple[float, float]:
    """Read the latitude and longitude of a location; raises NotDeliverable when its URI is no `geo:`."""
    if found := GEO.match(attachment.url):
        return float(found[1]), float(found[2])
    raise NotDeliverable("attachment-url", "a location needs a geo:LATITUDE,LONGITUDE address")


def web_address(attachment: Attachment) -> str:
    """Give the address that the provider will fetch; raises NotDeliverable when it is not of the web."""
    if attachment.url.startswith(("https://", "http://")):
        return attachment.url
    raise NotDeliverable("attachment-url", f"the {attachment.kind} must have an https:// address")


def _closed(capabilities: Capabilities) -> str:
    said = f"the customer's last message is more than {_hours(capabilities.reply_window)} old"
    if not capabilities.tag_window:
        return said
    return f"{said}; a human agent's tag allows {_hours(capabilities.tag_window)}"


def _hours(window: timedelta | None) -> str:
    return f"{window // timedelta(hours=1)} hours" if window else ""


def _check_template(outbound: Outbound, capabilities: Capabilities) -> None:
    if not capabilities.templates:
        raise NotDeliverable("template", "this channel has no templates")
    if outbound.text.strip() or outbound.attachments or outbound.choices:
        raise NotDeliverable("template", "a template goes alone: its text and buttons are the approved ones")


def _check_attachment(attachment: Attachment, capabilities: Capabilities) -> None:
    limit = capabilities.attachments.get(attachment.kind)
    if limit is None:
        raise NotDeliverable("attachment-kind", f"this channel cannot carry the kind {attachment.kind}")
    if (attachment.size or 0) > limit:
        raise NotDeliverable("attachment-size", f"the {attachment.kind} is over {limit:,} bytes")
    if attachment.kind is not AttachmentKind.LOCATION and not attachment.url:
        raise NotDeliverable("attachment-url", f"the {attachment.kind} has no address to fetch it from")
