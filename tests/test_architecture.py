"""The house's import rules, read from the sources: who may know whom."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
SOURCES = sorted((ROOT / "functions").rglob("*.py"))
CHANNEL_ROOMS = ("functions/channels/", "functions/providers/")
CHANNELS_MAY = (
    "functions.message",
    "functions.errors",
    "functions.entra",
    "functions.channels",
    "functions.providers",
)


def imports(path: Path) -> Iterator[str]:
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            yield node.module


def name(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


@pytest.mark.parametrize("path", SOURCES, ids=name)
def test_azure_is_known_in_one_room_only(path: Path) -> None:
    azure = [module for module in imports(path) if module.split(".")[0] in {"azure", "msal", "requests"}]
    assert not azure or name(path).startswith("functions/cloud/")


@pytest.mark.parametrize("path", SOURCES, ids=name)
def test_the_service_does_not_know_the_laptop(path: Path) -> None:
    assert not [module for module in imports(path) if module.split(".")[0] in {"local", "tests", "bench"}]


@pytest.mark.parametrize("path", [path for path in SOURCES if name(path).startswith(CHANNEL_ROOMS)], ids=name)
def test_a_channel_knows_only_messages_and_its_contract(path: Path) -> None:
    ours = [module for module in imports(path) if module.split(".")[0] == "functions"]
    assert all(module.startswith(CHANNELS_MAY) for module in ours), ours


def test_nobody_imports_in_circles() -> None:
    graph = {
        ".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__"): {
            module for module in imports(path) if module.startswith("functions")
        }
        for path in SOURCES
    }
    done: set[str] = set()

    def visit(module: str, way: tuple[str, ...]) -> None:
        assert module not in way, " → ".join((*way, module))
        if module not in done:
            for other in graph.get(module, ()):
                visit(other, (*way, module))
            done.add(module)

    for module in graph:
        visit(module, ())
    assert len(graph) > 10
