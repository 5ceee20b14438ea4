"""Messages as Service Bus envelopes: JSON body, CloudEvents 1.0 attributes, deterministic ids.

https://github.com/cloudevents/spec/blob/v1.0.2/cloudevents/bindings/amqp-protocol-binding.md (binary mode)
"""

import re

from functions.message import QUEUE_LIMIT, Inbound, Outbound
from functions.ports import Envelope

TEXT_LIMIT = 20_000  # characters kept of a text that no channel could have shown; JSON may make six of one
TRIMMED = {"trimmed": "the provider's fragment was too large for the queue"}
TRACEPARENT = re.compile(
    r"[0-9a-f]{2}-[0-9a-f]{32}-[0-9a-f]{16}-[0-9a-f]{2}"
)  # W3C; others are not passed on


def inbound_envelope(item: Inbound, traceparent: str = "") -> Envelope:
    """Wrap an inbound item for `inbound-<channel>`; what is too large for the queue is trimmed."""
    return Envelope(
        id=item.id,
        body=_bounded(item),
        session=item.session,
        properties=_cloud_event(
            item.id,
            f"/channels/{item.channel}/{item.account}",
            f"monikanava.inbound.{item.kind}",
            traceparent,
        ),
    )


def outbound_envelope(item: Outbound, traceparent: str = "") -> Envelope:
    """Wrap a reply for `outbound-<channel>`; its id is the stored message's."""
    return Envelope(
        id=item.id,
        body=item.json_text(),
        session=item.session,
        properties=_cloud_event(
            item.id, f"/conversations/{item.conversation}", "monikanava.outbound.message", traceparent
        ),
    )


def _bounded(item: Inbound) -> str:
    body = item.json_text()
    if len(body.encode()) <= QUEUE_LIMIT:
        return body
    without_raw = item.model_copy(update={"raw": None, "context": {**item.context, **TRIMMED}})
    body = without_raw.json_text()
    if len(body.encode()) <= QUEUE_LIMIT:
        return body
    least = {"text": item.text[:TEXT_LIMIT], "payload": "", "attachments": (), "context": TRIMMED}
    return without_raw.model_copy(update=least).json_text()


def _cloud_event(event_id: str, source: str, kind: str, traceparent: str) -> dict[str, str]:
    attributes = {"specversion": "1.0", "id": event_id, "source": source, "type": kind}
    properties = {f"cloudEvents:{name}": value for name, value in attributes.items()}
    return {**properties, "traceparent": traceparent} if TRACEPARENT.fullmatch(traceparent) else properties
