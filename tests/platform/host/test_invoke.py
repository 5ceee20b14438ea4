"""What one invocation does with time, threads and return values."""

import asyncio
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import azure.functions as func
import pytest
from azure.functions.meta import Datum

from local.host.context import trace_context
from local.host.invoke import InvocationFailed, Invoker
from local.host.spec import FunctionSpec, TimerTrigger

TIMER = TimerTrigger("timer", "0 * * * * *", run_on_startup=False)


async def run(call: Callable[..., Any], seconds: float | None = None) -> Datum | None:
    spec = FunctionSpec("f", call, TIMER, frozenset(), False, asyncio.iscoroutinefunction(call))
    invoker = Invoker(Path(), seconds)
    try:
        return await invoker.invoke(spec, Datum('{"IsPastDue": true}', "json"), {}, trace_context(""))
    finally:
        invoker.close()


async def test_a_sync_function_runs_in_a_thread_of_its_own() -> None:
    seen: list[object] = []

    def function(timer: func.TimerRequest) -> None:
        seen.extend([threading.current_thread() is threading.main_thread(), timer.past_due])

    assert await run(function) is None
    assert seen == [False, True]


async def test_a_value_without_a_return_binding_is_a_failure() -> None:
    async def function(timer: func.TimerRequest) -> str:
        return "to nobody"

    with pytest.raises(InvocationFailed):
        await run(function)


async def test_a_time_out_is_a_failure_and_cancels() -> None:
    cancelled = asyncio.Event()

    async def function(timer: func.TimerRequest) -> None:
        try:
            await asyncio.sleep(60)
        except asyncio.CancelledError:
            cancelled.set()
            raise

    with pytest.raises(InvocationFailed):
        await run(function, seconds=0.05)
    assert cancelled.is_set()


def test_a_trace_goes_on_and_a_bad_one_is_replaced() -> None:
    parent = f"00-{'1' * 32}-{'2' * 16}-00"
    ours = trace_context(parent, "vendor=1")
    assert (ours.trace_parent[:36], ours.trace_parent[-2:], ours.trace_state) == (
        parent[:36],
        "00",
        "vendor=1",
    )
    assert ours.trace_parent != parent
    for bad in ("", "00-1-2-01", f"00-{'0' * 32}-{'2' * 16}-00"):
        assert trace_context(bad).trace_parent.endswith("-01")
