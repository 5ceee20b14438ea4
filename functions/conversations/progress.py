"""How far a message of ours has come, from the provider's answers and receipts, in whatever order they come.

A message may take several calls, each with a provider's id of its own. `part_delivery` has the state of
each; the entry `PENDING` stands for the calls that have no outcome yet. The message is as far as its
slowest part, and failed if one failed.
"""

from collections.abc import Iterable, Mapping

from functions.conversations.model import Conversation, StoredMessage
from functions.message import Delivery, Receipt

PENDING = ""
TAKEN = frozenset({Delivery.SENT, Delivery.DELIVERED})


def noted(
    message: StoredMessage, part: str, state: Delivery, code: str = "", reason: str = ""
) -> StoredMessage:
    """Note the state of one part; a lower one than it has changes nothing, nor an outcome already known."""
    before = _states(message)
    unchanged = part in before and state.rank <= before[part].rank
    if unchanged or (part == PENDING and PENDING not in before):
        return message
    return _with(message, {**before, part: state}, code, reason)


def reported(message: StoredMessage, receipt: Receipt) -> StoredMessage:
    """Note a provider's receipt."""
    return noted(message, receipt.message, receipt.state, receipt.code, receipt.reason)


def part_taken(message: StoredMessage, part: str) -> StoredMessage:
    """Note that the provider took one of several calls; further ones are to come."""
    if part in message.parts:
        return message
    return noted(_named(message, (*message.parts, part)), part, Delivery.SENT)


def requeued(message: StoredMessage) -> StoredMessage:
    """Forget that calls failed: they are to be made again, those of the parts that were taken are not."""
    states = {part: state for part, state in _states(message).items() if state is not Delivery.FAILED}
    changes: dict[str, object] = {"delivery": Delivery.QUEUED, "delivery_code": "", "delivery_reason": ""}
    return message.model_copy(update={**changes, "part_delivery": {**states, PENDING: Delivery.QUEUED}})


def all_taken(message: StoredMessage, parts: Iterable[str]) -> StoredMessage:
    """Note that the provider took every call, under these ids."""
    before, ids = _states(message), tuple(dict.fromkeys((*message.parts, *parts)))
    states = {part: furthest(before.get(part), Delivery.SENT) for part in ids}
    return _with(_named(message, ids), states or {PENDING: Delivery.SENT}, "", "")


def seen_until(message: StoredMessage, head: Conversation) -> StoredMessage:
    """Apply the provider's watermarks to a message that it took; nothing is written."""
    if message.delivery not in TAKEN:
        return message
    # What took no call, the customer's client reads from us: it was there as soon as it was recorded.
    sent_at = message.sent_at if message.parts else None
    at = message.attempted_at or sent_at or message.received_at
    for state, until in ((Delivery.READ, head.read_until), (Delivery.DELIVERED, head.delivered_until)):
        if until is not None and at <= until:
            return message.model_copy(update={"delivery": furthest(message.delivery, state)})
    return message


def furthest(one: Delivery | None, other: Delivery) -> Delivery:
    """Give the state of the higher rank."""
    return other if one is None or other.rank > one.rank else one


def _states(message: StoredMessage) -> Mapping[str, Delivery]:
    return message.part_delivery or {PENDING: message.delivery or Delivery.QUEUED}


def _named(message: StoredMessage, parts: tuple[str, ...]) -> StoredMessage:
    return message.model_copy(update={"parts": parts, "provider_message_id": parts[0] if parts else ""})


def _with(message: StoredMessage, states: Mapping[str, Delivery], code: str, reason: str) -> StoredMessage:
    slowest = min(states.values(), key=lambda state: state.rank)
    combined = Delivery.FAILED if Delivery.FAILED in states.values() else slowest
    delivery = furthest(message.delivery, combined)
    changes: dict[str, object] = {"part_delivery": states, "delivery": delivery}
    if delivery not in (Delivery.FAILED, Delivery.UNCERTAIN):
        changes |= {"delivery_code": "", "delivery_reason": ""}
    elif code or reason:
        changes |= {"delivery_code": code, "delivery_reason": reason}
    return message.model_copy(update=changes)
