"""Notes about handshakes in a real table, by a clock that stands until it is moved."""

import socket
import time
from datetime import timedelta

import pytest

from functions.cloud.tables import DEADLINE, AzureTable, open_tables
from functions.errors import Unavailable
from functions.intake.handshakes import Handshakes, HandshakeStatus
from local.azurite import ACCOUNT, KEY
from tests.intake.samples import NOW, Clock


async def test_of_an_account_nobody_wrote_about_nothing_is_known(table: AzureTable, clock: Clock) -> None:
    assert await Handshakes(table, clock).status("quiet") == HandshakeStatus()


async def test_success_is_told_with_its_time_and_each_account_alone(table: AzureTable, clock: Clock) -> None:
    notes = Handshakes(table, clock)
    await notes.succeeded("a")
    clock.now += timedelta(seconds=5)
    await notes.authentic("a")
    assert await notes.status("a") == HandshakeStatus(
        succeeded_at=NOW, authentic_at=NOW + timedelta(seconds=5)
    )
    assert await notes.status("b") == HandshakeStatus()


async def test_authentic_webhooks_are_noted_once_a_minute(table: AzureTable, clock: Clock) -> None:
    notes = Handshakes(table, clock)
    seen = []
    for second in (0, 59, 60, 61):
        clock.now = NOW + timedelta(seconds=second)
        await notes.authentic("a")
        seen.append((await notes.status("a")).authentic_at)
    assert seen == [NOW, NOW, NOW + timedelta(minutes=1), NOW + timedelta(minutes=1)]


@pytest.mark.parametrize("apart", [1, 7, 10, 3600])
async def test_the_last_ten_failures_are_kept_newest_first(
    table: AzureTable, clock: Clock, apart: int
) -> None:
    notes = Handshakes(table, clock)
    for n in range(13):
        clock.now = NOW + timedelta(seconds=n * apart)
        await notes.failed("a", "not-authentic", f"reason {n}")
        await notes.failed("a", "not-authentic", "one more in the same second")
    failures = (await notes.status("a")).failures
    assert [failure.reason for failure in failures] == [f"reason {n}" for n in range(12, 2, -1)]
    assert failures[0].at == clock.now


async def test_without_a_table_noting_is_silent_and_over_soon(clock: Clock) -> None:
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))  # bound, but nobody listens
        where = f"TableEndpoint=http://127.0.0.1:{closed.getsockname()[1]}/{ACCOUNT};"
        tables = open_tables(f"AccountName={ACCOUNT};AccountKey={KEY};{where}")
        notes, began = Handshakes(tables.table("notes"), clock), time.monotonic()
        await notes.failed("a", "not-authentic", "reason")
        await notes.authentic("a")
        assert time.monotonic() - began < 2 * DEADLINE + 1
        with pytest.raises(Unavailable):
            await notes.status("a")
        await tables.close()
