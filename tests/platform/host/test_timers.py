"""Timers keep NCRONTAB time."""

from datetime import UTC, datetime
from itertools import pairwise

import pytest

from local.host.timers import occurrence
from tests.platform.host.conftest import Running
from tests.waiting import eventually


async def test_a_timer_runs_at_the_start_and_then_on_time(host: Running) -> None:
    async def four() -> bool:
        return len(await host.seen("tick")) >= 4

    await eventually(four)
    times = [run["at"] for run in await host.seen("tick")]
    assert all(at % 1 < 0.3 for at in times[1:4])
    assert all(0.5 < later - earlier < 1.5 for earlier, later in pairwise(times[1:4]))


async def test_without_run_on_startup_it_waits_for_its_time(host: Running) -> None:
    assert await host.seen("yearly") == []


@pytest.mark.parametrize(
    ("schedule", "expected"),
    [
        ("0 */5 * * * *", datetime(2026, 3, 1, 10, 5, tzinfo=UTC)),
        ("30 2 10 * * *", datetime(2026, 3, 1, 10, 2, 30, tzinfo=UTC)),
        ("0 0 9 * * 1-5", datetime(2026, 3, 2, 9, tzinfo=UTC)),
        ("*/15 * * * *", datetime(2026, 3, 1, 10, 15, tzinfo=UTC)),
    ],
)
def test_schedules(schedule: str, expected: datetime) -> None:
    assert occurrence(schedule, datetime(2026, 3, 1, 10, 1, tzinfo=UTC)) == expected
