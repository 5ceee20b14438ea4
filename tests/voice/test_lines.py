"""The line of an agent queue: places in the order of coming, and nobody's place is kept for ever."""

from datetime import UTC, datetime, timedelta
from uuid import uuid4

from functions.cloud.tables import open_tables
from functions.voice.lines import MOST, Lines
from local.azurite import Azurite

NOW = datetime(2026, 8, 1, 12, tzinfo=UTC)
PATIENCE = timedelta(minutes=2)


async def test_the_lost_give_way_and_are_forgotten(azurite: Azurite) -> None:
    tables = open_tables(azurite.connection_string)
    table = tables.table(f"lines{uuid4().hex}")
    lines, later = Lines(table), NOW + PATIENCE
    for place in (1, 2, 3):
        since = NOW + timedelta(seconds=place)
        assert await lines.join("support", f"call-{place}", since, NOW, PATIENCE) == place
    assert await lines.join("support", "call-4", later, later, PATIENCE) == 1
    assert [row.key.partition(":")[2] for row in await table.range("support", limit=MOST)] == ["call-4"]
    await lines.join("support", "call-2", NOW + timedelta(seconds=2), later, PATIENCE)  # a sign after all
    assert await lines.join("support", "call-4", later, later, PATIENCE) == 2
    await tables.close()
