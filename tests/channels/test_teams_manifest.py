"""The generated app manifest against Microsoft's own schema, from their npm package."""

import json
import shutil
import subprocess
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft4Validator

from functions.channels.teams import Teams
from functions.errors import Conflict
from functions.providers.botframework.manifest import VERSION
from tests.channels.samples import account
from tests.channels.vectors.teams import APP

NODE = Path(__file__).parent / "node"
PACKAGE = NODE / "node_modules" / "@microsoft" / "app-manifest"
TEAMS = Teams()


@pytest.fixture(scope="module")
def schema() -> dict[str, Any]:
    """Install the package once, and read the schema of our version."""
    assert shutil.which("npm"), "Node is needed: https://nodejs.org"
    if not PACKAGE.is_dir():
        subprocess.run(["npm", "ci", "--loglevel=error"], cwd=NODE, check=True, timeout=120)
    path = PACKAGE / "build" / "json-schemas" / "teams" / f"v{VERSION}" / "MicrosoftTeams.schema.json"
    found: dict[str, Any] = json.loads(path.read_text())
    return found


def test_it_is_what_teams_wants(schema: dict[str, Any]) -> None:
    made = TEAMS.manifest(account("teams"))
    assert [error.message for error in Draft4Validator(schema).iter_errors(made)] == []
    assert set(schema["required"]) <= set(made)
    assert made["validDomains"] == ["omni.example.com"]
    assert json.dumps(made).count(APP) == 3


def test_the_schema_would_say_what_is_wrong(schema: dict[str, Any]) -> None:
    wrong: dict[str, Any] = {"bots": [{"botId": "x", "scopes": ["world"]}]}
    made = {**TEAMS.manifest(account("teams")), **wrong}
    assert not Draft4Validator(schema).is_valid(made)


def test_without_https_there_is_none() -> None:
    here = replace(account("teams"), callback="http://127.0.0.1:7071/api/channels/teams/teams-1")
    with pytest.raises(Conflict, match="PUBLIC_BASE_URL"):
        TEAMS.manifest(here)
