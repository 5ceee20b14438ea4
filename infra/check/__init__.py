"""What is wrong with infra/, told without a compiler and without Azure.

It finds what `bicep build` would find first (names, modules, parameters, outputs), what that cannot know
(whether the code and Bicep agree), and what a review would say. It knows few types: CI runs the compiler too.
"""

import json
from collections.abc import Iterator
from pathlib import Path

from functions.channels import channel_names
from infra.check import (
    both,
    code,
    cycles,
    deployed,
    manners,
    modules,
    names,
    parameters,
    places,
    properties,
    queries,
    secure,
    syntax,
)
from infra.check.bicep import File, Kind, read
from infra.check.problem import Problem

ROOT = Path(__file__).parent.parent


def check(root: Path = ROOT, uses: code.Uses | None = None) -> list[Problem]:
    """Check the tree below a folder like infra/; `uses` is what the code uses, if already read."""
    files = {path.resolve(): read(path) for path in sorted(root.rglob("*.bicep"))}
    return sorted({*_files(files, root), *_tree(files, root, uses or code.read(ROOT.parent))})


def _files(files: dict[Path, File], root: Path) -> Iterator[Problem]:
    versions = json.loads((root / "versions.json").read_text())
    used = set()
    for file in files.values():
        yield from syntax.check(file, root)
        yield from names.check(file, root)
        yield from modules.check(file, files, root)
        yield from cycles.check(file, root)
        yield from manners.check(file, versions, root)
        yield from properties.check(file, root)
        yield from places.check(file, root)
        yield from secure.check(file, root)
        used |= {found.refers_to.partition("@")[0] for found in file.of(Kind.RESOURCE).values()}
    for kind in sorted(set(versions) - used):
        yield Problem("versions.json", 0, f"{kind} is used nowhere")


def _tree(files: dict[Path, File], root: Path, uses: code.Uses) -> Iterator[Problem]:
    main, types = (files[(root / name).resolve()] for name in ("main.bicep", "types.bicep"))
    yield from parameters.check(main, types, channel_names(), root)
    yield from both.check(uses, deployed.read(files, root), root)
    yield from queries.check(uses, root)
    yield from _unreached(files, root)


def _unreached(files: dict[Path, File], root: Path) -> Iterator[Problem]:
    """Find modules that nobody uses."""
    reached, waiting = set(), [(root / "main.bicep").resolve()]
    while waiting:
        path = waiting.pop()
        if path in files and path not in reached:
            reached.add(path)
            links = files[path].of(Kind.MODULE, Kind.IMPORT).values()
            waiting += [(path.parent / found.refers_to).resolve() for found in links]
    for path in sorted(set(files) - reached):
        yield Problem(
            path.relative_to(root.resolve()).as_posix(), 0, "no module of main.bicep uses this file"
        )
