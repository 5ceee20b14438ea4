"""Operating hours: local time, and whether the door is open."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, tzinfo
from zoneinfo import ZoneInfo

from functions.configuration.document import Opening, OperatingHours
from functions.errors import Invalid

DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
MIDNIGHT = time(0)


@dataclass(frozen=True, slots=True)
class Hours:
    """Compiled operating hours; without any, always open in UTC."""

    zone: tzinfo = UTC
    openings: tuple[Opening, ...] | None = None
    holidays: frozenset[date] = frozenset()

    @staticmethod
    def of(hours: OperatingHours | None) -> "Hours":
        """Compile; raises Invalid for an unknown time zone."""
        if hours is None:
            return Hours()
        return Hours(zone(hours.timezone), hours.open, frozenset(hours.holidays))

    def is_open(self, local: datetime) -> bool:
        """Tell whether it is open at this local time: from `start` up to, not including, `until`."""
        if self.openings is None:
            return True
        if local.date() in self.holidays:
            return False
        return any(_covers(opening, DAYS[local.weekday()], local.time()) for opening in self.openings)

    def facts(self, now: datetime) -> Mapping[str, str]:
        """Give the `time.` fields of a moment."""
        local = now.astimezone(self.zone)
        return {
            "time.hour": str(local.hour),
            "time.minute": str(local.minute),
            "time.weekday": DAYS[local.weekday()],
            "time.date": local.date().isoformat(),
            "time.open": "true" if self.is_open(local) else "false",
        }


def zone(name: str) -> ZoneInfo:
    """Find an IANA time zone; raises Invalid."""
    try:
        return ZoneInfo(name)
    except (OSError, ValueError, KeyError):  # unknown, or a path that is none of the data base's
        raise Invalid(f"there is no time zone {name!r}") from None


def flaws(openings: Sequence[Opening]) -> list[tuple[int, str]]:
    """List the spans that cannot be meant, by their place."""
    return [(place, flaw) for place, opening in enumerate(openings) if (flaw := _flaw(opening))]


def _flaw(opening: Opening) -> str:
    if not opening.days:
        return "names no day"
    if any(at.tzinfo or at.second or at.microsecond for at in (opening.start, opening.until)):
        return "times are hours and minutes, such as '08:00'"
    if opening.until <= opening.start and opening.until != MIDNIGHT:
        return "ends before it begins"
    return ""


def _covers(opening: Opening, day: str, at: time) -> bool:
    return day in opening.days and opening.start <= at and (at < opening.until or opening.until == MIDNIGHT)
