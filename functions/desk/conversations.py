"""Conversations and their messages: listed, read, moved from state to state."""

from collections.abc import Mapping

from pydantic import Field

from functions.configuration.parts import Name
from functions.conversations.model import Conversation, State, StoredMessage
from functions.desk.call import Body, Call, Nothing, Reply
from functions.errors import NotFound
from functions.paging import Page
from functions.services import Services


class Paging(Body):
    """Which page: the cursor of the page before (none: the first), and how many items."""

    cursor: str | None = None
    limit: int = Field(default=50, ge=1, le=100)


class Inbox(Paging):
    """Whose conversations: of one workstream, in one state; of those, one agent queue's or one agent's.

    Where either is given, a page may hold fewer than `limit`, or none, and still have one after it.
    """

    workstream: Name
    state: State = State.OPEN
    agent_queue: Name | None = None
    agent: str | None = None

    def has(self, conversation: Conversation) -> bool:
        """Tell whether a conversation is of the agent queue and the agent that are asked for."""
        queues = self.agent_queue in (None, conversation.agent_queue)
        return queues and self.agent in (None, conversation.agent)


async def list_conversations(call: Call[Inbox, Nothing], services: Services) -> Reply[Page[Conversation]]:
    """List the conversations of a workstream in a state, newest first."""
    query = call.query
    page = await services.threads.inbox(query.workstream, query.state, query.cursor, query.limit)
    return Reply(Page(items=tuple(filter(query.has, page.items)), cursor=page.cursor))


async def list_agent_conversations(
    call: Call[Paging, Nothing], services: Services
) -> Reply[Page[Conversation]]:
    """List what an agent has and has not closed, of all workstreams, newest first; `me` is the caller."""
    agent = call.parameters["agent"]
    who = call.caller.id if agent == "me" else agent
    return Reply(await services.threads.of_agent(who, call.query.cursor, call.query.limit))


async def get_conversation(call: Call[Nothing, Nothing], services: Services) -> Reply[Conversation]:
    """Give one conversation with its links and its routing decision."""
    return Reply(await services.threads.conversation(call.parameters["id"]))


async def list_messages(call: Call[Paging, Nothing], services: Services) -> Reply[Page[StoredMessage]]:
    """List what was said, in order."""
    conversation, query = call.parameters["id"], call.query
    return Reply(await services.threads.messages(conversation, query.cursor, query.limit))


async def get_message(call: Call[Nothing, Nothing], services: Services) -> Reply[StoredMessage]:
    """Give one message, for instance to see how far a reply has come."""
    return Reply(await message_of(call.parameters, services))


async def message_of(parameters: Mapping[str, str], services: Services) -> StoredMessage:
    """Read the message that a path names; raises NotFound, also for one of another conversation."""
    message = await services.threads.message(parameters["message"])
    if message.conversation != parameters["id"]:
        raise NotFound("the conversation has no such message")
    return message
