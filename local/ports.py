"""Ports for the parts that must know theirs before they listen."""

import random
import socket

# Below what Linux (32768) and macOS (49152) give to outgoing connections: nobody takes one in between.
FIRST, LAST = 20_000, 32_000
TRIES = 100


def free_port() -> int:
    """Find a port on loopback that nobody listens on now; raises OSError when so many are taken."""
    for port in random.sample(range(FIRST, LAST), TRIES):
        if is_free(port):
            return port
    raise OSError("no free port was found")


def is_free(port: int) -> bool:
    """Tell whether nobody listens on a port on loopback now."""
    with socket.socket() as probe:
        # What is left of closed connections does not count: servers take such a port too.
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
    return True
