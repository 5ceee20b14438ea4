"""What stands beside our own in a row of the table, and how it says that it was let in."""

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum

from bench.samples import Sample
from functions.channels.contract import Request


class Refused(Exception):
    """The peer did not accept the sample: the two would not have done the same work."""


class Work(StrEnum):
    """What is timed: the same part of ours and of the peer's, but for the floor."""

    WHOLE = "verify + parse"
    CHECK = "verify"
    FLOOR = "floor: verify + plain values"


@dataclass(frozen=True, slots=True)
class Peer:
    """Another's way to do the same; `does` says exactly what is timed, and what comes out of it."""

    work: Work
    does: str
    read: Callable[[Request], object]


def secret_of(sample: Sample, name: str) -> str:
    """Give a secret of the sample's account."""
    value: str = getattr(sample.account.settings, name).get_secret_value()
    return value


def accepted(found: bool) -> bool:
    """Pass on what the check said; raises Refused when it did not let the sample in."""
    if not found:
        raise Refused
    return found
