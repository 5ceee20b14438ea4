"""Everything the functions work with, made once for the app. `functions/cloud/compose.py` fills it."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from datetime import datetime

from functions.configuration.store import Configurations
from functions.conversations.threads import Threads
from functions.delivery.courier import Courier
from functions.identity.identities import Identities
from functions.identity.records import Records
from functions.intake.handshakes import Handshakes
from functions.intake.outbox import Outbox
from functions.intake.parked import Parked
from functions.intake.webhook import Intake
from functions.routing.inbound import Router
from functions.settings import Settings


@dataclass(frozen=True, slots=True)
class Services:
    """The rooms of the house, wired."""

    settings: Settings
    intake: Intake
    router: Router
    courier: Courier
    threads: Threads
    identities: Identities
    records: Records
    configurations: Configurations
    outbox: Outbox
    parked: Parked
    handshakes: Handshakes
    probes: Mapping[str, Callable[[], Awaitable[object]]]  # of what is not ours: raise when it is down
    clock: Callable[[], datetime]
