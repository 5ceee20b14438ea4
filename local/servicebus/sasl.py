"""The SASL greeting of a connection: everyone is let in here, and proves a right to each queue at `$cbs`.

Proton cannot offer MSSBCBS, the mechanism that the .NET client insists on; so this layer, a fixed exchange
of three frames, is spoken here and Proton begins with the AMQP header. Follows OASIS AMQP 1.0 part 5.3.
"""

from typing import Any

from proton import Data, Described, ubyte, ulong

from local.servicebus.codec import array, encode

GREETING = b"AMQP\x03\x01\x00\x00"
_MECHANISMS = ("MSSBCBS", "ANONYMOUS", "EXTERNAL")
_INIT_LIMIT = 4096


class NotSasl(ValueError):
    """The peer does not speak as a SASL client must."""


class Sasl:
    """One connection's greeting; `feed` until `over`."""

    def __init__(self) -> None:
        self._bytes = b""
        self._greeted = False
        self.over = False

    def feed(self, data: bytes) -> tuple[bytes, bytes]:
        """Take bytes; gives what to answer, and what is left for AMQP once over. Raises NotSasl."""
        self._bytes += data
        answer = b""
        if not self._greeted:
            if len(self._bytes) < len(GREETING):
                return b"", b""
            answer = self._greet()
        if not self._greeted or not self._init_came():
            return answer, b""
        self.over = True
        rest, self._bytes = self._bytes, b""
        return answer + _frame(0x44, [ubyte(0)]), rest

    def _greet(self) -> bytes:
        if not self._bytes.startswith(GREETING):
            raise NotSasl("no SASL header")
        self._bytes = self._bytes[len(GREETING) :]
        self._greeted = True
        return GREETING + _frame(0x40, [array(Data.SYMBOL, _MECHANISMS)])

    def _init_came(self) -> bool:
        if len(self._bytes) < 8:
            return False
        size = int.from_bytes(self._bytes[:4], "big")
        if not 8 < size <= _INIT_LIMIT or self._bytes[5] != 1:
            raise NotSasl("no SASL frame")
        if len(self._bytes) < size:
            return False
        self._bytes = self._bytes[size:]
        return True


def _frame(code: int, fields: list[Any]) -> bytes:
    body = encode(Described(ulong(code), fields))
    return (len(body) + 8).to_bytes(4, "big") + b"\x02\x01\x00\x00" + body
