"""What the service needs of the outside world, as protocols: tables, a bus, blobs, secrets, push and calls.

`functions/cloud` fulfils them with the Azure SDKs; nothing else knows that Azure exists. Every
method raises `Unavailable` when the other side does not answer.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import Enum
from typing import IO, Protocol

from functions.entra import EntraApp

Value = str | int | float | bool | datetime | bytes


@dataclass(frozen=True, slots=True)
class Entity:
    """A table row: keys, properties, and the ETag of the version that was read."""

    partition: str
    key: str
    values: Mapping[str, Value]
    etag: str = ""


class Write(Enum):
    """How an operation treats what is there."""

    INSERT = "insert"  # AlreadyExists when the key is taken
    REPLACE = "replace"  # Stale when the row is not the version of `entity.etag`, or gone
    UPSERT = "upsert"  # whatever was there is replaced
    DELETE = "delete"  # with an etag: Stale as REPLACE; without: gone already is well


@dataclass(frozen=True, slots=True)
class Op:
    """One operation of a transaction."""

    write: Write
    entity: Entity


class Table(Protocol):
    """One table. A property is at most 64 KiB, a row 1 MiB."""

    async def get(self, partition: str, key: str) -> Entity | None:
        """Read one row."""

    async def range(
        self, partition: str, start: str = "", end: str = "\uffff", limit: int | None = None
    ) -> list[Entity]:
        """Read the rows with start <= key < end, in key order, at most `limit`."""

    async def commit(self, ops: Sequence[Op]) -> None:
        """Write at most 100 operations of one partition, all or none.

        Raises AlreadyExists (with the failing operation's index) or Stale.
        """


@dataclass(frozen=True, slots=True)
class Envelope:
    """A message for the bus: `id` is what duplicates are told by, `session` what keeps the order.

    With `not_before` the queue keeps it back until then.
    """

    id: str
    body: str
    session: str = ""
    properties: Mapping[str, str] = field(default_factory=dict)
    not_before: datetime | None = None


class Bus(Protocol):
    """Queues that keep what they acknowledge."""

    async def send(self, queue: str, envelopes: Sequence[Envelope]) -> None:
        """Put all on the queue, in order; returns only when the queue has them."""


class Blobs(Protocol):
    """Large contents by name; a name may have slashes."""

    async def put(self, name: str, content: IO[bytes], size: int, content_type: str) -> None:
        """Keep `size` bytes from the start of `content`, in place of what was there."""

    async def get(self, name: str, limit: int) -> bytes:
        """Give a content whole; raises NotFound, or TooLarge when it has over `limit` bytes."""

    async def delete(self, name: str) -> None:
        """Delete a content; gone already is well."""

    async def names(self, prefix: str) -> list[str]:
        """List the names that begin so."""


class Secrets(Protocol):
    """Named secrets: Key Vault in Azure, the environment on a laptop."""

    async def get(self, name: str) -> str:
        """Give the secret's current value; raises NotFound with its name."""


class Push(Protocol):
    """Text frames to the clients that hold a connection; what nobody listens to is gone.

    The service tells us of new connections by webhooks; `host` is the origin they name.
    """

    host: str

    async def send(self, group: str, frame: str) -> None:
        """Give a frame to every connection of a group."""

    async def send_to(self, connection: str, frame: str) -> None:
        """Give a frame to one connection; one that is gone is well."""

    async def join(self, group: str, connection: str) -> None:
        """Put a connection into a group; one that is gone is well."""

    async def close(self, connection: str) -> None:
        """Close a connection; one that is gone is well."""

    async def close_all(self, group: str) -> None:
        """Close every connection of a group: its clients come again and ask for what they missed."""

    async def address(self, user: str, minutes: int) -> str:
        """Give the URL with which one client may connect, for so many minutes; it is in no group.

        `user` comes back in the news of the connection; it is written in ASCII.
        """

    async def uplink(self, user: str, minutes: int) -> str:
        """Give the URL with which one client may connect whose frames are news for us, each one."""

    def genuine(self, connection: str, signature: str) -> bool:
        """Tell whether news of a connection is the service's own."""


class Entra(Protocol):
    """Access tokens of Entra ID for applications of ours; kept and renewed in time by who fulfils it."""

    async def token(self, app: EntraApp, renew: bool = False) -> str:
        """Give a token; `renew`: the last one was refused, bring another.

        Raises NotGranted when Entra ID gives this application none, whoever asks again.
        """


@dataclass(frozen=True, slots=True)
class CallResource:
    """Where calls are controlled, and our key there; without a key a managed identity vouches for us."""

    endpoint: str
    key: str = field(default="", repr=False)
    identity: str = ""  # the managed identity's client id; empty: the app's own


@dataclass(frozen=True, slots=True)
class Hearing:
    """How we follow a call: where its news come, what speaks and listens, where its transcript is sent."""

    callback: str = field(repr=False)  # it may hold the call's secret
    speech: str
    language: str
    transcript: str = field(default="", repr=False)  # a WebSocket's URL; empty: none


@dataclass(frozen=True, slots=True)
class Sound:
    """Words to be said in a language, or a file to be played."""

    words: str = ""
    language: str = ""
    file: str = ""


@dataclass(frozen=True, slots=True)
class Question:
    """What to wait for, for so many seconds after the prompt: a key, or one of the phrases of a key."""

    prompt: Sequence[Sound]
    language: str
    seconds: int
    phrases: Mapping[str, Sequence[str]] = field(default_factory=dict)  # by key


class CallControl(Protocol):
    """The calls of one resource. `name` comes back with the news of what it was given to.

    A `key` makes an action one in effect, however often it is asked for. Every method raises Gone when there
    is no such call (any more), NotDeliverable when the provider refuses, and Unavailable.
    """

    async def answer(self, incoming: str, hearing: Hearing, key: str) -> str:
        """Take an incoming call; give its id."""

    async def refuse(self, incoming: str, key: str) -> None:
        """Let an incoming call hear that we are busy."""

    async def dial(self, target: str, ours: str, hearing: Hearing, key: str) -> str:
        """Call somebody from a number of ours; give the call's id."""

    async def play(self, call: str, sounds: Sequence[Sound], name: str) -> None:
        """Play sounds to all, one after the other."""

    async def repeat(self, call: str, listener: str, sound: Sound, name: str) -> None:
        """Play a sound to one of them, again and again until `hush`."""

    async def hush(self, call: str) -> None:
        """End all that is played, and all listening; nothing is well."""

    async def ask(self, call: str, caller: str, question: Question, name: str) -> None:
        """Play a prompt, and listen to the caller."""

    async def record(self, call: str, key: str) -> str:
        """Begin to record; give the recording's id."""

    async def stop_recording(self, recording: str) -> None:
        """End a recording; one that is over is well."""

    async def transcribe(self, call: str, language: str, name: str) -> None:
        """Begin to send the transcript to where `Hearing` told."""

    async def add(self, call: str, target: str, ours: str, seconds: int, name: str, key: str) -> None:
        """Ring somebody (E.164 or `teams:`), at most so long, and let them join."""

    async def people(self, call: str) -> frozenset[str]:
        """List who is in a call: numbers in E.164, `teams:` and a user's id, or the provider's own ids."""

    async def hang_up(self, call: str, key: str) -> None:
        """End a call for everybody; one that is over is well."""


Calling = Callable[[CallResource], CallControl]
