"""What Azure gets: the app and the chat page, and nothing of the laptop."""

from pathlib import Path

import pytest

from infra.package import files, import_seconds, pack

OURS = {"function_app.py", "functions", "host.json", "requirements.txt", "web", "LICENSE"}


def test_only_the_app_is_deployed() -> None:
    found = list(files())
    assert {path.parts[0] for path in found} == OURS
    assert {path.parts[1] for path in found if path.parts[0] == "web"} == {"dist"}
    assert not [path for path in found if "__pycache__" in path.parts or path.suffix == ".pyc"]


def test_the_package_runs_by_itself(tmp_path: Path) -> None:
    size = pack(tmp_path / "package.zip")
    assert 100_000 < size < 20_000_000
    assert 0 < import_seconds(tmp_path / "package.zip", tmp_path / "app") < 30


def test_a_package_without_the_chat_page_is_none(tmp_path: Path) -> None:
    (tmp_path / ".funcignore").write_text("# nothing\n")
    for name in ("function_app.py", "host.json", "requirements.txt"):
        (tmp_path / name).touch()
    with pytest.raises(FileNotFoundError, match="make web"):
        pack(tmp_path / "out" / "package.zip", tmp_path)


def test_patterns_are_read_as_functions_tools_read_them(tmp_path: Path) -> None:
    (tmp_path / ".funcignore").write_text("# why\n.*\nlocal\nweb/*.json\n")
    for name in (
        "a.py",
        "local/b.py",
        "deep/local/c.py",
        "web/d.json",
        "web/dist/e.json",
        ".git/f",
        "g/.env",
    ):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).touch()
    assert [path.as_posix() for path in files(tmp_path)] == ["a.py", "web/dist/e.json"]
