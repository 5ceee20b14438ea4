"""Facts: what a conversation is routed by, gathered once and then only looked at."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from functions.conversations.model import Relation
from functions.identity.identities import Identity
from functions.identity.matching import Match
from functions.message import Inbound

LONGEST = 4_000  # characters of a text that conditions look at


@dataclass(frozen=True, slots=True)
class Facts:
    """The fields of the first message, its sender and the linked record; what is empty is left out."""

    account: str
    fields: Mapping[str, str]
    now: datetime

    @staticmethod
    def of(inbound: Inbound, identity: Identity, match: Match, now: datetime) -> "Facts":
        """Gather them; `now` is an aware time."""
        fields = {
            "channel": inbound.channel,
            "provider": inbound.provider,
            "account": inbound.account,
            **_message(inbound),
            **_customer(identity),
            **_linked(match),
            **{f"context.{name}": value for name, value in inbound.context.items()},
        }
        return Facts(inbound.account, {name: text[:LONGEST] for name, text in fields.items() if text}, now)


def _message(inbound: Inbound) -> dict[str, str]:
    return {
        "message.text": inbound.text,
        "message.kind": inbound.kind.value,
        "message.payload": inbound.payload,
        "message.attachments": " ".join(attachment.kind for attachment in inbound.attachments),
    }


def _customer(identity: Identity) -> dict[str, str]:
    return {
        f"customer.{name}": str(getattr(identity, name))
        for name in ("id", "name", "phone", "email", "locale")
    }


def _linked(match: Match) -> dict[str, str]:
    """Give the customer's record and its case: their attributes, and over them what they are."""
    found: dict[str, str] = {}
    for link in match.links:
        told = {"entity": link.entity, "id": link.id, "name": link.name}
        if link.relation is Relation.CUSTOMER:
            own = {name: text for name, text in match.attributes.items() if not name.startswith("case.")}
            found |= {f"linked.{name}": text for name, text in {**own, **told}.items()}
        elif link.relation is Relation.CASE:
            case = {**_owned(match.case), **match.case, **told}
            found |= {f"linked.case.{name}": text for name, text in case.items()}
    return found


def _owned(case: Mapping[str, str]) -> dict[str, str]:
    """Give owner and queue where a record's own system calls them ownerid and queueid."""
    columns = {
        "owner": "ownerid",
        "owner.name": "ownerid.name",
        "queue": "queueid",
        "queue.name": "queueid.name",
    }
    return {name: case[column] for name, column in columns.items() if column in case}
