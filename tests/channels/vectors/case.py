"""A payload as it comes over the wire, and what of it must be in the items, by their JSON names."""

from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Case:
    body: bytes
    items: list[dict[str, Any]]
