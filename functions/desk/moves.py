"""An agent's hand on a conversation: taken, transferred, ended, closed; and what its customer is told of it.

Each of them may be repeated by a caller who got no answer: a conversation stays as it is in the state that it
is in already, and news that may not have reached their queue are put there again.
"""

from typing import Any

from pydantic import Field

from functions.configuration.parts import Name
from functions.conversations.model import Conversation, State
from functions.conversations.threads import Moved
from functions.delivery.outgoing import enqueue
from functions.desk.call import Body, Call, Nothing, Reply
from functions.errors import Invalid
from functions.services import Services


class StateChange(Body):
    """The state to move to, and why."""

    state: State
    reason: str = Field(default="", max_length=500)


class Close(Body):
    """Why it is closed: for agents, customers are not told."""

    reason: str = Field(default="", max_length=500)


class Transfer(Body):
    """The agent queue whose agents shall have it, and why: for them, customers are not told."""

    agent_queue: Name
    reason: str = Field(default="", max_length=400)


async def accept_conversation(call: Call[Nothing, Nothing], services: Services) -> Reply[Conversation]:
    """Take an open or waiting conversation; Conflict when another agent has it."""
    moved = await services.threads.accept(call.parameters["id"], call.caller.id)
    return await _announced(moved, call, services)


async def end_conversation(call: Call[Nothing, Nothing], services: Services) -> Reply[Conversation]:
    """End the talk of an active conversation: what is left is wrap-up, the agent's own notes."""
    return await _to(State.WRAP_UP, "", call, services)


async def close_conversation(call: Call[Nothing, Close], services: Services) -> Reply[Conversation]:
    """Close a conversation for good; the customer's next message starts a new one."""
    return await _to(State.CLOSED, call.body.reason, call, services)


async def transfer_conversation(call: Call[Nothing, Transfer], services: Services) -> Reply[Conversation]:
    """Have a conversation wait in another agent queue, for whoever takes it there."""
    queue, live = call.body.agent_queue, await services.configurations.current()
    if all(pool.id != queue for pool in live.document.agent_queues):
        raise Invalid(f"there is no agent queue {queue!r}")
    moved = await services.threads.transfer(
        call.parameters["id"], queue, agent=call.caller.id, reason=call.body.reason
    )
    return await _announced(moved, call, services)


async def change_state(call: Call[Nothing, StateChange], services: Services) -> Reply[Conversation]:
    """Move a conversation to another state; Conflict where the state machine does not allow it."""
    return await _to(call.body.state, call.body.reason, call, services)


async def _to(state: State, reason: str, call: Call[Any, Any], services: Services) -> Reply[Conversation]:
    conversation = call.parameters["id"]
    moved = await services.threads.transition(conversation, state, agent=call.caller.id, reason=reason)
    return await _announced(moved, call, services)


async def _announced(moved: Moved, call: Call[Any, Any], services: Services) -> Reply[Conversation]:
    await enqueue(services.outbox, [moved.news])
    return Reply(moved.conversation)
