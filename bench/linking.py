"""Recognising customers: what it costs a routed message, and whether very many match keys slow it down.

Azurite answers point reads by an index, as Table Storage does; these are all that a look-up makes.
"""

import random
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import count

from rich.table import Table as Shown

from bench import report, samples
from bench.filling import KEYS, contact, filled, mobile
from bench.router import azurite, make_services
from bench.timing import Measure, in_turns
from functions.cloud.tables import Tables, open_tables
from functions.configuration.document import Record
from functions.identity.identities import Identity
from functions.identity.matching import match
from functions.identity.person import Person
from functions.identity.ranks import USUAL, Clues
from functions.identity.records import Records
from functions.routing.inbound import Delivery
from functions.services import Services

SIZES = (1_000, 100_000, 1_000_000)  # match keys
ROUNDS, LOOKUPS = 5, 40
TALK = 4  # messages of the shown conversation
OFF = "\nmatching: []\n"
PEOPLE = ("nobody", "a contact", "a contact with an active case", "one of two contacts")


@dataclass(frozen=True, slots=True)
class Spent:
    """Table calls of a message."""

    reads: float
    writes: float


@dataclass(slots=True)
class Side:
    """A router with linking on or off, and its counted calls."""

    services: Services
    calls: Counter[str]
    numbers: Iterator[int]

    async def spent(self, person: int, messages: int = 1, known: bool = False) -> Spent:
        """Give the table calls of a message, of so many in a conversation; `known`: the first is left out."""
        for turn in range(messages + known):
            await self.services.configurations.current()  # polled every two seconds, whoever writes
            if turn == known:
                before = self.calls.copy()
            sample = samples.sms(next(self.numbers), person)
            (item,) = sample.adapter.parse(sample.request, sample.account)
            delivery = Delivery(item.id, item.session, item.json_text(), 1)
            await self.services.router.route("inbound-sms", [delivery])
        spent = self.calls - before
        writes = spent.pop("commit", 0)
        return Spent(spent.total() / messages, writes / messages)


async def tables() -> list[Shown]:
    """Measure and tell."""
    return [await _costs(), await _sizes()]


async def _costs() -> Shown:
    shown = report.table(
        "Table calls of a routed SMS, by who writes",
        *("message", "reads: off", "on", "more", "writes: off", "on", "more"),
        note="off: `matching: []`. One more read: the row of the number tells its records and their case. "
        "More writes: under each linked record, or candidate, the conversation is listed",
    )
    async with azurite() as one, azurite() as other:
        connections = [open_tables(one), open_tables(other)]
        off = await _side(connections[0], samples.configuration() + OFF)
        on = await _side(connections[1], samples.configuration())
        for person, who in enumerate(PEOPLE):
            without, having = [await side.spent(person) for side in (off, on)]
            shown.add_row(f"first of {who}", *_figures(without, having))
        for person, name in ((10, "nobody"), (11, "a contact")):
            without, having = [await side.spent(person, TALK) for side in (off, on)]
            shown.add_row(f"each of the first {TALK} of {name}", *_figures(without, having))
        without, having = [await side.spent(12, TALK, known=True) for side in (off, on)]
        shown.add_row("in a conversation that is open", *_figures(without, having))
        for opened in connections:
            await opened.close()
    return shown


async def _side(opened: Tables, document: str) -> Side:
    calls: Counter[str] = Counter()
    services = await make_services(opened, calls, document)
    for name, phone in ((1, 1), (2, 2), (3, 3), (4, 3), (11, 11), (12, 12)):
        person = contact(name).model_copy(update={"mobiles": (f"+35850{phone:07d}",)})
        await services.records.put(person)
    case = Record(entity="incident", id="case", customer=f"contact/{contact(2).id}")
    await services.records.put(case)
    side = Side(services, calls, count(1))
    await side.spent(99)  # makes the tables
    return side


def _figures(off: Spent, on: Spent) -> Iterator[str]:
    for without, having in ((off.reads, on.reads), (off.writes, on.writes)):
        yield from (f"{without:.2f}", f"{having:.2f}", f"{having - without:+.2f}")


async def _sizes() -> Shown:
    shown = report.table(
        "Recognising a customer by phone, one after another, by how many match keys the store has",
        *("match keys", "contacts", "found", "found by nobody", f"found, beside {SIZES[0]:,} keys"),
        note="a point read each. Azurite in memory, filled with what Records.put writes",
    )
    contacts = {f"records{size}": -(-size // KEYS) for size in SIZES}
    async with filled(contacts) as connection:
        opened = open_tables(connection)
        measures: list[Measure] = []
        for name, number in contacts.items():
            records = Records(opened.table(name), lambda: samples.NOW, lambda: "FI")
            measures += [_lookups(records, number), _lookups(records, 0)]
        await in_turns(measures, 1)
        rounds = await in_turns(measures, ROUNDS)
        await opened.close()
    for place, (size, number) in enumerate(zip(SIZES, contacts.values(), strict=True)):
        found, nobody = rounds.median(2 * place), rounds.median(2 * place + 1)
        ratio = report.times(rounds.ratio(2 * place, 0))
        shown.add_row(f"{size:,}", f"{number:,}", report.millis(found), report.millis(nobody), ratio)
    return shown


def _lookups(records: Records, contacts: int) -> Measure:
    """Look customers up who are one of so many contacts; of none when there are none."""
    chosen = random.Random(4711)

    async def measure() -> float:
        numbers = [chosen.randrange(contacts) if contacts else -1 - turn for turn in range(LOOKUPS)]
        clues = [Clues(Person(_customer(mobile(number))), {}) for number in numbers]
        started = time.perf_counter()
        for one in clues:
            found = await match(one, records, USUAL)
            assert len(found.links) == bool(contacts)
        return (time.perf_counter() - started) / LOOKUPS

    return measure


def _customer(phone: str) -> Identity:
    return Identity(channel="sms", account="sms", id=phone, phone=phone, created_at=samples.NOW)
