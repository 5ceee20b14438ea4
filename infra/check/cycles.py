"""Whether what is deployed waits for itself: a resource or module that needs what needs it.

The compiler says so too (BCP080), but it runs in CI only. An app's settings name all apps' URLs: as a part of
the app they would be such a circle.
"""

from collections.abc import Iterator
from graphlib import CycleError, TopologicalSorter
from pathlib import Path

from infra.check.bicep import File, Kind, raw
from infra.check.names import references
from infra.check.problem import Problem, at

WAITING = (Kind.RESOURCE, Kind.MODULE, Kind.VARIABLE)


def check(file: File, root: Path) -> Iterator[Problem]:
    """Find one circle of names, if there is any."""
    declared = file.of(*WAITING)
    needs = {
        name: sorted({raw(node) for node in references(found.node)} & declared.keys())
        for name, found in declared.items()
    }
    try:
        TopologicalSorter(needs).prepare()
    except CycleError as error:
        circle = error.args[1]
        says = f"these wait for each other: {', '.join(sorted(set(circle)))}"
        yield at(file.path, root, declared[min(circle)].node, says)
