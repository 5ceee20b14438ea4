"""What is known of a thread while a batch is folded into it: a value, of which every step makes a new one."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from functions.conversations.layout import Place, place
from functions.conversations.model import Conversation, StoredMessage
from functions.message import Receipt


@dataclass(frozen=True, slots=True)
class Thread:
    """The part of a partition that a batch needs, and then what the batch made of it.

    `names` leads from a provider's message id to our message's id; `receipts` came before the message that
    they are about; `taken` leads from an Inbound.id to the message it became (empty: to none).
    """

    key: str
    heads: Mapping[int, Conversation] = field(default_factory=dict)
    messages: Mapping[str, StoredMessage] = field(default_factory=dict)
    names: Mapping[str, str] = field(default_factory=dict)
    receipts: Mapping[str, Receipt] = field(default_factory=dict)
    taken: Mapping[str, str] = field(default_factory=dict)

    @property
    def head(self) -> Conversation | None:
        """The newest conversation."""
        return self.heads[max(self.heads)] if self.heads else None

    @property
    def next_place(self) -> Place:
        """Where the next conversation will lie."""
        return Place(self.key, max(self.heads, default=0) + 1)

    def named(self, provider_id: str) -> StoredMessage | None:
        """Find a message by the provider's id."""
        return self.messages.get(self.names.get(provider_id, ""))

    def with_head(self, head: Conversation) -> "Thread":
        """Put a head in its place."""
        return replace(self, heads={**self.heads, place(head.id).number: head})

    def with_message(self, message: StoredMessage, *names: str) -> "Thread":
        """Put a message in its place, to be found under these provider's ids too."""
        return replace(
            self,
            messages={**self.messages, message.id: message},
            names={**self.names, **dict.fromkeys(filter(None, names), message.id)},
        )

    def with_receipt(self, receipt: Receipt) -> "Thread":
        """Keep a receipt for a message that is not known yet; the furthest one counts."""
        former = self.receipts.get(receipt.message)
        if former and former.state.rank >= receipt.state.rank:
            return self
        return replace(self, receipts={**self.receipts, receipt.message: receipt})

    def with_taken(self, item: str, message: str) -> "Thread":
        """Note that an inbound item was taken, and which message it became."""
        return replace(self, taken={**self.taken, item: message})
