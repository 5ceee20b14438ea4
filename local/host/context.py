"""What a function is given beside its trigger: its context, with the trace it belongs to, and its outputs."""

import re
import secrets
import threading
from typing import Any

import azure.functions as func

# W3C Trace Context, https://www.w3.org/TR/trace-context/#traceparent-header
TRACE_PARENT = re.compile(r"00-(?!0{32})[0-9a-f]{32}-(?!0{16})[0-9a-f]{16}-[0-9a-f]{2}")


class TraceContext(func._abc.TraceContext):
    """The W3C trace context of an invocation."""

    def __init__(self, parent: str, state: str) -> None:
        self._parent, self._state = parent, state

    @property
    def trace_parent(self) -> str:
        """The `traceparent` to pass on: the caller's trace, or a new one, with a span of this invocation."""
        return self._parent

    @property
    def trace_state(self) -> str:
        """The caller's `tracestate`, as it came."""
        return self._state

    @property
    def attributes(self) -> dict[str, str]:
        """Nothing: this host has no attributes to tell."""
        return {}


class RetryContext(func._abc.RetryContext):
    """There are no host retries: a queue's redelivery is told by the message's delivery count."""

    @property
    def retry_count(self) -> int:
        """Always 0."""
        return 0

    @property
    def max_retry_count(self) -> int:
        """Always 0."""
        return 0

    @property
    def exception(self) -> None:  # type: ignore[override]
        """Nothing failed before."""
        return


class Context(func.Context):
    """`func.Context` of one invocation."""

    def __init__(self, name: str, directory: str, invocation_id: str, trace: TraceContext) -> None:
        self._name, self._directory = name, directory
        self._invocation_id, self._trace = invocation_id, trace
        self._local = threading.local()

    @property
    def invocation_id(self) -> str:
        """A new id for each call, also for each redelivery."""
        return self._invocation_id

    @property
    def thread_local_storage(self) -> Any:
        """A `threading.local` whose `invocation_id` a thread of the function may set."""
        return self._local

    @property
    def function_name(self) -> str:
        """The function's name."""
        return self._name

    @property
    def function_directory(self) -> str:
        """The app's folder."""
        return self._directory

    @property
    def trace_context(self) -> TraceContext:
        """The trace that this invocation belongs to."""
        return self._trace

    @property
    def retry_context(self) -> RetryContext:
        """No retries."""
        return RetryContext()


class Out(func.Out[Any]):
    """An output parameter; None until the function sets it."""

    def __init__(self) -> None:
        self._value: Any = None

    def set(self, val: Any) -> None:
        """Keep the value."""
        self._value = val

    def get(self) -> Any:
        """Give the value set last."""
        return self._value


def trace_context(parent: str, state: str = "") -> TraceContext:
    """Continue the caller's trace with a span of our own; a new trace when there is none, or a bad one."""
    span = secrets.token_hex(8)
    if TRACE_PARENT.fullmatch(parent):
        return TraceContext(f"{parent[:36]}{span}{parent[-3:]}", state)
    return TraceContext(f"00-{secrets.token_hex(16)}-{span}-01", "")
