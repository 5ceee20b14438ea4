"""What the integration sends, checked: a new conversation, and activities of the customer."""

import json
from collections.abc import Mapping
from typing import Annotated, Any, TypeVar

from pydantic import BaseModel, ConfigDict, Field, JsonValue, ValidationError

from functions.channels.custom.dynamics import TEXT_LIMIT
from functions.channels.text import octets
from functions.errors import Invalid, TooLarge
from functions.message import Attachment, AttachmentKind
from functions.messaging.problems import Refusal
from functions.providers.payload import read_json

START_LIMIT = 27 * 1024  # bytes of a start message
CONTEXT_LIMIT = 100  # entries
# Bytes of JSON. The context goes with each message to the queue, which must take both of them.
CONTEXT_SIZE, ACTIVITY_SIZE = 100_000, 64 * 1024
Short = Annotated[str, Field(max_length=200)]
Name = Annotated[str, Field(max_length=256)]


class Body(BaseModel):
    """A part of a body; what we do not know is left alone."""

    model_config = ConfigDict(frozen=True, extra="ignore", hide_input_in_errors=True)


class CustomerContext(Body):
    """The customer, as the integration knows them."""

    customerid: Short = ""
    firstname: Short = ""
    lastname: Short = ""
    preferredname: Short = ""
    email: Short = ""
    phonenumber: Short = ""

    @property
    def name(self) -> str:
        """What agents are shown."""
        return self.preferredname or f"{self.firstname} {self.lastname}".strip()


class StartMessage(Body):
    """The customer's first words."""

    message: str = ""


class Creation(Body):
    """A conversation to be started."""

    customercontext: CustomerContext = CustomerContext()
    conversationcontext: Mapping[Name, JsonValue] = {}
    startmessage: StartMessage | str = ""

    @property
    def start(self) -> str:
        """The first words, in whichever form they came."""
        return self.startmessage if isinstance(self.startmessage, str) else self.startmessage.message

    @property
    def context(self) -> dict[str, str]:
        """The variables as texts: of `{isDisplayable, value}` the value."""
        return {name: _plain(value) for name, value in self.conversationcontext.items()}


class Medium(Body):
    """A file of the customer."""

    contentType: Name = ""
    contentUrl: str = Field(max_length=8192)
    name: Name = ""

    def attachment(self) -> Attachment:
        """Give it as the service keeps it."""
        start = self.contentType.partition("/")[0]
        kind = AttachmentKind(start) if start in ("image", "audio", "video") else AttachmentKind.FILE
        return Attachment(kind=kind, url=self.contentUrl, content_type=self.contentType, name=self.name)


class Person(Body):
    """Who an activity is from."""

    id: Name = ""
    name: Name = ""


class Activity(Body):
    """An activity of the customer: https://github.com/microsoft/botframework-sdk (the activity schema)."""

    type: Name
    id: Name = ""
    text: str = ""
    name: Name = ""
    value: JsonValue = None
    attachments: Annotated[tuple[Medium, ...], Field(max_length=20)] = ()
    sender: Person = Field(default=Person(), alias="from")


AnyBody = TypeVar("AnyBody", Creation, Activity)


def creation(body: bytes) -> Creation:
    """Read a conversation to be started; raises Refusal, or TooLarge."""
    found = _read(Creation, body)
    if len(found.conversationcontext) > CONTEXT_LIMIT:
        raise Refusal(30010)
    if octets(json.dumps(found.context, ensure_ascii=False)) > CONTEXT_SIZE:
        raise TooLarge(f"the conversation context is over {CONTEXT_SIZE:,} bytes in all")
    if octets(found.start) > START_LIMIT:
        raise Refusal(30011)
    return found


def activity(body: bytes) -> Activity:
    """Read an activity; raises Refusal, or TooLarge."""
    if len(body) > ACTIVITY_SIZE:
        raise TooLarge(f"the activity is over {ACTIVITY_SIZE:,} bytes")
    found = _read(Activity, body)
    if len(found.text) > TEXT_LIMIT:
        raise Refusal(30011)
    if found.type == "message" and not found.text.strip() and not found.attachments:
        raise Refusal(30016)
    if any(not one.contentUrl.startswith("https://") for one in found.attachments):
        raise Refusal(30012)  # of a file inside the message there is no address to fetch it from
    return found


def _read(model: type[AnyBody], body: bytes) -> AnyBody:
    try:
        found: Any = read_json(body)
        return model.model_validate({name: one for name, one in found.items() if one is not None})
    except (Invalid, ValidationError, AttributeError):
        raise Refusal(30012) from None


def _plain(value: JsonValue) -> str:
    if isinstance(value, dict) and "value" in value:
        value = value["value"]
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
