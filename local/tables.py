"""Conversations as a table in the terminal."""

from collections import Counter

from rich.console import Console
from rich.table import Table

from local.desk import Json

COLUMNS = ("conversation", "channel", "customer", "workstream", "queue", "state", "linked", "in", "out")


def show(found: list[tuple[Json, list[Json]]], *, whole: bool = False) -> None:
    """Print one line a conversation, its id whole or short; replies are counted by delivery state."""
    table = Table(*COLUMNS, title=f"{len(found)} conversations", title_justify="left")
    table.columns[0].no_wrap = True
    for conversation, messages in found:
        identifier = conversation["id"]
        shown = identifier if whole else f"{identifier[:6]}…{identifier[-6:]}"
        table.add_row(shown, *_cells(conversation, messages))
    Console(width=None if Console().is_terminal else 180).print(table)


def _cells(conversation: Json, messages: list[Json]) -> tuple[str, ...]:
    customer = conversation["customer"]
    links = [f"{link['entity']} {link.get('name') or link['id']}" for link in conversation.get("links", [])]
    candidates = len(customer.get("candidates", []))
    inbound = sum(message["direction"] == "inbound" for message in messages)
    outbound = Counter(message["delivery"] for message in messages if message["direction"] == "outbound")
    return (
        conversation["channel"],
        customer.get("name") or customer.get("phone") or customer["id"],
        conversation["workstream"],
        conversation["agentQueue"],
        conversation["state"],
        ", ".join(links) or (f"{candidates} candidates" if candidates else "–"),
        str(inbound),
        ", ".join(f"{count} {state}" for state, count in outbound.items()) or "–",
    )
