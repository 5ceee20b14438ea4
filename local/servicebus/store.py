"""The messages on disk: one SQLite file, write-ahead log, every commit synced before it is told of.

Writes are collected by the event loop and committed together by a writer (`commit`, in a thread of its
own), so that senders who come at the same moment share one sync. What was not committed was not
acknowledged.
"""

import json
import sqlite3
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from local.servicebus.model import Done, Message, State

_SCHEMA = """
CREATE TABLE IF NOT EXISTS message (
    seq INTEGER PRIMARY KEY, queue TEXT NOT NULL, session TEXT, message_id TEXT NOT NULL,
    state INTEGER NOT NULL, enqueued_at INTEGER NOT NULL, due_at INTEGER NOT NULL,
    expires_at INTEGER NOT NULL, first_seq INTEGER NOT NULL, deliveries INTEGER NOT NULL,
    source TEXT NOT NULL, extra TEXT NOT NULL, payload BLOB NOT NULL) STRICT;
CREATE TABLE IF NOT EXISTS session (
    queue TEXT, session TEXT, state BLOB NOT NULL, PRIMARY KEY (queue, session)) STRICT, WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS seen (
    number INTEGER PRIMARY KEY, queue TEXT NOT NULL, message_id TEXT NOT NULL, until INTEGER NOT NULL) STRICT;
CREATE TABLE IF NOT EXISTS counter (name TEXT PRIMARY KEY, value INTEGER NOT NULL) STRICT, WITHOUT ROWID;
"""
_COLUMNS = (
    "seq, queue, session, message_id, state, enqueued_at, due_at, expires_at, first_seq, deliveries,"
    " source, extra"
)
_INSERT = f"INSERT INTO message ({_COLUMNS}, payload) VALUES ({', '.join('?' * 13)})"  # noqa: S608
_UPDATE = (
    "UPDATE message SET seq=?, queue=?, state=?, enqueued_at=?, due_at=?, expires_at=?, deliveries=?,"
    " source=?, extra=? WHERE seq=?"
)
_KEEP_COUNT = "INSERT OR REPLACE INTO counter VALUES ('seq', ?)"

Write = tuple[str, tuple[object, ...]]


@dataclass(slots=True)
class Batch:
    """Writes that are committed together, and what to do once they are."""

    writes: list[Write] = field(default_factory=list)
    done: list[Done] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Seen:
    """A message id that a queue has taken: until when it is remembered."""

    number: int
    queue: str
    message_id: str
    until: int


class Store:
    """The file. All but `commit` is called on the event loop's thread."""

    def __init__(self, path: Path) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        self._writer = _open(path)
        self._writer.executescript(_SCHEMA)
        self._reader = _open(path)
        self._batch = Batch()
        self._seen = self._reader.execute("SELECT coalesce(max(number), 0) FROM seen").fetchone()[0]
        self._seq: int = self._reader.execute("SELECT coalesce(max(value), 0) FROM counter").fetchone()[0]

    def next_seq(self) -> int:
        """Give the next sequence number; none is given twice, whatever was deleted."""
        self._seq += 1
        return self._seq

    def insert(self, message: Message, payload: bytes) -> None:
        """Add a message."""
        values = (
            *(message.seq, message.queue, message.session, message.message_id, int(message.state)),
            *(message.enqueued_at, message.due_at, message.expires_at, message.first_seq),
            *(message.deliveries, message.source, json.dumps(message.extra), payload),
        )
        self._batch.writes.append((_INSERT, values))

    def update(self, message: Message, old_seq: int | None = None) -> None:
        """Write what may change of a message; `old_seq` names it when its number is what changes."""
        values = (
            *(message.seq, message.queue, int(message.state), message.enqueued_at, message.due_at),
            *(message.expires_at, message.deliveries, message.source, json.dumps(message.extra)),
            message.seq if old_seq is None else old_seq,
        )
        self._batch.writes.append((_UPDATE, values))

    def delete(self, seq: int) -> None:
        """Remove a message."""
        self._batch.writes.append(("DELETE FROM message WHERE seq=?", (seq,)))

    def remember(self, queue: str, message_id: str, until: int) -> Seen:
        """Keep a message id, by which the queue tells duplicates."""
        self._seen += 1
        seen = Seen(self._seen, queue, message_id, until)
        self._batch.writes.append(
            ("INSERT INTO seen VALUES (?, ?, ?, ?)", (seen.number, queue, message_id, until))
        )
        return seen

    def forget(self, seen: Seen) -> None:
        """Drop a message id that is too old to matter."""
        self._batch.writes.append(("DELETE FROM seen WHERE number=?", (seen.number,)))

    def set_state(self, queue: str, session: str, state: bytes | None) -> None:
        """Keep a session's state; None clears it."""
        if state is None:
            self._batch.writes.append(("DELETE FROM session WHERE queue=? AND session=?", (queue, session)))
        else:
            self._batch.writes.append(
                ("INSERT OR REPLACE INTO session VALUES (?, ?, ?)", (queue, session, state))
            )

    def get_state(self, queue: str, session: str) -> bytes | None:
        """Give a session's committed state."""
        asked = "SELECT state FROM session WHERE queue=? AND session=?"
        row = self._reader.execute(asked, (queue, session)).fetchone()
        return None if row is None else bytes(row[0])

    def payload(self, seq: int) -> bytes:
        """Give a committed message as its sender encoded it. Raises KeyError when it is gone."""
        row = self._reader.execute("SELECT payload FROM message WHERE seq=?", (seq,)).fetchone()
        if row is None:
            raise KeyError(seq)
        return bytes(row[0])

    def after(self, done: Done) -> None:
        """Call `done` once all that was written before it is committed."""
        self._batch.done.append(done)

    def take(self) -> Batch | None:
        """Hand over what is to be committed next, or None when there is nothing."""
        batch = self._batch
        if not batch.writes and not batch.done:
            return None
        self._batch = Batch()
        if batch.writes:
            batch.writes.append((_KEEP_COUNT, (self._seq,)))
        return batch

    def commit(self, batch: Batch) -> None:
        """Write a batch in one synced transaction. Raises sqlite3.Error, and then nothing was written."""
        if not batch.writes:
            return
        with self._writer:
            self._writer.execute("BEGIN IMMEDIATE")
            for sql, values in batch.writes:
                self._writer.execute(sql, values)

    def messages(self) -> Iterator[Message]:
        """Give all messages, oldest first."""
        for row in self._reader.execute(f"SELECT {_COLUMNS} FROM message ORDER BY seq"):  # noqa: S608
            values = list(row)
            values[4], values[11] = State(values[4]), json.loads(values[11])
            yield Message(*values)

    def seen(self) -> Iterator[Seen]:
        """Give all remembered message ids, oldest first."""
        for row in self._reader.execute("SELECT number, queue, message_id, until FROM seen ORDER BY number"):
            yield Seen(*row)

    def close(self) -> None:
        """Close the file; what was not committed is dropped."""
        self._reader.close()
        self._writer.close()


def _open(path: Path) -> sqlite3.Connection:
    connection = sqlite3.connect(path, isolation_level=None, check_same_thread=False, cached_statements=64)
    connection.execute("PRAGMA journal_mode=WAL")
    connection.execute("PRAGMA synchronous=FULL")
    connection.execute("PRAGMA busy_timeout=10000")
    return connection
