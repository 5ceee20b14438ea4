"""One invocation: decode the trigger, call the function within its time, check and collect what it gives.

An async function runs on the host's event loop, another one in a thread pool of the size that
`PYTHON_THREADPOOL_THREAD_COUNT` says, as in Microsoft's worker.
"""

import asyncio
import contextvars
import logging
import os
import time
import traceback
import uuid
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

from azure.functions.meta import Datum

from local.host.context import Context, Out, TraceContext
from local.host.converters import converter
from local.host.spec import RETURN, FunctionSpec

LOG = logging.getLogger("monikanava.host")


class InvocationFailed(Exception):
    """The function raised, took too long, or gave what its bindings do not allow; it is logged already."""


class Invoker:
    """Runs functions. `timeout` is in seconds, None without limit.

    At the time-out an async function is cancelled. The real host restarts its worker instead, which
    ends every invocation in flight; here the others go on. A thread cannot be cancelled: a sync
    function counts as failed, but holds its place in the pool until it returns.
    """

    def __init__(self, app_dir: Path, timeout: float | None) -> None:
        self._directory = str(app_dir)
        self._timeout = timeout
        count = os.environ.get("PYTHON_THREADPOOL_THREAD_COUNT")
        self._threads = ThreadPoolExecutor(int(count) if count else None, "function")

    async def invoke(
        self, spec: FunctionSpec, data: Datum, metadata: Mapping[str, Datum], trace: TraceContext
    ) -> Datum | None:
        """Call the function and give its encoded HTTP output, if it has one.

        Raises InvocationFailed, and logs the outcome: ids and times, never what was in the trigger.
        """
        invocation, started = str(uuid.uuid4()), time.perf_counter()
        result = "failed"
        try:
            answer = await self._run(spec, data, metadata, invocation, trace)
            result = "succeeded"
        except asyncio.CancelledError:
            result = "cancelled"
            raise
        except Exception as error:
            LOG.error("%s %s %s\n%s", spec.name, invocation, type(error).__qualname__, _where(error))
            raise InvocationFailed(spec.name) from error
        finally:
            LOG.info(
                "%s %s %s %.0f ms", spec.name, invocation, result, (time.perf_counter() - started) * 1000
            )
        return answer

    def close(self) -> None:
        """Take no more work; does not wait for threads that run on after their time-out."""
        self._threads.shutdown(wait=False, cancel_futures=True)

    async def _run(
        self,
        spec: FunctionSpec,
        data: Datum,
        metadata: Mapping[str, Datum],
        invocation: str,
        trace: TraceContext,
    ) -> Datum | None:
        decoder = converter(spec.trigger.type)
        arguments: dict[str, Any] = {spec.trigger.name: decoder.decode(data, trigger_metadata=metadata)}
        outs = {name: Out() for name in spec.outputs - {RETURN}}
        arguments.update(outs)
        if spec.takes_context:
            arguments["context"] = Context(spec.name, self._directory, invocation, trace)
        async with asyncio.timeout(self._timeout):
            returned = await self._call(spec, arguments)
        return _output(spec, returned, outs)

    async def _call(self, spec: FunctionSpec, arguments: dict[str, Any]) -> Any:
        if spec.is_async:
            return await spec.call(**arguments)
        loop, context = asyncio.get_running_loop(), contextvars.copy_context()
        return await loop.run_in_executor(self._threads, lambda: context.run(spec.call, **arguments))


def _output(spec: FunctionSpec, returned: Any, outs: Mapping[str, Out]) -> Datum | None:
    if returned is not None and RETURN not in spec.outputs:
        raise TypeError("returned a value without a $return binding")
    values = [returned, *(out.get() for out in outs.values())]
    value = next((each for each in values if each is not None), None)
    if value is None:
        return None
    encoded: Datum = converter("http").encode(value, expected_type=None)
    return encoded


def _where(error: Exception) -> str:
    # The frames only: an error's own words often quote the body that it could not handle.
    frames = traceback.extract_tb(error.__traceback__)
    return "\n".join(f"  {frame.filename}:{frame.lineno} {frame.name}" for frame in frames)
