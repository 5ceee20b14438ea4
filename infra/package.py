"""What is deployed: the files that `.funcignore` leaves, in a zip, and how long they take to import.

https://learn.microsoft.com/azure/azure-functions/functions-deployment-technologies. The packages of
requirements.txt are not in it: Azure installs them (a remote build), for its own Linux and Python.
"""

import os
import subprocess
import sys
import time
import zipfile
from collections.abc import Iterator
from fnmatch import fnmatch
from pathlib import Path

ROOT = Path(__file__).parent.parent
NEEDED = ("function_app.py", "host.json", "requirements.txt", "web/dist/manifest.json")
ROUNDS = 3
SETTINGS = {
    "PUBLIC_BASE_URL": "https://package.invalid",
    "ServiceBusConnection__fullyQualifiedNamespace": "package.invalid",
    "TABLES_ENDPOINT": "https://package.invalid",
    "BLOBS_ENDPOINT": "https://package.invalid",
    "AUTH_ISSUER": "https://package.invalid",
    "AUTH_AUDIENCE": "package",
    "AUTH_JWKS_URL": "https://package.invalid/keys",
}


def files(root: Path = ROOT) -> Iterator[Path]:
    """List what is deployed, relative to the root."""
    patterns = _patterns(root / ".funcignore")
    for folder, folders, names in os.walk(root):
        here = Path(folder).relative_to(root)
        folders[:] = sorted(name for name in folders if not _ignored(here / name, patterns))
        yield from (here / name for name in sorted(names) if not _ignored(here / name, patterns))


def pack(target: Path, root: Path = ROOT) -> int:
    """Write the zip and give its size in bytes. Raises FileNotFoundError for a part that must be there."""
    found = list(files(root))
    for name in NEEDED:
        if Path(name) not in found:
            raise FileNotFoundError(f"{name} would not be deployed; the chat page is built by `make web`")
    target.parent.mkdir(parents=True, exist_ok=True)
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as package:
        for path in found:
            package.write(root / path, path.as_posix())
    return target.stat().st_size


def import_seconds(package: Path, folder: Path) -> float:
    """Unpack into a folder and import function_app there, in a process of its own; the best of three."""
    with zipfile.ZipFile(package) as content:
        content.extractall(folder)
    best = min(_import(folder, "import function_app") for _ in range(ROUNDS))
    return best - min(_import(folder, "pass") for _ in range(ROUNDS))


def _import(folder: Path, statement: str) -> float:
    started = time.perf_counter()
    environment = {**os.environ, **SETTINGS}
    environment.pop("PYTHONDONTWRITEBYTECODE", None)
    subprocess.run([sys.executable, "-c", statement], cwd=folder, env=environment, check=True)  # noqa: S603
    return time.perf_counter() - started


def _patterns(path: Path) -> list[str]:
    lines = (line.strip() for line in path.read_text().splitlines())
    return [line.rstrip("/") for line in lines if line and not line.startswith("#")]


def _ignored(path: Path, patterns: list[str]) -> bool:
    """Tell whether a pattern names the file or folder: with a slash from the root, without one anywhere."""
    return any(_matches(path.parts if "/" in pattern else path.parts[-1:], pattern) for pattern in patterns)


def _matches(parts: tuple[str, ...], pattern: str) -> bool:
    wanted = pattern.strip("/").split("/")
    return len(parts) == len(wanted) and all(map(fnmatch, parts, wanted))
