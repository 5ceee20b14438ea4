"""Event Grid's two envelopes, as https://learn.microsoft.com/azure/event-grid/event-schema shows them."""

import json
from typing import Any

TOPIC = "/subscriptions/s/resourcegroups/r/providers/microsoft.communication/communicationservices/acs-1"


def event(kind: str, data: Any, name: str = "ev-1", **more: Any) -> dict[str, Any]:
    """Give an event in Event Grid's own schema."""
    return {
        "id": name,
        "topic": TOPIC,
        "subject": "/phonenumber/15005550006",
        "data": data,
        "eventType": kind,
        "dataVersion": "1.0",
        "metadataVersion": "1",
        "eventTime": "2026-11-22T11:59:58.1921716Z",
        **more,
    }


def cloud(kind: str, data: Any, name: str = "ev-1") -> dict[str, Any]:
    """Give the same as a CloudEvent."""
    time = "2026-11-22T11:59:58.1921716Z"
    return {"specversion": "1.0", "id": name, "source": TOPIC, "type": kind, "time": time, "data": data}


def body(*events: dict[str, Any]) -> bytes:
    return json.dumps(list(events), ensure_ascii=False).encode()
