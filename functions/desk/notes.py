"""What agents do beside talking: private notes, and signs that they type."""

from typing import Annotated

from pydantic import Field, StringConstraints

from functions.conversations.model import StoredMessage
from functions.delivery.outgoing import enqueue
from functions.desk.call import Body, Call, Nothing, Reply
from functions.desk.idempotency import key_of
from functions.services import Services


class NewNote(Body):
    """A private message: only agents read it, in the conversation's messages as the kind `note`.

    It is never delivered, and never shown to a customer.
    """

    text: Annotated[str, StringConstraints(strip_whitespace=True, min_length=1)] = Field(max_length=20_000)


async def post_note(call: Call[Nothing, NewNote], services: Services) -> Reply[StoredMessage]:
    """Keep a private note in the conversation, for agents only: 201 when it is new, 200 when repeated."""
    conversation, key = call.parameters["id"], key_of(call.headers)
    message, created = await services.threads.note(
        conversation, call.body.text, key=key, agent=call.caller.id
    )
    location = f"/api/conversations/{conversation}/messages/{message.id}"
    return Reply(message, 201 if created else 200, {"Location": location})


async def post_typing(call: Call[Nothing, Nothing], services: Services) -> Reply[Nothing]:
    """Tell the customer that the agent types: at most once in 3 seconds, where the channel shows it.

    It is a hint: nothing is stored, and nobody learns whether it arrived.
    """
    news = await services.threads.agent_types(call.parameters["id"])
    await enqueue(services.outbox, [news])
    return Reply(Nothing(), 202)
