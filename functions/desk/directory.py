"""Where work can be: the workstreams whose inboxes agents read, and the agent queues they transfer to."""

from functions.configuration.document import AgentQueue
from functions.configuration.live import Live
from functions.desk.call import Call, Nothing, Reply
from functions.message import Model
from functions.routing.hours import Hours
from functions.services import Services


class WorkstreamView(Model):
    """A workstream without its rules."""

    id: str
    name: str
    agent_queue: str


class WorkstreamList(Model):
    """All workstreams: their number is the configuration's, so there are no pages."""

    items: tuple[WorkstreamView, ...]


class AgentQueueView(Model):
    """An agent queue; `open`: it is within its operating hours now."""

    id: str
    name: str
    open: bool


class AgentQueueList(Model):
    """All agent queues."""

    items: tuple[AgentQueueView, ...]


async def list_workstreams(call: Call[Nothing, Nothing], services: Services) -> Reply[WorkstreamList]:
    """List the workstreams: each has an inbox of its own."""
    found = (await services.configurations.current()).document.workstreams
    items = tuple(WorkstreamView(id=one.id, name=one.name, agent_queue=one.agent_queue) for one in found)
    return Reply(WorkstreamList(items=items))


async def list_agent_queues(call: Call[Nothing, Nothing], services: Services) -> Reply[AgentQueueList]:
    """List the agent queues, and whether each is open now."""
    live = await services.configurations.current()
    items = tuple(
        AgentQueueView(id=one.id, name=one.name, open=_open(one, live, services))
        for one in live.document.agent_queues
    )
    return Reply(AgentQueueList(items=items))


def _open(queue: AgentQueue, live: Live, services: Services) -> bool:
    named = (one for one in live.document.operating_hours if one.id == queue.hours)
    hours = Hours.of(next(named, None))
    return hours.is_open(services.clock().astimezone(hours.zone))
