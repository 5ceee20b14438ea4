"""`python -m local.leash MODULE …`: run a module that ends when the process that started it does.

The parent holds the other end of our standard input. However it ends, a SIGKILL included, the input ends with
it, and the module is asked to stop as by SIGTERM: what it had is saved, and its ports are free again.
"""

import os
import runpy
import signal
import sys
import threading


def _end_with_parent() -> None:
    # The descriptor itself: a buffered reader would be locked when the interpreter ends.
    while os.read(0, 1024):
        pass
    os.kill(os.getpid(), signal.SIGTERM)


if __name__ == "__main__":
    threading.Thread(target=_end_with_parent, daemon=True).start()
    sys.argv = sys.argv[1:]
    runpy.run_module(sys.argv[0], run_name="__main__", alter_sys=True)
