"""The `$management` node of a queue: what is not sending, receiving and settling.

Follows https://learn.microsoft.com/azure/service-bus-messaging/service-bus-amqp-request-response.
"""

import uuid
from collections.abc import Callable, Mapping
from typing import Any

from proton import Array, Data, ProtonException, int32, timestamp
from proton import Message as AmqpMessage

from local.servicebus import codec
from local.servicebus.model import (
    MESSAGE_LOCK_LOST,
    MESSAGE_NOT_FOUND,
    NOT_FOUND,
    SESSION_LOCK_LOST,
    SESSION_TAKEN,
    TIMEOUT,
    Draft,
    Outcome,
    Refused,
    Verdict,
)
from local.servicebus.outlet import scalars
from local.servicebus.queue import Queue
from local.servicebus.requests import Answer, Reply
from local.servicebus.sessions import SessionQueue
from local.servicebus.store import Store

PREFIX = "com.microsoft:"
BAD_REQUEST = "com.microsoft:argument-error"
PEEK_LIMIT = 250
_STATUS = {MESSAGE_LOCK_LOST: 410, SESSION_LOCK_LOST: 410, SESSION_TAKEN: 410, TIMEOUT: 408}
_STATUS |= {MESSAGE_NOT_FOUND: 404, NOT_FOUND: 404}
_OUTCOMES = {
    "completed": Outcome.COMPLETE,
    "abandoned": Outcome.ABANDON,
    "defered": Outcome.DEFER,
    "suspended": Outcome.DEAD_LETTER,
}
Body = Mapping[str, Any]


class Management:
    """The operations on one queue, for one connection."""

    def __init__(self, owner: object, queue: Queue, store: Store) -> None:
        self._owner = owner
        self._queue = queue
        self._store = store
        self._operations: dict[str, Callable[[Body, Answer], None]] = {
            "renew-lock": self._renew_lock,
            "renew-session-lock": self._renew_session_lock,
            "schedule-message": self._schedule,
            "cancel-scheduled-message": self._cancel,
            "peek-message": self._peek,
            "receive-by-sequence-number": self._receive_deferred,
            "update-disposition": self._settle,
            "get-session-state": self._get_state,
            "set-session-state": self._set_state,
        }

    def handle(self, request: AmqpMessage, answer: Answer) -> None:
        """Answer a request, now or after a commit."""
        properties: Any = request.properties or {}
        body: Any = request.body
        name = str(properties.get("operation", "")).removeprefix(PREFIX)
        operation = self._operations.get(name)
        if operation is None:
            answer(_failed(Refused("amqp:not-implemented", "The operation is not known."), 501))
            return
        try:
            operation(body, answer)
        except Refused as no:
            answer(_failed(no, _STATUS.get(no.condition, 400)))
        except (KeyError, ValueError, TypeError, AttributeError, IndexError, ProtonException):
            answer(_failed(Refused(BAD_REQUEST, "The request cannot be understood."), 400))

    def _renew_lock(self, body: Body, answer: Answer) -> None:
        ends = self._queue.renew([_token(one) for one in body["lock-tokens"]])
        times = codec.array(Data.TIMESTAMP, map(timestamp, ends))
        answer(_done({"expirations": times}))

    def _renew_session_lock(self, body: Body, answer: Answer) -> None:
        end = self._sessions().renew_session(body["session-id"], self._owner)
        answer(_done({"expiration": timestamp(end)}))

    def _schedule(self, body: Body, answer: Answer) -> None:
        drafts: list[Draft] = [codec.draft(bytes(one["message"])) for one in body["messages"]]
        seqs: list[int] = []
        seqs += self._queue.send(drafts, lambda: answer(_done({"sequence-numbers": _longs(seqs)})))

    def _cancel(self, body: Body, answer: Answer) -> None:
        self._queue.cancel([int(seq) for seq in body["sequence-numbers"]], lambda: answer(_done()))

    def _peek(self, body: Body, answer: Answer) -> None:
        count = min(int(body.get("message-count") or 1), PEEK_LIMIT)
        found = self._queue.peek(int(body["from-sequence-number"]), count, body.get("session-id"))
        messages = [{"message": codec.delivered(message, payload, None)} for message, payload in found]
        answer(_done({"messages": messages}) if messages else _done(status=204))

    def _receive_deferred(self, body: Body, answer: Answer) -> None:
        keep = int(body.get("receiver-settle-mode") or 0) == 0
        found = self._queue.fetch([int(seq) for seq in body["sequence-numbers"]], keep)
        messages = [
            {
                "lock-token": lock.token if lock else uuid.UUID(int=0),
                "message": codec.delivered(one, data, lock),
            }
            for one, data, lock in found
        ]
        self._store.after(lambda: answer(_done({"messages": messages})))

    def _settle(self, body: Body, answer: Answer) -> None:
        outcome = _OUTCOMES[str(body["disposition-status"])]
        changes = dict(scalars(body.get("properties-to-modify")))
        if outcome is Outcome.DEAD_LETTER:
            given = (
                ("DeadLetterReason", "deadletter-reason"),
                (
                    "DeadLetterErrorDescription",
                    "deadletter-description",
                ),
            )
            changes |= {name: str(body[field]) for name, field in given if body.get(field) is not None}
        for one in body["lock-tokens"]:
            self._queue.settle(_token(one), Verdict(outcome, changes), lambda: None)
        self._store.after(lambda: answer(_done()))

    def _get_state(self, body: Body, answer: Answer) -> None:
        state = self._sessions().get_state(body["session-id"], self._owner)
        answer(_done({"session-state": state}))

    def _set_state(self, body: Body, answer: Answer) -> None:
        given = body.get("session-state")
        state = None if given is None else bytes(given)
        self._sessions().set_state(body["session-id"], self._owner, state, lambda: answer(_done()))

    def _sessions(self) -> SessionQueue:
        if not isinstance(self._queue, SessionQueue):
            raise Refused("amqp:not-allowed", "The queue has no sessions.")
        return self._queue


def _token(value: Any) -> uuid.UUID:
    return value if isinstance(value, uuid.UUID) else uuid.UUID(bytes=bytes(value))


def _longs(seqs: list[int]) -> Array:
    return codec.array(Data.LONG, seqs)


def _done(body: Any = None, status: int = 200) -> Reply:
    told = {200: "OK", 204: "No Content"}[status]
    return Reply({"statusCode": int32(status), "statusDescription": told}, body or {})


def _failed(why: Refused, status: int) -> Reply:
    properties = {
        "statusCode": int32(status),
        "statusDescription": why.description,
        "errorCondition": why.condition,
    }
    return Reply(properties, {})
