"""What can be done with infra/ on a laptop: `python -m infra check`, `write`, and the like.

Each command imports what it needs: `callbacks` runs where only the runtime's packages are.
"""

import argparse
import json
import sys
from pathlib import Path

ROOT = Path(__file__).parent


def main() -> int:
    """Do what the command line says; the result is the process's exit code."""
    parser = argparse.ArgumentParser(
        "python -m infra", description="What can be done with infra/ on a laptop."
    )
    commands = parser.add_subparsers(dest="command", required=True)
    commands.add_parser("check", help="tell what is wrong with infra/, and where code and Bicep differ")
    commands.add_parser("write", help="write queues.json and tables.json as the code has them")
    return {"check": _check, "write": _write}[parser.parse_args().command]()


def _check() -> int:
    from infra.check import check

    problems = check()
    for problem in problems:
        print(problem)
    print(f"{len(problems)} problems" if problems else "infra/ and the code agree")
    return 1 if problems else 0


def _write() -> int:
    from infra.check import code
    from infra.queues import QUEUES, text

    QUEUES.write_text(text())
    tables = sorted(code.read(ROOT.parent).tables)
    (ROOT / "tables.json").write_text(json.dumps(tables, indent=2) + "\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
