"""What the configuration says of a call: its flow, the hours, and where an agent queue's calls go."""

from datetime import datetime, timedelta

from functions.configuration.callflows import CallFlow
from functions.configuration.document import Document
from functions.routing.hours import Hours
from functions.voice.step import Standing

SLACK = timedelta(minutes=2)  # in which a provider tells us again what we could not keep
MUSIC = timedelta(minutes=10)  # a piece may be longer than it should be
PLAIN = CallFlow(id="plain", languages=("en-US",), greeting="")  # of an account whose flow is gone


def flow(document: Document, name: str) -> CallFlow:
    """Find a flow; one that is no more leaves its calls a plain line."""
    return next((flow for flow in document.call_flows if flow.id == name), PLAIN)


def standing(document: Document, plan: CallFlow, queue: str, position: int, now: datetime) -> Standing:
    """Give how things stand for a call: before it is routed the flow's hours count, then its queue's."""
    if not queue:
        return Standing(open=_open(document, plan.hours or "", now))
    pool = next((pool for pool in document.agent_queues if pool.id == queue), None)
    return Standing(
        open=_open(document, (pool.hours if pool else None) or "", now),
        agent_queue=queue,
        target=(pool.target if pool else None) or "",
        position=position,
    )


def patience(plan: CallFlow) -> timedelta:
    """Give how long nothing may be heard of a caller in the line: while an agent is rung, or music plays."""
    step = timedelta(seconds=max(plan.queue.seconds, plan.no_answer_seconds))
    return step + SLACK + (MUSIC if plan.queue.music else timedelta())


def _open(document: Document, hours: str, now: datetime) -> bool:
    found = next((one for one in document.operating_hours if one.id == hours), None)
    compiled = Hours.of(found)
    return compiled.is_open(now.astimezone(compiled.zone))
