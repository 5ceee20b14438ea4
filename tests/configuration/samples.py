"""A small whole configuration, to be broken in one place by each test."""

from copy import deepcopy
from typing import Any

import yaml

TWILIO_TOKEN = "twilio-token-0123456789"
WHOLE: dict[str, Any] = {
    "entitlements": ["digital-messaging"],
    "accounts": [
        {
            "id": "sms-twilio",
            "channel": "sms",
            "provider": "twilio",
            "workstream": "service",
            "settings": {
                "accountSid": "AC" + "0" * 32,
                "authToken": TWILIO_TOKEN,
                "sender": "+358454900000",
            },
        },
        {
            "id": "facebook-meta",
            "channel": "facebook",
            "provider": "meta",
            "workstream": "service",
            "settings": {
                "pageId": "1001",
                "appSecret": {"secret": "meta-app-secret"},
                "verifyToken": {"secret": "meta-verify-token"},
                "pageToken": {"secret": "meta-page-token"},
            },
        },
    ],
    "rules": [
        {"name": "buyers", "when": {"field": "message.text", "contains": "osta"}, "workstream": "sales"},
        {"name": "others", "when": {"field": "channel", "equals": "sms"}, "workstream": "service"},
    ],
    "workstreams": [
        {
            "id": "service",
            "agentQueue": "service",
            "rules": [
                {"name": "gold", "when": {"field": "linked.tier", "equals": "gold"}, "agentQueue": "gold"}
            ],
        },
        {"id": "sales", "agentQueue": "service"},
    ],
    "agentQueues": [{"id": "service", "hours": "office"}, {"id": "gold"}],
    "operatingHours": [
        {
            "id": "office",
            "timezone": "Europe/Helsinki",
            "open": [{"days": ["mon"], "from": "08:00", "until": "16:00"}],
        }
    ],
    "records": [{"entity": "contact", "id": "c-1", "name": "Anna", "phones": ["040 123 4567"]}],
}
GONE = object()


def changed(*changes: tuple[str, Any]) -> dict[str, Any]:
    """Change the whole configuration at paths such as `accounts.0.workstream`; GONE takes a part away."""
    whole = deepcopy(WHOLE)
    for path, value in changes:
        *way, last = path.split(".")
        part: Any = whole
        for step in way:
            part = part[int(step)] if isinstance(part, list) else part[step]
        if isinstance(part, list):
            part.append(value) if last == "+" else part.__setitem__(int(last), value)
        elif value is GONE:
            del part[last]
        else:
            part[last] = value
    return whole


def text(*changes: tuple[str, Any]) -> str:
    return yaml.safe_dump(changed(*changes), sort_keys=False, allow_unicode=True)
