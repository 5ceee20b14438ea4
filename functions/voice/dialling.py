"""What a server of calls can do besides answering: call somebody, and end a call."""

from typing import TYPE_CHECKING, Any, Protocol, runtime_checkable

from functions.channels.contract import Account

if TYPE_CHECKING:
    from functions.voice.model import Call


@runtime_checkable
class Dialling(Protocol):
    """A provider's way to call. What comes of it is told by its webhooks, as with a customer's call."""

    async def watch(self, account: Account[Any], call: "Call") -> None:
        """See to it that a call which is about to be kept ends, even if we never come to dial it."""

    async def dial(self, account: Account[Any], call: "Call") -> str:
        """Call the customer, from the account's number; give the provider's id of the call.

        Raises NotDeliverable when the provider refuses it, Unavailable when it was not reached, and Unknown
        (of `delivery.caller`) when nobody knows whether it rings.
        """

    async def hang_up(self, account: Account[Any], call: "Call") -> None:
        """End a call; one that is over already is well. Raises as `dial`."""
