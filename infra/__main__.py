"""What can be done with infra/ on a laptop: `python -m infra check`, `write`, and the like.

Each command imports what it needs: `callbacks` runs where only the runtime's packages are.
"""

import argparse
import json
import os
import sys
from collections.abc import Callable
from pathlib import Path
from tempfile import TemporaryDirectory

ROOT = Path(__file__).parent


def main() -> int:
    """Do what the command line says; the result is the process's exit code."""
    parser = argparse.ArgumentParser(
        "python -m infra", description="What can be done with infra/ on a laptop."
    )
    commands = parser.add_subparsers(dest="command", required=True)
    commands.add_parser("check", help="tell what is wrong with infra/, and where code and Bicep differ")
    commands.add_parser("write", help="write what follows from the code: lists of queues and tables, costs")
    callbacks = commands.add_parser("callbacks", help="tell which URL to paste where, by a configuration")
    callbacks.add_argument("configuration", type=Path)
    package = commands.add_parser("package", help="zip what is deployed; tell its size and import time")
    package.add_argument("--to", type=Path, default=ROOT.parent / ".data" / "package.zip")
    commands.add_parser("cost", help="tell what messages cost, and how far the limits are")
    for name, says in (("backup", "copy the tables to files"), ("restore", "fill empty tables from files")):
        command = commands.add_parser(name, help=f"{says}; AZURE_TABLES_ENDPOINT tells where the tables are")
        command.add_argument("folder", type=Path)
    options = parser.parse_args()
    return COMMANDS[options.command](options)


def _check(options: argparse.Namespace) -> int:
    from infra.check import check

    problems = check()
    for problem in problems:
        print(problem)
    print(f"{len(problems)} problems" if problems else "infra/ and the code agree")
    return 1 if problems else 0


def _write(options: argparse.Namespace) -> int:
    from infra.check import code
    from infra.cost import timers_a_second
    from infra.prices import read
    from infra.queues import EMULATOR, OFFICIAL, QUEUES, emulator_text, official_text, text
    from infra.tables import PAGE, written

    uses = code.read(ROOT.parent)
    QUEUES.write_text(text())
    EMULATOR.write_text(emulator_text())
    OFFICIAL.write_text(official_text())
    (ROOT / "tables.json").write_text(json.dumps(sorted(uses.tables), indent=2) + "\n")
    PAGE.write_text(written(PAGE.read_text(), read(), timers_a_second(uses.timers)))
    return 0


def _callbacks(options: argparse.Namespace) -> int:
    from functions.configuration.check import read
    from functions.configuration.problem import InvalidDocument
    from infra.callbacks import apps, lines

    try:
        document = read(options.configuration.read_text())
    except (OSError, InvalidDocument) as unread:
        print(unread, file=sys.stderr)
        return 1
    try:
        deployed, vault = apps(os.environ["MONIKANAVA_APPS"]), os.environ["AZURE_KEY_VAULT_NAME"]
    except KeyError as missing:
        print(f"{missing.args[0]} is set by azd only: azd hooks run postprovision", file=sys.stderr)
        return 1
    print("\n".join(lines(document, deployed, vault)))
    return 0


def _cost(options: argparse.Namespace) -> int:
    from infra.check import code
    from infra.cost import timers_a_second
    from infra.prices import read
    from infra.tables import text

    print(text(read(), timers_a_second(code.read(ROOT.parent).timers)))
    return 0


def _package(options: argparse.Namespace) -> int:
    from infra.package import import_seconds, pack

    size = pack(options.to)
    with TemporaryDirectory() as folder:
        seconds = import_seconds(options.to, Path(folder))
    print(f"{options.to}: {size / 1e6:.2f} MB, imported in {seconds:.2f} s")
    return 0


def _backup(options: argparse.Namespace) -> int:
    from infra.backup import connect, save

    tables = json.loads((ROOT / "tables.json").read_text())
    for name, count in save(connect(_tables()), tables, options.folder):
        print(f"{name}: {count} rows")
    return 0


def _restore(options: argparse.Namespace) -> int:
    from infra.backup import CannotRestore, connect, restore

    try:
        for name, count in restore(connect(_tables()), options.folder):
            print(f"{name}: {count} rows")
    except CannotRestore as why:
        print(why, file=sys.stderr)
        return 1
    return 0


def _tables() -> str:
    where = os.environ.get("TABLES_CONNECTION_STRING") or os.environ.get("AZURE_TABLES_ENDPOINT")
    if not where:
        raise SystemExit("AZURE_TABLES_ENDPOINT must tell where the tables are (docs/runbook.md, Restore)")
    return where


COMMANDS: dict[str, Callable[[argparse.Namespace], int]] = {
    "check": _check,
    "write": _write,
    "callbacks": _callbacks,
    "package": _package,
    "cost": _cost,
    "backup": _backup,
    "restore": _restore,
}


if __name__ == "__main__":
    sys.exit(main())
