"""pywa as an oracle: its client, with a transport that only records."""

import json
from typing import Any

import httpx
from pywa.client import WhatsApp


def pywa_client(number: str, token: str) -> tuple[WhatsApp, list[tuple[str, dict[str, str], Any]]]:
    """Give pywa's client, and the address, headers and content of what it sends."""
    sent: list[tuple[str, dict[str, str], Any]] = []

    def answer(request: httpx.Request) -> httpx.Response:
        sent.append((str(request.url), dict(request.headers), json.loads(request.content)))
        contact = {"input": "358401234567", "wa_id": "358401234567", "user_id": "FI.1"}
        return httpx.Response(200, json={"messages": [{"id": "wamid.1"}], "contacts": [contact]})

    session = httpx.Client(transport=httpx.MockTransport(answer))
    return WhatsApp(phone_id=number, token=token, session=session, api_version=25.0), sent
