"""The README's table of what each channel carries, made from the adapters themselves.

`python -m local capabilities --write` puts it between the README's two marks; a test holds it there.
"""

from datetime import timedelta
from pathlib import Path

from functions.channels import CHANNELS, adapter
from functions.channels.contract import FOREVER, Capabilities

README = Path(__file__).parent.parent / "README.md"
BEGIN, END = "<!-- capabilities: python -m local capabilities --write -->\n", "<!-- end of capabilities -->"
HEAD = (
    "channel",
    "provider",
    "text",
    "attachments",
    "choices",
    "reply window",
    "told of",
    "customer is told of",
    "repeatable",
    "retired upstream",
)


def table() -> str:
    """Give the Markdown table, a row for each adapter."""
    rows = [HEAD, ("---",) * len(HEAD), *(_row(channel, provider) for channel, provider in CHANNELS)]
    return "".join(f"| {' | '.join(row)} |\n" for row in rows)


def written(readme: str) -> str:
    """Give the README with the present table between its marks."""
    before, _, rest = readme.partition(BEGIN)
    return before + BEGIN + table() + END + rest.partition(END)[2]


def _row(channel: str, provider: str) -> tuple[str, ...]:
    found = adapter(channel, provider).capabilities
    return (
        f"`{channel}`",
        f"`{provider}`",
        f"{found.text_limit:,}",
        ", ".join(sorted(found.attachments)) or "–",
        str(found.choices or "–"),
        _window(found),
        ", ".join(sorted(found.receipts)) or "–",
        ", ".join(sorted(found.events)) or "–",
        _repeatable(found.idempotent),
        str(found.retired_on or "–"),
    )


def _window(found: Capabilities) -> str:
    if found.reply_window is None:
        return "–"
    tagged = f", tagged {_span(found.tag_window)}" if found.tag_window else ""
    return _span(found.reply_window) + tagged


def _repeatable(known: timedelta) -> str:
    if not known:
        return "no"
    return "always" if known == FOREVER else _span(known)


def _span(span: timedelta) -> str:
    if span < timedelta(hours=1):
        return f"{int(span.total_seconds() // 60)} min"
    hours = int(span.total_seconds() // 3600)
    return f"{hours // 24} d" if hours % 24 == 0 and hours > 24 else f"{hours} h"
