"""Merging: two identities are one customer, in both directions, until they are parted; each step is told."""

from collections.abc import Callable
from datetime import datetime

import pytest

from functions.cloud.tables import AzureTable
from functions.configuration.document import Record
from functions.erasure.persons import forget_person
from functions.errors import Conflict, Invalid, NotFound, Unavailable
from functions.identity.identities import Identities
from functions.identity.matching import match
from functions.identity.merging import Did, Merger, Who
from functions.identity.ranks import USUAL, Clues
from functions.identity.records import Records
from functions.message import Address, EntityRef, Inbound, Kind
from tests.identity.conftest import NOW
from tests.identity.counting import Counting

PHONE = "+358401234567"
ANNA = Record(entity="contact", id="c-1", name="Anna", phones=(PHONE,))
REF = EntityRef(entity="contact", id="c-1", name="Anna")
SMS = Who(channel="sms", account="sms-twilio", id=PHONE)
LINE = Who(channel="line", account="line-line", id="U1")
FACEBOOK = Who(channel="facebook", account="facebook-meta", id="F1")


@pytest.fixture
def merger(identities: Identities, clock: Callable[[], datetime]) -> Merger:
    return Merger(identities, clock)


async def writes(identities: Identities, who: Who, **told: str) -> None:
    """The customer writes from there."""
    sender = Address(id=who.id, **told)
    item = Inbound(
        channel=who.channel,
        provider="p",
        account=who.account,
        thread=who.id,
        event="e",
        kind=Kind.MESSAGE,
        sender=sender,
        received_at=NOW,
    )
    await identities.observe(item)


@pytest.fixture
async def met(identities: Identities) -> Identities:
    await writes(identities, SMS, phone=PHONE)
    await writes(identities, LINE, name="Anna on LINE")
    await writes(identities, FACEBOOK)
    return identities


async def links(identities: Identities, records: Records, who: Who) -> list[str]:
    """Whom the next conversation of this identity is linked to."""
    seen = await identities.seen(who.channel, who.account, who.id)
    found = await match(Clues(await identities.person(seen), {}), records, USUAL)
    return [link.id for link in found.links]


async def test_what_one_is_recognised_by_the_other_is_too(
    met: Identities, merger: Merger, records: Records
) -> None:
    await records.put(ANNA)
    assert await links(met, records, LINE) == []
    primary = await merger.merge(LINE, SMS, "mia")
    assert [one.id for one in primary.aliases] == [PHONE]
    assert await links(met, records, LINE) == ["c-1"]
    assert await links(met, records, SMS) == ["c-1"]
    await merger.unmerge(LINE, SMS, "mia")
    assert await links(met, records, LINE) == []
    assert await links(met, records, SMS) == ["c-1"]


@pytest.mark.parametrize("by", [SMS, LINE])
@pytest.mark.parametrize("reads", [SMS, LINE])
async def test_a_link_by_hand_is_that_of_both(
    met: Identities, merger: Merger, records: Records, by: Who, reads: Who
) -> None:
    await merger.merge(SMS, LINE, "mia")
    await met.link(by.channel, by.account, by.id, REF)
    assert await links(met, records, reads) == ["c-1"]
    await met.unlink(reads.channel, reads.account, reads.id)
    assert await links(met, records, by) == []


async def test_unmerging_restores_what_each_was(met: Identities, merger: Merger) -> None:
    await met.link(LINE.channel, LINE.account, LINE.id, REF)
    before = [await met.seen(one.channel, one.account, one.id) for one in (SMS, LINE)]
    await merger.merge(SMS, LINE, "mia")
    await merger.unmerge(SMS, LINE, "mia")
    assert [await met.seen(one.channel, one.account, one.id) for one in (SMS, LINE)] == before


async def test_a_link_that_an_alias_brought_is_that_of_both_and_stays_its_own(
    met: Identities, merger: Merger, records: Records
) -> None:
    await met.link(LINE.channel, LINE.account, LINE.id, REF)
    await merger.merge(SMS, LINE, "mia")
    assert await links(met, records, SMS) == ["c-1"]
    await merger.unmerge(LINE, SMS, "mia")
    assert await links(met, records, SMS) == []
    assert await links(met, records, LINE) == ["c-1"]


async def test_what_an_alias_learns_later_its_primary_learns_too(
    met: Identities, merger: Merger, records: Records
) -> None:
    await records.put(ANNA)
    await merger.merge(FACEBOOK, LINE, "mia")
    await writes(met, LINE, phone=PHONE)
    assert await links(met, records, FACEBOOK) == ["c-1"]


async def test_who_is_merged_is_told_with_time_and_agent_on_both_sides(
    met: Identities, merger: Merger
) -> None:
    await merger.merge(SMS, LINE, "mia")
    await merger.merge(SMS, LINE, "again")
    await merger.unmerge(SMS, LINE, "kai")
    for who in (SMS, LINE):
        history = await merger.history(await met.seen(who.channel, who.account, who.id))
        assert {(one.did, one.by, one.at) for one in history} == {
            (Did.MERGED, "mia", NOW),
            (Did.UNMERGED, "kai", NOW),
        }
        assert {(one.primary, one.alias) for one in history} == {(SMS, LINE)}
        assert len(history) == 2


async def test_what_cannot_be_merged_is_refused(met: Identities, merger: Merger) -> None:
    with pytest.raises(Invalid):
        await merger.merge(SMS, SMS, "mia")
    with pytest.raises(NotFound):
        await merger.merge(SMS, Who(channel="line", account="line-line", id="never seen"), "mia")
    with pytest.raises(NotFound):
        await merger.unmerge(SMS, LINE, "mia")
    await merger.merge(SMS, LINE, "mia")
    with pytest.raises(Conflict, match="aliases of its own"):
        await merger.merge(FACEBOOK, SMS, "mia")
    with pytest.raises(Conflict, match="already"):
        await merger.merge(FACEBOOK, LINE, "mia")
    with pytest.raises(Conflict):
        await merger.merge(LINE, SMS, "mia")


async def test_merging_with_an_alias_is_merging_with_its_primary(met: Identities, merger: Merger) -> None:
    await merger.merge(SMS, LINE, "mia")
    primary = await merger.merge(LINE, FACEBOOK, "mia")
    assert (primary.id, [one.id for one in primary.aliases]) == (PHONE, ["U1", "F1"])


async def test_at_most_twenty(met: Identities, merger: Merger) -> None:
    for number in range(21):
        other = Who(channel="line", account="line-line", id=f"X{number}")
        await writes(met, other)
        if number < 20:
            await merger.merge(SMS, other, "mia")
    with pytest.raises(Conflict, match="20"):
        await merger.merge(SMS, other, "mia")


@pytest.mark.parametrize("commits", range(3))
@pytest.mark.parametrize("undo", [False, True])
async def test_after_a_crash_the_same_call_does_the_rest(
    table: AzureTable, clock: Callable[[], datetime], commits: int, undo: bool
) -> None:
    whole = Identities(table, clock)
    for who in (SMS, LINE):
        await writes(whole, who)
    if undo:
        await Merger(whole, clock).merge(SMS, LINE, "mia")
    crashing = Merger(Identities(Counting(table, commits_left=commits), clock), clock)
    for merger in (crashing, Merger(whole, clock)):
        try:
            await (merger.unmerge if undo else merger.merge)(SMS, LINE, "mia")
        except (Unavailable, NotFound):
            assert merger is crashing or commits == 2
    primary = await whole.seen(SMS.channel, SMS.account, SMS.id)
    alias = await whole.seen(LINE.channel, LINE.account, LINE.id)
    assert ([one.id for one in primary.aliases], alias.merged_into and alias.merged_into.id) == (
        ([], None) if undo else (["U1"], PHONE)
    )


async def test_a_record_that_is_gone_is_forgotten_by_all_who_remember_it(
    met: Identities, merger: Merger, records: Records
) -> None:
    other = EntityRef(entity="contact", id="c-9")
    await merger.merge(SMS, LINE, "mia")
    await met.link(LINE.channel, LINE.account, LINE.id, REF)
    await met.link(FACEBOOK.channel, FACEBOOK.account, FACEBOOK.id, REF)
    await met.link(FACEBOOK.channel, FACEBOOK.account, FACEBOOK.id, other)
    await met.forget("contact", "c-1")
    await met.forget("contact", "c-1")
    assert [await links(met, records, who) for who in (SMS, LINE, FACEBOOK)] == [[], [], ["c-9"]]


async def test_a_record_is_forgotten_although_one_who_remembered_it_was_erased(
    met: Identities, records: Records
) -> None:
    for who in (SMS, FACEBOOK):
        await met.link(who.channel, who.account, who.id, REF)
    await met.unlink(SMS.channel, SMS.account, SMS.id)  # the hint stays
    await forget_person(lambda _: met._table, met, records, SMS)
    await met.forget("contact", "c-1")
    assert await links(met, records, FACEBOOK) == []
