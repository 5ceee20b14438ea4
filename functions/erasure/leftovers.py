"""Messages that were never routed or delivered: in the spool, and parked. Whose each is, its body says.

What is parked because nobody can read it is taken for the customer's when it holds their id as a word.
"""

import re
from collections.abc import Iterator
from urllib.parse import quote

from pydantic import ValidationError

from functions.erasure.rooms import TableOf
from functions.erasure.threads import drop
from functions.identity.merging import Who
from functions.intake.outbox import QUEUES
from functions.intake.parked import PARTITION
from functions.message import Inbound, Outbound
from functions.rows import unpack


async def forget_leftovers(table: TableOf, who: Who, conversations: frozenset[str]) -> int:
    """Drop what waits in the spool or is parked of a customer; give how many there were."""
    parked, spool = table("parked"), table("spool")
    rows = await parked.range(PARTITION)
    gone = await drop(parked, [row for row in rows if is_of(unpack("body", row.values), who, conversations)])
    for queue in await spool.range(QUEUES):
        waiting = await spool.range(queue.key)
        mine = [row for row in waiting if is_of(unpack("body", row.values), who, conversations)]
        gone += await drop(spool, mine)
    return gone


def is_of(body: str, who: Who, conversations: frozenset[str]) -> bool:
    """Tell whether a queue message's body is of the customer: said by them, or to them."""
    for model in (Inbound, Outbound):
        try:
            read = model.model_validate_json(body)
        except ValidationError:
            continue
        whose = read.sender.id if isinstance(read, Inbound) else read.recipient
        return (read.channel, read.account, whose) == (who.channel, who.account, who.id)
    if any(conversation in body for conversation in conversations):
        return True
    return any(re.search(rf"(?<!\w){re.escape(name)}(?!\w)", body) for name in _spellings(who.id))


def _spellings(name: str) -> Iterator[str]:
    """Give an id as JSON and as forms have it."""
    yield name
    yield quote(name, safe="")
    yield name.removeprefix("+")
