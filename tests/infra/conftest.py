from collections.abc import Callable
from pathlib import Path
from shutil import copytree

import pytest

from infra.check import ROOT, check, code

Seed = Callable[[str, str, str], list[str]]


@pytest.fixture(scope="session")
def uses() -> code.Uses:
    return code.read(ROOT.parent)


@pytest.fixture
def seeded(tmp_path: Path, uses: code.Uses) -> Seed:
    """Put a mistake into a copy of infra/, and give what the checker says of it."""

    def seed(file: str, right: str, wrong: str) -> list[str]:
        copy = copytree(ROOT, tmp_path / "infra", ignore=lambda *_: ["__pycache__"])
        (tmp_path / "azure.yaml").write_bytes((ROOT.parent / "azure.yaml").read_bytes())
        path = copy / file
        text = path.read_text()
        assert text.count(right) >= 1, "the mistake fits nowhere: change the test with the file"
        path.write_text(text.replace(right, wrong, 1))
        return [str(problem) for problem in check(copy, uses)]

    return seed
