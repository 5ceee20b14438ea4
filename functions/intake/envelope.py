"""Messages as Service Bus envelopes: JSON body, CloudEvents 1.0 attributes, deterministic ids.

https://github.com/cloudevents/spec/blob/v1.0.2/cloudevents/bindings/amqp-protocol-binding.md (binary mode)
"""

from functions.message import QUEUE_LIMIT, Inbound, Outbound
from functions.ports import Envelope
from functions.telemetry import current

TEXT_LIMIT = 20_000  # characters kept of a text that no channel could have shown; JSON may make six of one
TRIMMED = {"trimmed": "the provider's fragment was too large for the queue"}


def inbound_envelope(item: Inbound) -> Envelope:
    """Wrap an inbound item for `inbound-<channel>`, with its trace or the current one.

    What is too large for the queue is trimmed.
    """
    if (traceparent := current()) and not item.traceparent:
        item = item.model_copy(update={"traceparent": traceparent})
    return Envelope(
        id=item.id,
        body=_bounded(item),
        session=item.session,
        properties=_cloud_event(
            item.id,
            f"/channels/{item.channel}/{item.account}",
            f"monikanava.inbound.{item.kind}",
            item.traceparent,
        ),
    )


def outbound_envelope(item: Outbound) -> Envelope:
    """Wrap a reply for `outbound-<channel>`, with its trace or the current one; its id is the message's."""
    if (traceparent := current()) and not item.traceparent:
        item = item.model_copy(update={"traceparent": traceparent})
    return Envelope(
        id=item.id,
        body=item.json_text(),
        session=item.session,
        properties=_cloud_event(
            item.id, f"/conversations/{item.conversation}", "monikanava.outbound.message", item.traceparent
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
    return {**properties, "traceparent": traceparent} if traceparent else properties
