"""Private keys of the local platform: made where they are needed, and in no file of the repository."""

import json
import re
import stat
from collections.abc import Iterator
from pathlib import Path

import yaml

from functions.providers.google import ServiceAccount
from local.filling import FILE, filled

ROOT = Path(__file__).parents[2]
CONFIGURATION = (ROOT / "local" / "configuration.yaml").read_text()
KINDS = ("*.py", "*.yaml", "*.yml", "*.json", "*.md", "*.pem", "*.bicep")
PRIVATE = re.compile(rb"-----BEGIN[ A-Z]*PRIVATE KEY-----\s*[A-Za-z0-9+/=\\]{40}")


def service_account(folder: Path) -> ServiceAccount:
    document = yaml.safe_load(filled(CONFIGURATION, "http://127.0.0.1:1", folder))
    [account] = [one for one in document["accounts"] if one["channel"] == "rcs"]
    return ServiceAccount.model_validate(json.loads(account["settings"]["serviceAccount"]))


def test_a_data_folder_has_a_key_of_its_own_for_good(tmp_path: Path) -> None:
    one, again, other = (service_account(tmp_path / name).key() for name in ("a", "a", "b"))
    assert one.private_numbers() == again.private_numbers() != other.private_numbers()
    assert stat.S_IMODE((tmp_path / "a" / FILE).stat().st_mode) == 0o600


def test_a_document_without_a_key_makes_none(tmp_path: Path) -> None:
    assert (
        filled("apiBase: http://simulators/x", "http://127.0.0.1:1", tmp_path)
        == "apiBase: http://127.0.0.1:1/x"
    )
    assert list(tmp_path.iterdir()) == []


def test_no_private_key_is_in_the_repository() -> None:
    rooms = ("functions", "local", "tests", "bench", "infra", ".")
    files = {path for room in rooms for kind in KINDS for path in _files(ROOT / room, kind)}
    assert len(files) > 100
    assert [path for path in files if PRIVATE.search(path.read_bytes())] == []


def _files(room: Path, kind: str) -> Iterator[Path]:
    found = room.glob(kind) if room == ROOT / "." else room.rglob(kind)
    return (path for path in found if "node_modules" not in path.parts and path.is_file())
