"""Service Bus messages in the form in which version 5 of the extension hands them to a worker.

https://learn.microsoft.com/azure/azure-functions/functions-bindings-service-bus-trigger (message metadata).
A string travels as `string`, an array of strings as `collection_string`, null not at all, the rest as JSON.
"""

import json
from collections.abc import Sequence
from datetime import UTC, datetime
from types import SimpleNamespace
from typing import Any

from azure.functions.meta import Datum
from azure.servicebus import ServiceBusReceivedMessage

# .NET's last moment: what a message without a time to live expires at.
NEVER = "9999-12-31T23:59:59.9999999"


class _Moment(str):
    """A .NET time: it is no string to the extension, so it travels as JSON."""

    __slots__ = ()


def encode_one(message: ServiceBusReceivedMessage, binary: bool) -> tuple[Datum, dict[str, Datum]]:
    """Give one message as the trigger's data and metadata; a body that is not binary is read as UTF-8."""
    body = body_of(message)
    data = Datum(body, "bytes") if binary else Datum(body.decode("utf-8", "replace"), "string")
    return data, {name: _datum(value) for name, value in properties(message).items() if value is not None}


def encode_many(
    messages: Sequence[ServiceBusReceivedMessage], binary: bool
) -> tuple[Datum, dict[str, Datum]]:
    """Give a batch as data and metadata: each property an array, its name ending in `Array`.

    As in the real host, empty strings are left out of arrays of strings, and empty bodies of the data:
    a function that reads batches must not count on optional properties, and must not get empty bodies.
    """
    bodies = [body for body in map(body_of, messages) if body]
    if binary:
        data = Datum(SimpleNamespace(bytes=bodies), "collection_bytes")
    else:
        texts = [body.decode("utf-8", "replace") for body in bodies]
        data = Datum(SimpleNamespace(string=texts), "collection_string")
    rows = [properties(message) for message in messages]
    return data, {f"{name}Array": _array([row[name] for row in rows]) for name in rows[0]}


def properties(message: ServiceBusReceivedMessage) -> dict[str, Any]:
    """List the metadata of a message by the extension's names; None is what the message does not have."""
    application = application_properties(message)
    enqueued, expires = message.enqueued_time_utc, message.expires_at_utc
    return {
        # AMQP counts earlier deliveries, .NET this one too.
        "DeliveryCount": (message.delivery_count or 0) + 1,
        "DeadLetterSource": message.dead_letter_source,
        "LockToken": str(message.lock_token),
        "ExpiresAtUtc": _Moment(f"{NEVER}Z") if expires is None else _time(expires, "Z"),
        "ExpiresAt": _Moment(f"{NEVER}+00:00") if expires is None else _time(expires, "+00:00"),
        "EnqueuedTimeUtc": enqueued and _time(enqueued, "Z"),
        "EnqueuedTime": enqueued and _time(enqueued, "+00:00"),
        "MessageId": message.message_id,
        "ContentType": message.content_type,
        "ReplyTo": message.reply_to,
        "SequenceNumber": message.sequence_number,
        "To": message.to,
        "Subject": message.subject,
        "Label": message.subject,
        "CorrelationId": message.correlation_id,
        "ApplicationProperties": application,
        "UserProperties": application,
        "SessionId": message.session_id,
        "ReplyToSessionId": message.reply_to_session_id,
        "PartitionKey": message.partition_key,
        "TransactionPartitionKey": None,
    }


def application_properties(message: ServiceBusReceivedMessage) -> dict[str, Any]:
    """List the application properties, as JSON can hold them."""
    return {_plain(name): _plain(value) for name, value in (message.application_properties or {}).items()}


def body_of(message: ServiceBusReceivedMessage) -> bytes:
    """Join the sections of a message's body; raises TypeError for an AMQP value or sequence body."""
    body = message.body
    return body if isinstance(body, bytes) else b"".join(body)


def _datum(value: Any) -> Datum:
    return Datum(value, "string") if type(value) is str else Datum(json.dumps(value), "json")


def _array(values: Sequence[Any]) -> Datum:
    if all(value is None or type(value) is str for value in values):
        return Datum(SimpleNamespace(string=[value for value in values if value]), "collection_string")
    return Datum(json.dumps(values), "json")


def _time(moment: datetime, zone: str) -> _Moment:
    utc = moment.astimezone(UTC) if moment.tzinfo else moment
    return _Moment(utc.strftime("%Y-%m-%dT%H:%M:%S.%f") + zone)


def _plain(value: Any) -> Any:
    # The SDK gives AMQP strings as bytes, as it does AMQP binaries; .NET keys and most values are strings.
    match value:
        case bytes():
            return value.decode("utf-8", "replace")
        case datetime():
            return _time(value, "Z")
        case None | bool() | int() | float() | str():
            return value
        case _:
            return str(value)
