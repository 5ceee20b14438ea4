"""What goes out to customers is put on its channel's queue; putting it there again is harmless."""

from collections.abc import Iterable

from functions.intake.envelope import outbound_envelope
from functions.intake.outbox import Outbox
from functions.message import Outbound


async def enqueue(outbox: Outbox, outbound: Iterable[Outbound | None]) -> None:
    """Put replies and news of one conversation on their queue, in order; None is left out.

    Raises Unavailable when they could not be kept.
    """
    items = [item for item in outbound if item]
    if items:
        envelopes = [outbound_envelope(item) for item in items]
        await outbox.send(f"outbound-{items[0].channel}", envelopes)
