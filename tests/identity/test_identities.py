"""Identities: learned from what comes in, changed only when something is new, never lost to a race."""

import asyncio
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from functions.cloud.tables import AzureTable
from functions.errors import Invalid, NotFound
from functions.identity.identities import Identities
from functions.message import Address, EntityRef, Inbound, Kind
from tests.identity.conftest import NOW
from tests.identity.counting import Counting

ANNA = EntityRef(entity="contact", id="c-1", name="Anna")


def item(**values: Any) -> Inbound:
    sender = Address(
        id="u1", **{k: values.pop(k) for k in ("name", "phone", "email", "locale") if k in values}
    )
    defaults: dict[str, Any] = {
        "channel": "sms",
        "provider": "twilio",
        "account": "sms-twilio",
        "thread": "u1",
        "event": "e1",
        "kind": Kind.MESSAGE,
        "received_at": NOW,
    }
    return Inbound(sender=sender, **defaults | values)


async def test_nobody_is_known_at_first(identities: Identities) -> None:
    assert await identities.get("sms", "sms-twilio", "u1") is None


async def test_the_first_item_makes_the_identity(identities: Identities) -> None:
    seen = await identities.observe(item(name="Anna", phone="+358 40 123 4567", locale="fi"))
    assert (seen.name, seen.phone, seen.locale, seen.created_at) == ("Anna", "+358401234567", "fi", NOW)
    assert await identities.get("sms", "sms-twilio", "u1") == seen
    assert await identities.get("sms", "other", "u1") is None


async def test_what_is_left_out_stays_and_what_is_new_replaces(identities: Identities) -> None:
    await identities.observe(item(name="Anna", email="anna@example.com"))
    seen = await identities.observe(item(name="Anna K"))
    assert (seen.name, seen.email) == ("Anna K", "anna@example.com")


async def test_a_known_sender_costs_one_read_and_no_write(
    table: AzureTable, clock: Callable[[], datetime]
) -> None:
    counting = Counting(table)
    identities = Identities(counting, clock)
    await identities.observe(item(name="Anna"))
    reads, commits = counting.reads, counting.commits
    await identities.observe(item(name="Anna", event="e2"))
    assert (counting.reads - reads, counting.commits - commits) == (1, 0)


async def test_a_phone_without_country_is_kept_as_it_is(identities: Identities) -> None:
    assert (await identities.observe(item(phone="MyBank"))).phone == "MyBank"


async def test_very_long_names_are_cut(identities: Identities) -> None:
    assert len((await identities.observe(item(name="ä" * 100_000))).name) == 500


async def test_opting_out_and_in(identities: Identities) -> None:
    out = await identities.observe(item(kind=Kind.OPT_OUT, sent_at=NOW))
    assert out.opted_out_at == NOW
    back = await identities.observe(item(kind=Kind.OPT_IN, sent_at=NOW + timedelta(minutes=1)))
    assert back.opted_out_at is None


async def test_an_old_opt_out_that_comes_again_does_not_undo_an_opt_in(identities: Identities) -> None:
    await identities.observe(item(kind=Kind.OPT_IN, sent_at=NOW + timedelta(minutes=1)))
    late = await identities.observe(item(kind=Kind.OPT_OUT, sent_at=NOW))
    assert late.opted_out_at is None


async def test_a_link_by_hand_is_remembered_and_forgotten(identities: Identities) -> None:
    await identities.observe(item(name="Anna"))
    await identities.link("sms", "sms-twilio", "u1", ANNA)
    assert (await identities.observe(item(name="Anna K"))).linked == ANNA
    assert (await identities.unlink("sms", "sms-twilio", "u1")).linked is None


async def test_only_contacts_and_accounts_are_customers(identities: Identities) -> None:
    await identities.observe(item())
    with pytest.raises(Invalid):
        await identities.link("sms", "sms-twilio", "u1", EntityRef(entity="incident", id="1"))


async def test_who_was_never_seen_cannot_be_linked(identities: Identities) -> None:
    with pytest.raises(NotFound):
        await identities.link("sms", "sms-twilio", "u1", ANNA)


async def test_changes_at_the_same_time_all_stay(identities: Identities) -> None:
    await asyncio.gather(
        *(
            identities.observe(item(**news))
            for news in ({"name": "Anna"}, {"email": "a@b.fi"}, {"locale": "fi"})
        )
    )
    seen = await identities.get("sms", "sms-twilio", "u1")
    assert seen is not None
    assert (seen.name, seen.email, seen.locale) == ("Anna", "a@b.fi", "fi")


async def test_a_time_with_another_offset_compares_rightly(identities: Identities) -> None:
    await identities.observe(item(kind=Kind.OPT_OUT, received_at=datetime(2026, 8, 1, 12, tzinfo=UTC)))
    again = await identities.observe(
        item(kind=Kind.OPT_IN, received_at=datetime.fromisoformat("2026-08-01T13:00:00+03:00"))
    )
    assert again.opted_out_at is not None  # 13:00 in Helsinki is 10:00 in UTC: older
