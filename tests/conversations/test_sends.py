"""Statuses that name the message only: the send index finds whose it was."""

from datetime import UTC, datetime
from uuid import uuid4

import pytest

from functions.cloud.tables import open_tables
from functions.conversations.sends import Sends
from functions.errors import Unavailable
from functions.message import Address, Delivery, Inbound, Kind, Outbound, Receipt
from local.azurite import Azurite

NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)


def status(message: str, thread: str = "", kind: Kind = Kind.RECEIPT) -> Inbound:
    return Inbound(
        channel="sms",
        provider="telesign",
        account="texts",
        thread=thread,
        event=message,
        kind=kind,
        sender=Address(id=""),
        receipt=Receipt(state=Delivery.DELIVERED, message=message),
        received_at=NOW,
    )


def reply() -> Outbound:
    return Outbound(
        id="m",
        conversation="c",
        channel="sms",
        provider="telesign",
        account="texts",
        thread="+358401234567",
        recipient="+358401234567",
        created_at=NOW,
    )


async def test_a_status_finds_its_thread_once_the_send_is_known(azurite: Azurite) -> None:
    tables = open_tables(azurite.connection_string)
    sends = Sends(tables.table(f"sends{uuid4().hex[:8]}"))
    with pytest.raises(Unavailable):
        await sends.located(status("R1"))
    await sends.remember(reply(), ["R1", "R2"])
    for message in ("R1", "R2"):
        assert (await sends.located(status(message))).thread == "+358401234567"
    with pytest.raises(Unavailable):
        await sends.located(status("R3"))
    named = status("R9", thread="+358409999999")
    assert await sends.located(named) is named
    await tables.close()


def test_statuses_without_a_thread_share_no_session() -> None:
    assert status("R1").session != status("R2").session
    assert status("R1", thread="t").session == status("R2", thread="t").session
