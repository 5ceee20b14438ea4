"""What a channel is: facts about it, and small pure functions. No I/O, no Azure, no shared state.

The room of a channel holds one class that satisfies `Adapter`, and `CHANNELS` names it. Intake and
delivery, written once for all channels, call these functions in the order in which they stand here.
"""

import json
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta
from typing import Any, Generic, Protocol, TypeVar, runtime_checkable
from urllib.parse import parse_qsl

from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
from pydantic import JsonValue

from functions.message import AttachmentKind, Delivery, Event, Inbound, Model, Outbound


@dataclass(frozen=True, slots=True)
class Request:
    """A webhook call, free of its host. `url` is the public one, rebuilt from configuration.

    Header names are lower case; `query` is the raw query string; `body` is every byte as it came.
    """

    method: str
    url: str
    query: str
    headers: Mapping[str, str]
    body: bytes
    received_at: datetime
    key: RSAPublicKey | None = None  # the one that `Keyed.key_id` named
    endorsements: frozenset[str] = frozenset()  # of the key: what its issuer vouches for with it
    rest: str = ""  # what followed the account in the path, without slashes at its ends

    def parameters(self) -> dict[str, str]:
        """Decode the query; empty values are kept, of a repeated name the last counts."""
        return dict(parse_qsl(self.query, keep_blank_values=True))


@dataclass(frozen=True, slots=True)
class Response:
    """What the provider is answered."""

    status: int = 200
    body: str | bytes = ""
    content_type: str = "text/plain; charset=utf-8"
    headers: Mapping[str, str] = field(default_factory=dict)


SettingsT = TypeVar("SettingsT", bound=Model)
SettingsT_co = TypeVar("SettingsT_co", bound=Model, covariant=True)


@dataclass(frozen=True, slots=True)
class Account(Generic[SettingsT_co]):
    """One configured address at a provider. `callback` is the webhook's public URL.

    While a secret is changed, `also` has the settings with the other one: it may have signed what comes in.
    """

    id: str
    channel: str
    provider: str
    callback: str
    settings: SettingsT_co
    also: tuple[SettingsT_co, ...] = ()

    @property
    def variants(self) -> "list[Account[SettingsT_co]]":
        """Give the account with each of its settings, the first ones first."""
        return [self, *(replace(self, settings=settings, also=()) for settings in self.also)]


FOREVER = timedelta.max


@dataclass(frozen=True, slots=True)
class Capabilities:
    """What a channel can carry, as data: delivery, configuration, API and README are driven by it."""

    text_limit: int  # characters of one message; longer texts are split
    body_limit: int  # bytes of a webhook body; over it is 413, before anything is parsed
    attachments: Mapping[AttachmentKind, int]  # outbound kinds and their largest size in bytes
    templates: bool = False  # it has messages approved beforehand, which need no reply window
    choices: int = 0  # quick replies or buttons a message may have
    reply_window: timedelta | None = None  # since the customer's last message
    tag_window: timedelta | None = None  # the same, with a tag
    receipts: frozenset[Delivery] = frozenset()  # states that the provider reports later, by webhook
    threadless_receipts: bool = False  # its statuses name the message, but not the customer
    writing_opts_in: bool = False  # no news tells of a return: who writes again wants to be written to
    idempotent: timedelta = timedelta()  # how long the send API knows its idempotency key; zero: none
    patience: timedelta = timedelta()  # how long it may be down until a message is parked; zero: minutes
    events: frozenset[Event] = frozenset()  # news of the conversation that its customer is told
    retired_on: date | None = None  # Microsoft's product, or the provider itself, ended the channel
    methods: frozenset[str] = frozenset({"POST"})  # of the webhook
    targets: Mapping[str, str] = field(
        default_factory=dict
    )  # where calls can be put: how it begins, what it is
    address: str = ""  # the setting that names the account at its provider: no two accounts share one


@dataclass(frozen=True, slots=True)
class Step:
    """A line of the handshake page: which value is copied where, at the provider."""

    where: str
    name: str
    value: str  # shown to the administrator; never a secret of the provider


@dataclass(frozen=True, slots=True)
class Standing:
    """What rendering needs to know of the conversation."""

    now: datetime
    last_inbound_at: datetime | None  # the customer's last message; None: never wrote
    context: Mapping[str, str] = field(default_factory=dict)  # of the message that opened it


@dataclass(frozen=True, slots=True)
class Call:
    """One HTTP request to a provider's API. Exactly one of `form` and `json` is set.

    `url` must begin with the account's API base URL: delivery refuses anything else. `name` is our own id
    of the message, of a provider that answers none. `tokened`: a GET of a medium that wants
    the account's access token (see `Tokened`), as every message does.
    """

    url: str = field(repr=False)  # some providers have the token in it
    headers: Mapping[str, str] = field(default_factory=dict, repr=False)
    form: tuple[tuple[str, str], ...] | None = field(default=None, repr=False)
    json: JsonValue = field(default=None, repr=False)
    method: str = "POST"
    name: str = ""
    tokened: bool = False
    seconds: float | None = None  # how long an answer may take; None: as long as delivery usually waits


def written(content: JsonValue) -> bytes:
    """Give the bytes of a call's JSON as delivery sends them: UTF-8, for WeChat shows escapes as they are."""
    return json.dumps(content, ensure_ascii=False).encode()


@dataclass(frozen=True, slots=True)
class Answer:
    """What the provider's API said to a `Call`."""

    status: int
    headers: Mapping[str, str]  # lower-case names
    body: bytes


@dataclass(frozen=True, slots=True)
class Sent:
    """The provider took the message and names it; with an empty name it is the call's own."""

    message: str


@dataclass(frozen=True, slots=True)
class Refused:
    """The provider did not take the message. `retry_after` in seconds, None: when we like.

    `stale_token`: it is the access token (see `Tokened`) that was refused; another may be taken.
    """

    code: str
    reason: str
    retryable: bool
    retry_after: float | None = None
    stale_token: bool = False


@dataclass(frozen=True, slots=True)
class Unsure:
    """The answer does not tell whether the provider took the message."""

    reason: str


Outcome = Sent | Refused | Unsure


@dataclass(frozen=True, slots=True)
class KeyId:
    """Names a public key: where its issuer publishes it (a JWKS URL), and its id there."""

    url: str
    kid: str


@runtime_checkable
class Keyed(Protocol):
    """What an adapter has besides, whose provider signs with a published key."""

    def key_id(self, request: Request, account: Account[Any]) -> KeyId | None:
        """Name the key to put in `request.key` before `handshake`; None when no token is due.

        The URL is the adapter's or a setting, never the token's word. Raises NotAuthentic.
        """


@dataclass(frozen=True, slots=True)
class Token:
    """An access token, and how long it lives."""

    value: str = field(repr=False)
    seconds: int


@runtime_checkable
class Tokened(Protocol):
    """What an adapter has besides, whose provider wants an access token that must be fetched first.

    Delivery fetches it, shares it among all instances, and renews it in time, or when it is refused.
    """

    def token_base(self, account: Account[Any]) -> str:
        """Give the URL under which `token_call` must lie."""

    def token_call(self, account: Account[Any], now: datetime, renew: bool) -> Call:
        """Make the request for a token; `renew`: the last one was refused before its time."""

    def token(self, answer: Answer) -> Token | Refused:
        """Read the answer to `token_call`; never raises, whatever it holds."""

    def authorised(self, call: Call, token: str) -> Call:
        """Give a call of this account with the token in its place."""


@runtime_checkable
class MediaSource(Protocol):
    """What an adapter has besides, whose customers' attachments can be fetched."""

    def media_hosts(self, account: Account[Any]) -> tuple[str, ...]:
        """Name where its media may lie; nothing else is called, redirects included.

        A domain name (`fbcdn.net`) stands for itself and all below it, over https, at public addresses. An
        origin (the account's API base) stands for itself, and may be the loopback of a simulator.
        """

    def media_call(self, reference: str, account: Account[Any], now: datetime) -> Call | None:
        """Make the GET of an attachment's `url`; None when the provider gives out no copy of such a thing.

        Credentials in its headers go to its own host only: they do not follow a redirect elsewhere.
        """


@runtime_checkable
class MediaLocator(MediaSource, Protocol):
    """A `MediaSource` whose provider, asked by `media_call`, first tells where the medium is."""

    def media_place(self, answer: Answer, account: Account[Any]) -> Call | Refused | None:
        """Make the GET of the medium itself; None when the answer is the medium.

        Never raises, whatever the answer holds: its first 64 KB are given, and never of 429 and 5xx.
        """


@runtime_checkable
class MediaCipher(MediaSource, Protocol):
    """A `MediaSource` whose media come encrypted."""

    def media_decryptor(self, reference: str) -> Callable[[bytes], bytes]:
        """Give what decrypts this medium's pieces, in their order, to as many bytes.

        It is asked only for what `media_call` gave a call for.
        """


class Adapter(Protocol[SettingsT]):
    """A channel at a provider."""

    channel: str
    provider: str
    Settings: type[SettingsT]
    capabilities: Capabilities

    def setup(self, account: Account[SettingsT]) -> list[Step]:
        """List which values the administrator copies to the provider."""

    def api_base(self, account: Account[SettingsT]) -> str:
        """Give the URL under which every call of this account must lie."""

    def handshake(self, request: Request, account: Account[SettingsT]) -> Response | None:
        """Answer the provider's proof of ownership; None when the request is none.

        Raises Forbidden when it is one and its secret is wrong.
        """

    def authenticate(self, request: Request, account: Account[SettingsT]) -> None:
        """Return when the raw body is the provider's; else raise NotAuthentic with the reason."""

    def parse(self, request: Request, account: Account[SettingsT]) -> Iterator[Inbound]:
        """Yield every item of an authentic body; unknown kinds as UNSUPPORTED with the raw fragment.

        Raises Invalid only when the body as a whole cannot be read.
        """

    def acknowledge(self, items: Iterable[Inbound]) -> Response:
        """Give the answer that makes the provider content."""

    def render(self, outbound: Outbound, account: Account[SettingsT], standing: Standing) -> list[Call]:
        """Turn a message into the calls that send it, in order.

        Raises NotDeliverable when the window, a length or an attachment rule forbids it.
        """

    def receipt(self, answer: Answer) -> Outcome:
        """Read the API's answer; never raises, whatever it holds."""
