"""The identity of a customer, and where others remember it."""

from functions.erasure.rooms import TableOf
from functions.erasure.threads import drop
from functions.identity.identities import Identities
from functions.identity.keys import social_key
from functions.identity.merging import AUDIT, Entry, Who
from functions.identity.person import Alias, Identity
from functions.identity.records import Records
from functions.message import digest

ALL = 100_000  # rows of an identity's history


async def forget_person(table: TableOf, identities: Identities, records: Records, who: Who) -> bool:
    """Erase an identity and its history, what its aliases or primary know of it, and what records learnt.

    Tells whether there was one. May be repeated.
    """
    known = await identities.get(who.channel, who.account, who.id)
    mine = digest(who.channel, who.account, who.id)
    rows = table("identities")
    if known:
        for other in (*known.aliases, *([known.merged_into] if known.merged_into else [])):
            await _part(table, identities, other, mine)
        if known.linked:
            hint = f"linked:{digest(known.linked.entity, known.linked.id)}"
            await drop(rows, [row for row in await rows.range(hint) if row.key == mine])
            if key := social_key(who.channel, who.id):
                await records.unteach(known.linked, key)
    return bool(await drop(rows, await rows.range(mine)))


async def _part(table: TableOf, identities: Identities, other: Alias, mine: str) -> None:
    if await identities.get(other.channel, other.account, other.id) is None:
        return

    def change(known: Identity | None) -> Identity:
        found = known or Identity(**other.model_dump(include={"channel", "account", "id"}))
        into = found.merged_into
        return found.model_copy(
            update={
                "aliases": tuple(one for one in found.aliases if one.partition != mine),
                "merged_into": None if into and into.partition == mine else into,
            }
        )

    await identities.change(other.partition, change)
    history = await identities.beside(other.partition, AUDIT, ALL)
    gone = []
    for row in history:
        text = row.values["json"]
        entry = Entry.model_validate_json(text) if isinstance(text, bytes) else None
        if entry and mine in (_partition(entry.primary), _partition(entry.alias)):
            gone.append(row)
    await drop(table("identities"), gone)


def _partition(who: Who) -> str:
    return digest(who.channel, who.account, who.id)
