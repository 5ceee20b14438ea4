"""What a WhatsApp message says, by its type. Media stay at Meta: `whatsapp-media:ID` names them.

Follows https://developers.facebook.com/docs/whatsapp/cloud-api/webhooks/payload-examples. An address at
Meta is good for five minutes only, so the id is kept.
"""

from collections.abc import Callable, Mapping
from typing import NamedTuple

from pydantic import JsonValue

from functions.message import Attachment, AttachmentKind, Kind
from functions.providers.payload import child, children, text
from functions.providers.vcard import vcard

REFERENCE = "whatsapp-media:"
_MEDIA = {
    "image": AttachmentKind.IMAGE,
    "audio": AttachmentKind.AUDIO,
    "voice": AttachmentKind.AUDIO,
    "video": AttachmentKind.VIDEO,
    "document": AttachmentKind.FILE,
    "sticker": AttachmentKind.STICKER,
}


class Content(NamedTuple):
    """What was said. `whole`: nothing of the fragment is left out that the fields could not hold."""

    kind: Kind = Kind.MESSAGE
    text: str = ""
    attachments: tuple[Attachment, ...] = ()
    target: str = ""
    payload: str = ""
    context: Mapping[str, str] = {}
    whole: bool = True


UNKNOWN = Content(Kind.UNSUPPORTED, whole=False)


def content(message: JsonValue) -> Content:
    """Read a message; what is of an unknown type, or lacks what its type has, is UNSUPPORTED."""
    return _READERS.get(text(message, "type"), _unknown)(message)


def _text(message: JsonValue) -> Content:
    body = text(message, "text", "body")
    return Content(text=body) if body else UNKNOWN


def _medium(message: JsonValue) -> Content:
    name = text(message, "type")
    medium = child(message, name)
    if not text(medium, "id"):
        return UNKNOWN
    attachment = Attachment(
        kind=_MEDIA[name],
        url=REFERENCE + text(medium, "id"),
        content_type=text(medium, "mime_type"),
        name=text(medium, "filename"),
    )
    return Content(text=text(medium, "caption"), attachments=(attachment,))


def _location(message: JsonValue) -> Content:
    place = child(message, "location")
    latitude, longitude = text(place, "latitude"), text(place, "longitude")
    if not latitude or not longitude:
        return UNKNOWN
    found = Attachment(
        kind=AttachmentKind.LOCATION,
        url=f"geo:{latitude},{longitude}",
        name=text(place, "name"),
        text=text(place, "address"),
    )
    return Content(attachments=(found,))


def _contacts(message: JsonValue) -> Content:
    cards = tuple(_card(contact) for contact in children(message, "contacts"))
    return Content(attachments=cards, whole=False) if cards else UNKNOWN


def _card(contact: JsonValue) -> Attachment:
    first, last, shown = (
        text(contact, "name", part) for part in ("first_name", "last_name", "formatted_name")
    )
    phones = [text(one, "phone") for one in children(contact, "phones")]
    emails = [text(one, "email") for one in children(contact, "emails")]
    card = vcard(first, last, shown, filter(None, phones), filter(None, emails))
    return Attachment(kind=AttachmentKind.CONTACT, content_type="text/vcard", name=shown, text=card)


def _button(message: JsonValue) -> Content:
    """A button of a template."""
    said, payload = text(message, "button", "text"), text(message, "button", "payload")
    return Content(Kind.POSTBACK, said, payload=payload) if said or payload else UNKNOWN


def _interactive(message: JsonValue) -> Content:
    """A reply button, a row of a list, or a filled form (flow)."""
    answer = child(message, "interactive")
    for name in ("button_reply", "list_reply"):
        if chosen := child(answer, name):
            return Content(Kind.POSTBACK, text(chosen, "title"), payload=text(chosen, "id"))
    form = child(answer, "nfm_reply")
    if not form:
        return UNKNOWN
    flow = {"flow": text(form, "name")} if text(form, "name") else {}
    return Content(Kind.POSTBACK, text(form, "body"), payload=text(form, "response_json"), context=flow)


def _order(message: JsonValue) -> Content:
    """A shopping basket; its lines stay in the fragment."""
    order = child(message, "order")
    catalog = {"catalog": text(order, "catalog_id")} if text(order, "catalog_id") else {}
    return Content(text=text(order, "text"), context=catalog, whole=False) if order else UNKNOWN


def _reaction(message: JsonValue) -> Content:
    target = text(message, "reaction", "message_id")
    return Content(Kind.REACTION, text(message, "reaction", "emoji"), target=target) if target else UNKNOWN


def _edit(message: JsonValue) -> Content:
    target, later = text(message, "edit", "original_message_id"), content(child(message, "edit", "message"))
    if not target:
        return UNKNOWN
    return Content(Kind.EDIT, later.text, later.attachments, target, whole=later.whole)


def _revoke(message: JsonValue) -> Content:
    target = text(message, "revoke", "original_message_id")
    return Content(Kind.DELETE, target=target) if target else UNKNOWN


def _welcome(message: JsonValue) -> Content:
    """The customer opened the chat for the first time."""
    return Content(Kind.JOINED)


def _system(message: JsonValue) -> Content:
    """The customer has a new number, or a new id: in words, and in the context."""
    system = child(message, "system")
    names = {"type": "system", "wa_id": "newPhone", "new_wa_id": "newPhone", "user_id": "newUser"}
    context = {name: found for key, name in names.items() if (found := text(system, key))}
    return Content(Kind.UNSUPPORTED, text(system, "body"), context=context, whole=False)


def _unknown(message: JsonValue) -> Content:
    return UNKNOWN


_READERS: dict[str, Callable[[JsonValue], Content]] = {
    **dict.fromkeys(_MEDIA, _medium),
    "text": _text,
    "location": _location,
    "contacts": _contacts,
    "button": _button,
    "interactive": _interactive,
    "order": _order,
    "reaction": _reaction,
    "edit": _edit,
    "revoke": _revoke,
    "request_welcome": _welcome,
    "system": _system,
}
