"""Writing Teams activities: texts, pictures, files as links, and choices as buttons.

Follows https://learn.microsoft.com/microsoftteams/platform/task-modules-and-cards/cards/cards-reference and
https://learn.microsoft.com/microsoftteams/platform/bots/how-to/conversations/conversation-messages.
"""

import mimetypes
from urllib.parse import urlsplit

from pydantic import JsonValue

from functions.channels import rules
from functions.channels.text import split
from functions.errors import NotDeliverable
from functions.message import Attachment, AttachmentKind, Choice, Outbound

TEXT_LIMIT = 20_000  # Teams counts 100 KB for all of an activity, two bytes a character
CHOICES = 6
TITLE_LIMIT, PAYLOAD_LIMIT = 100, 2000
IN_ONE = 10  # attachments
PICTURE_LIMIT = 1_000_000  # bytes that Teams shows in a message; larger ones go as links

Activity = dict[str, JsonValue]


def activities(outbound: Outbound, personal: bool) -> list[Activity]:
    """Give the activities of a message, in order; choices go with the last. Raises NotDeliverable."""
    found = [_text(part) for part in split(outbound.text, TEXT_LIMIT)]
    files = [_file(attachment) for attachment in outbound.attachments]
    for start in range(0, len(files), IN_ONE):
        if start or not found:
            found.append({"type": "message"})
        found[-1]["attachments"] = files[start : start + IN_ONE]
    if outbound.choices:
        _choose(found[-1], outbound.choices, personal)
    return found


def _text(part: str) -> Activity:
    # What an agent typed is what the customer reads: Teams would take asterisks for its own.
    return {"type": "message", "text": part, "textFormat": "plain"}


def _file(attachment: Attachment) -> JsonValue:
    url = rules.web_address(attachment)
    name = attachment.name or urlsplit(url).path.rpartition("/")[2] or attachment.kind.value
    if attachment.kind is AttachmentKind.IMAGE and (attachment.size or 0) <= PICTURE_LIMIT:
        media = attachment.content_type or mimetypes.guess_type(name)[0] or "image/png"
        return {"contentType": media, "contentUrl": url, "name": name}
    button: JsonValue = {"type": "openUrl", "title": name, "value": url}
    return {"contentType": "application/vnd.microsoft.card.hero", "content": {"buttons": [button]}}


def _choose(activity: Activity, choices: tuple[Choice, ...], personal: bool) -> None:
    """Add the choices. Suggested actions say their title only, and are for two: else a card has them."""
    for choice in choices:
        if not 1 <= len(choice.title) <= TITLE_LIMIT or not 1 <= len(choice.payload) <= PAYLOAD_LIMIT:
            raise NotDeliverable(
                "choice-length",
                f"a button has 1 to {TITLE_LIMIT} characters, its payload 1 to {PAYLOAD_LIMIT}",
            )
    if personal and all(choice.title == choice.payload for choice in choices):
        said: list[JsonValue] = [
            {"type": "imBack", "title": choice.title, "value": choice.title} for choice in choices
        ]
        activity["suggestedActions"] = {"actions": said}
        return
    buttons: list[JsonValue] = [
        {
            "type": "Action.Submit",
            "title": choice.title,
            "data": {"payload": choice.payload, "title": choice.title},
        }
        for choice in choices
    ]
    card: JsonValue = {
        "contentType": "application/vnd.microsoft.card.adaptive",
        "content": {"type": "AdaptiveCard", "version": "1.4", "body": [], "actions": buttons},
    }
    given = activity.get("attachments")
    activity["attachments"] = [*given, card] if isinstance(given, list) else [card]
