"""A child of ours ends with the process that started it, even one that was killed."""

import asyncio
import os
import sys
from pathlib import Path

from local.child import ROOT
from local.ports import is_free
from tests.waiting import eventually

PARENT = """
import asyncio
from local.child import Child
async def main():
    child = Child("local.simulators")
    port = await child.start()
    print(port, child.pid, flush=True)
    await asyncio.sleep(60)
asyncio.run(main())
"""


async def test_it_ends_with_a_parent_that_is_killed() -> None:
    parent = await asyncio.create_subprocess_exec(
        *(sys.executable, "-c", PARENT), cwd=ROOT, stdout=asyncio.subprocess.PIPE
    )
    assert parent.stdout is not None
    port, process = (int(word) for word in (await parent.stdout.readline()).split())
    assert not is_free(port)
    parent.kill()
    await parent.wait()
    await eventually(lambda: not _lives(process))
    assert is_free(port)


def _lives(process: int) -> bool:
    # A process that nobody waits for stays as a zombie where no init reaps it.
    status = Path(f"/proc/{process}/stat")
    if status.exists():
        return status.read_text().rpartition(")")[2].split()[0] != "Z"
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    return True
