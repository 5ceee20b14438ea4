"""Figures as tables in the terminal."""

from rich.table import Table


def table(title: str, *columns: str, note: str = "") -> Table:
    """Make a table: the first column is text, the others are figures; `note` says how to read them."""
    made = Table(title=title, title_justify="left", caption=note or None, caption_justify="left")
    for place, column in enumerate(columns):
        made.add_column(column, justify="left" if place == 0 else "right", overflow="fold")
    return made


def whole(figure: float) -> str:
    """Write a figure without a fraction."""
    return f"{figure:,.0f}"


def micros(seconds: float) -> str:
    """Write seconds as microseconds."""
    return f"{seconds * 1e6:,.1f} µs"


def millis(seconds: float) -> str:
    """Write seconds as milliseconds."""
    return f"{seconds * 1e3:,.1f} ms"


def mebibytes(size: float) -> str:
    """Write bytes as MiB."""
    return f"{size / 2**20:,.1f} MiB"


def times(ratio: float) -> str:
    """Write a ratio."""
    return f"{ratio:.2f} ×"
