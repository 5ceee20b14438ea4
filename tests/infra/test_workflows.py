"""GitHub Actions: pinned, allowed to read only, and grown by Dependabot wherever there are packages."""

import re
from pathlib import Path
from typing import Any

import pytest
import yaml

from infra.check import ROOT as INFRA
from infra.check.bicep import Kind
from infra.check.bicep import read as parsed

ROOT = Path(__file__).parents[2]
WORKFLOWS = sorted((ROOT / ".github" / "workflows").glob("*.yml"))
PINNED = re.compile(r"[\w-]+/[\w./-]+@[0-9a-f]{40} # v\d+\.\d+\.\d+")
SIGN_IN = {"contents": "read", "id-token": "write"}


def read(path: Path) -> dict[str, Any]:
    found: dict[str, Any] = yaml.safe_load(path.read_text())
    return found


@pytest.mark.parametrize("path", WORKFLOWS, ids=lambda path: path.name)
def test_every_action_is_pinned_by_its_commit_and_says_its_version(path: Path) -> None:
    used = re.findall(r"uses: (.+)", path.read_text())
    assert used
    assert not [action for action in used if not PINNED.fullmatch(action)]


@pytest.mark.parametrize("path", WORKFLOWS, ids=lambda path: path.name)
def test_a_workflow_may_read_and_at_most_sign_in(path: Path) -> None:
    workflow = read(path)
    assert workflow["permissions"] == {"contents": "read"}
    for job in workflow["jobs"].values():
        assert job.get("permissions", SIGN_IN) == SIGN_IN
        assert job["timeout-minutes"] <= 45


@pytest.mark.parametrize("path", WORKFLOWS, ids=lambda path: path.name)
def test_no_input_is_pasted_into_a_command(path: Path) -> None:
    for job in read(path)["jobs"].values():
        assert not [step for step in job["steps"] if "${{" in step.get("run", "")]


def test_what_if_asks_for_no_rights_to_write_and_gives_each_parameter_that_has_no_default() -> None:
    steps = read(ROOT / ".github" / "workflows" / "bicep.yml")["jobs"]["what-if"]["steps"]
    command = next(step["run"] for step in steps if "what-if" in step.get("run", ""))
    assert (
        "--validation-level ProviderNoRbac" in command
    )  # else Azure refuses a reader: it wants write rights
    needed = {name for name, one in parsed(INFRA / "main.bicep").of(Kind.PARAMETER).items() if one.required}
    assert set(re.findall(r"(\w+)=\"", command)) >= needed


def test_dependabot_knows_every_place_with_packages() -> None:
    updates = read(ROOT / ".github" / "dependabot.yml")["updates"]
    npm = next(update for update in updates if update["package-ecosystem"] == "npm")
    places = {
        f"/{path.parent.relative_to(ROOT).as_posix()}"
        for path in ROOT.rglob("package-lock.json")
        if "node_modules" not in path.parts and not path.relative_to(ROOT).parts[0].startswith(".")
    }
    assert set(npm["directories"]) == places
    assert all(update["groups"] for update in updates)
