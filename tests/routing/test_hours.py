"""Operating hours: local time with its summer time, ends of days, holidays."""

from datetime import datetime
from typing import Any

import pytest

from functions.configuration.document import OperatingHours
from functions.errors import Invalid
from functions.routing.hours import Hours, flaws, zone


def hours(*openings: dict[str, Any], **more: Any) -> OperatingHours:
    return OperatingHours.model_validate(
        {"id": "office", "timezone": "Europe/Helsinki", "open": openings, **more}
    )


WEEK = {"days": ["mon", "tue", "wed", "thu", "fri"], "from": "08:00", "until": "16:00"}
EVENING = {"days": ["fri"], "from": "20:00", "until": "00:00"}


@pytest.mark.parametrize(
    ("moment", "expected"),
    [
        ("2026-07-31T05:00:00Z", True),  # Friday 08:00 in summer time
        ("2026-07-31T04:59:59Z", False),
        ("2026-07-31T12:59:59Z", True),
        ("2026-07-31T13:00:00Z", False),
        ("2026-01-30T06:00:00Z", True),  # Friday 08:00 in winter time
        ("2026-01-30T05:30:00Z", False),
        ("2026-07-31T20:59:59Z", True),  # Friday 23:59:59
        ("2026-07-31T21:00:00Z", False),  # Saturday 00:00
        ("2026-12-24T10:00:00Z", False),  # a holiday
    ],
)
def test_open(moment: str, expected: bool) -> None:
    compiled = Hours.of(hours(WEEK, EVENING, holidays=["2026-12-24"]))
    assert compiled.facts(datetime.fromisoformat(moment))["time.open"] == str(expected).lower()


def test_without_hours_it_is_always_open_in_utc() -> None:
    assert Hours.of(None).facts(datetime.fromisoformat("2026-08-01T23:30:00+03:00")) == {
        "time.hour": "20",
        "time.minute": "30",
        "time.weekday": "sat",
        "time.date": "2026-08-01",
        "time.open": "true",
    }


@pytest.mark.parametrize("name", ["Europe/Helsink", "", "/etc/passwd", "../UTC", "Europe", "x" * 300, "a\0b"])
def test_zones_that_are_none(name: str) -> None:
    with pytest.raises(Invalid):
        zone(name)


@pytest.mark.parametrize(
    ("opening", "flaw"),
    [
        (WEEK, ""),
        (EVENING, ""),
        ({**WEEK, "days": []}, "names no day"),
        ({**WEEK, "until": "08:00"}, "ends before it begins"),
        ({**WEEK, "from": 8}, "hours and minutes"),
        ({**WEEK, "from": "08:00+02:00"}, "hours and minutes"),
    ],
)
def test_flaws(opening: dict[str, Any], flaw: str) -> None:
    found = flaws(hours(opening).open)
    assert [place for place, _ in found] == ([0] if flaw else [])
    assert all(flaw in reason for _, reason in found)
