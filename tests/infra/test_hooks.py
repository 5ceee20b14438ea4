"""azd's hooks, as far as they go without Azure."""

import os
import subprocess
from pathlib import Path

import pytest
import yaml

from infra.check import ROOT

AZURE = yaml.safe_load((ROOT.parent / "azure.yaml").read_text())


def run(script: str, **environment: str) -> str:
    done = subprocess.run(
        [ROOT.parent / script],
        env={**os.environ, **environment},
        check=True,
        capture_output=True,
        text=True,
    )
    return done.stdout


@pytest.mark.parametrize("hook", AZURE["hooks"])
def test_a_hook_is_a_script_that_can_be_run(hook: str) -> None:
    assert os.access(ROOT.parent / AZURE["hooks"][hook]["run"], os.X_OK)


def test_without_a_configuration_it_says_how_to_have_the_callbacks_printed() -> None:
    assert "azd env set MONIKANAVA_CONFIGURATION" in run("infra/hooks/callbacks.sh")


@pytest.fixture
def azd(tmp_path: Path) -> Path:
    """An azd that only notes what it is told: the folder to put before PATH, with the note `said`."""
    command = tmp_path / "azd"
    command.write_text(f'#!/bin/sh\necho "$@" > {tmp_path}/said\n')
    command.chmod(0o755)
    return tmp_path


def test_the_first_deployment_is_remembered_and_the_next_are_silent(azd: Path) -> None:
    path = f"{azd}:{os.environ['PATH']}"
    assert "azd provision" in run("infra/hooks/deployed.sh", PATH=path)
    assert (azd / "said").read_text() == "env set MONIKANAVA_DEPLOYED true\n"
    assert run("infra/hooks/deployed.sh", PATH=path, MONIKANAVA_DEPLOYED="true") == ""


def test_what_is_removed_counts_as_deployed_no_more(azd: Path) -> None:
    run(AZURE["hooks"]["postdown"]["run"], PATH=f"{azd}:{os.environ['PATH']}", MONIKANAVA_DEPLOYED="true")
    assert (azd / "said").read_text() == "env set MONIKANAVA_DEPLOYED false\n"
