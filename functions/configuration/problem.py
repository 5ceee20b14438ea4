"""A problem of the configuration document, and the refusal that carries all of them."""

from collections.abc import Sequence

from functions.errors import Invalid
from functions.message import Model

TOLD = 20  # problems in the one sentence of the refusal; its `problems` are all


class Problem(Model):
    """What is wrong and where, such as `accounts[2].workstream`; never holds a secret's value."""

    path: str
    reason: str

    def __str__(self) -> str:
        return f"{self.path}: {self.reason}"


class InvalidDocument(Invalid):
    """The document cannot be applied; `problems` are all that were found, in the document's order."""

    code = "invalid-configuration"

    def __init__(self, problems: Sequence[Problem]) -> None:
        told = [str(problem) for problem in problems[:TOLD]]
        if len(problems) > TOLD:
            told.append(f"and {len(problems) - TOLD} more")
        super().__init__("; ".join(told))
        self.problems = tuple(problems)
