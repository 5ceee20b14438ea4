"""Chat: customers on our own page, in our widget, or in any client that speaks Direct Line 3.0.

We are the server, in `functions.directline`; this is what the rest of the house knows of the channel. The
customer's client reads the thread itself, so that a reply is there as soon as it is recorded.
"""

import re
from collections.abc import Mapping
from typing import Annotated, Literal, Self

from pydantic import AfterValidator, Field, SecretStr, model_validator

from functions.channels import rules
from functions.channels.contract import Account, Call, Capabilities, Standing, Step
from functions.channels.served import Served
from functions.channels.texts import Texts
from functions.errors import NotDeliverable
from functions.message import AttachmentKind, Event, Outbound
from functions.providers.settings import ApiBase, Secret, Settings

ACTIVITY_LIMIT = 28 * 1024  # bytes of an activity, with everything that belongs to it
UPLOAD_LIMIT = 25_000_000  # bytes of an upload, all its files together
LEAST_KEY = 32  # characters: HS256 wants a key as long as its hash
_ORIGIN = re.compile(r"https?://[a-z0-9.-]+(:[0-9]{1,5})?", re.IGNORECASE)


def _checked_origin(text: str) -> str:
    if not _ORIGIN.fullmatch(text):
        raise ValueError("is an origin: https://HOST, without a path")
    return text.lower()


def _unlike_each_other(keys: "tuple[SigningKey, ...]") -> "tuple[SigningKey, ...]":
    if len({key.id for key in keys}) < len(keys):
        raise ValueError("two signing keys have the same id")
    return keys


Origin = Annotated[str, AfterValidator(_checked_origin)]


class SigningKey(Settings):
    """A key of our tokens; `id` is in their header, so that keys can be changed while tokens live."""

    id: str = Field(pattern=r"^[A-Za-z0-9._-]{1,32}$")
    key: Annotated[SecretStr, Field(min_length=LEAST_KEY)]


class Question(Settings):
    """A question of the survey before the chat; `choices` by the value that is kept, for the kind choice."""

    id: str = Field(min_length=1, max_length=100)
    text: Texts
    kind: Literal["text", "choice"] = "text"
    choices: Mapping[str, Texts] = {}
    required: bool = False


class SignIn(Settings):
    """Who signs customers in: their tokens' issuer, whom those are for, and where its public key is."""

    issuer: str = Field(min_length=1)
    audience: str = Field(min_length=1)
    jwks_url: ApiBase | None = None
    public_key_url: ApiBase | None = None  # of a PEM, as Dynamics 365 has it

    @model_validator(mode="after")
    def _one_place(self) -> Self:
        if (self.jwks_url is None) == (self.public_key_url is None):
            raise ValueError("needs either jwksUrl or publicKeyUrl")
        return self

    @property
    def key_url(self) -> str:
        """Give where the keys are."""
        return self.jwks_url or self.public_key_url or ""


class ChatSettings(Settings):
    """A chat: the secrets of those who start it for customers, our keys, and what its page shows.

    `secrets`: two may be in force, so that one can be changed. The first of `signing_keys` signs, all verify.
    `begin_limit` (chats) and `upload_limit` (megabytes) are what one network may ask for in ten minutes
    without a secret, 0 for no limit; `proxies` is how many of one's own stand before the app.
    """

    secrets: Annotated[tuple[Secret, ...], Field(min_length=1, max_length=2)]
    signing_keys: Annotated[
        tuple[SigningKey, ...], Field(min_length=1, max_length=3), AfterValidator(_unlike_each_other)
    ]
    allowed_origins: tuple[Origin, ...] = ()
    title: str = Field(default="Chat", min_length=1, max_length=100)
    greeting: Texts = ""
    survey: Annotated[tuple[Question, ...], Field(max_length=10)] = ()
    persistent: bool = False
    sign_in: SignIn | None = None
    begin_limit: int = Field(default=60, ge=0)
    upload_limit: int = Field(default=200, ge=0)
    proxies: int = Field(default=0, ge=0, le=5)


class Chat(Served):
    """Live and persistent chat."""

    channel = "chat"
    provider = "directline"
    Settings = ChatSettings
    capabilities = Capabilities(
        text_limit=ACTIVITY_LIMIT // 4,  # whatever script it is in, it fits into an activity
        body_limit=UPLOAD_LIMIT,
        attachments=dict.fromkeys(
            (AttachmentKind.IMAGE, AttachmentKind.AUDIO, AttachmentKind.VIDEO, AttachmentKind.FILE),
            UPLOAD_LIMIT,
        ),
        choices=10,
        events=frozenset(Event),
        methods=frozenset({"GET", "POST"}),
    )

    def setup(self, account: Account[ChatSettings]) -> list[Step]:
        """List what goes into the business's own pages and programs."""
        embedded = f'<script src="{account.callback}/widget.js" async></script>'
        return [
            Step("your web pages, before </body>", "widget", embedded),
            Step("a link for customers", "page", account.callback),
            Step("Direct Line clients", "domain", domain(account)),
        ]

    def render(self, outbound: Outbound, account: Account[ChatSettings], standing: Standing) -> list[Call]:
        """Check the message; there is nothing to send, for the client reads it."""
        if outbound.event:
            return []
        rules.check(outbound, self.capabilities, standing)
        if len(outbound.text) > self.capabilities.text_limit:
            raise NotDeliverable("too-long", "the message is too long for a chat")
        for attachment in outbound.attachments:
            rules.web_address(attachment)
        return []


def domain(account: Account[ChatSettings]) -> str:
    """Give the address that Direct Line clients call `domain`."""
    return f"{account.callback}/v3/directline"
