"""Timer triggers: NCRONTAB schedules in UTC.

https://learn.microsoft.com/azure/azure-functions/functions-bindings-timer. `use_monitor` is ignored:
what was due while the host was down is not made up for.
"""

import asyncio
import json
import logging
from collections.abc import Iterable
from datetime import UTC, datetime

from azure.functions.meta import Datum
from croniter import croniter

from local.host.context import trace_context
from local.host.invoke import InvocationFailed, Invoker
from local.host.settings import ConfigurationError
from local.host.spec import FunctionSpec, TimerTrigger

LOG = logging.getLogger("monikanava.host")
LATE = 1.0  # seconds after which an occurrence is told as past due


class Timers:
    """Runs the timer functions of an app; one function never overlaps itself.

    Raises ConfigurationError for a schedule that is not NCRONTAB (six fields, or five without seconds).
    """

    def __init__(self, specs: Iterable[FunctionSpec], invoker: Invoker) -> None:
        self._invoker = invoker
        self._timers = [(spec, spec.trigger) for spec in specs if isinstance(spec.trigger, TimerTrigger)]
        self._tasks: list[asyncio.Task[None]] = []
        self._running: set[asyncio.Task[None]] = set()
        for spec, trigger in self._timers:
            _check(spec.name, trigger.schedule)

    def start(self) -> None:
        """Run what runs on start-up, and wait for the rest."""
        self._tasks = [asyncio.create_task(self._tick(spec, trigger)) for spec, trigger in self._timers]

    async def stop(self) -> None:
        """Start nothing more, and wait for what runs."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        await asyncio.gather(*self._running)

    async def _tick(self, spec: FunctionSpec, trigger: TimerTrigger) -> None:
        last = datetime.now(UTC)
        if trigger.run_on_startup:
            await self._run(spec, trigger, last, past_due=False)
        while True:
            due = occurrence(trigger.schedule, max(last, datetime.now(UTC)))
            await asyncio.sleep(max(0.0, (due - datetime.now(UTC)).total_seconds()))
            late = (datetime.now(UTC) - due).total_seconds()
            await self._run(spec, trigger, due, past_due=late > LATE)
            last = due

    async def _run(self, spec: FunctionSpec, trigger: TimerTrigger, due: datetime, past_due: bool) -> None:
        # A task of its own, so that stopping the schedule does not stop what it has started.
        task = asyncio.create_task(self._invoke(spec, trigger, due, past_due))
        self._running.add(task)
        task.add_done_callback(self._running.discard)
        await asyncio.shield(task)

    async def _invoke(self, spec: FunctionSpec, trigger: TimerTrigger, due: datetime, past_due: bool) -> None:
        status = {
            "Last": due.isoformat(),
            "Next": occurrence(trigger.schedule, due).isoformat(),
            "LastUpdated": due.isoformat(),
        }
        info = {"Schedule": {"AdjustForDST": True}, "ScheduleStatus": status, "IsPastDue": past_due}
        try:
            await self._invoker.invoke(spec, Datum(json.dumps(info), "json"), {}, trace_context(""))
        except InvocationFailed:
            return  # logged; the next occurrence is another chance


def occurrence(schedule: str, after: datetime) -> datetime:
    """Give the first time of the schedule after a moment."""
    seconds_first = len(schedule.split()) == 6
    due: datetime = croniter(schedule, after, second_at_beginning=seconds_first).get_next(datetime)
    return due


def _check(name: str, schedule: str) -> None:
    seconds_first = len(schedule.split()) == 6
    if not croniter.is_valid(schedule, second_at_beginning=seconds_first):
        raise ConfigurationError(f"{name}: {schedule!r} is not a schedule such as 0 */5 * * * *")
