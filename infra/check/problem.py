"""What is wrong with the tree, and where."""

from dataclasses import dataclass
from pathlib import Path

from tree_sitter import Node


@dataclass(frozen=True, order=True, slots=True)
class Problem:
    """One mistake: a file below infra/, a line (0: the file as a whole) and a plain sentence."""

    file: str
    line: int
    says: str

    def __str__(self) -> str:
        return f"{self.file}:{self.line}: {self.says}" if self.line else f"{self.file}: {self.says}"


def at(path: Path, root: Path, node: Node, says: str) -> Problem:
    """Give the problem of a place in a Bicep file."""
    return Problem(path.relative_to(root).as_posix(), node.start_point.row + 1, says)
