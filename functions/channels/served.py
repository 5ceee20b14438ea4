"""The base of adapters whose clients call us: `functions.serving` answers them, so there is no webhook."""

from collections.abc import Iterable, Iterator
from typing import Any

from functions.channels.contract import Account, Answer, Outcome, Refused, Request, Response
from functions.errors import NotAuthentic
from functions.message import Inbound


class Served:
    """What the contract asks of webhooks and send APIs, for a channel that has neither."""

    def api_base(self, account: Account[Any]) -> str:
        """Give nothing: no provider is called."""
        return ""

    def handshake(self, request: Request, account: Account[Any]) -> Response | None:
        """Know no proof of ownership: the account is ours."""
        return None

    def authenticate(self, request: Request, account: Account[Any]) -> None:
        """Refuse: nothing comes as a webhook."""
        raise NotAuthentic("this channel takes no webhooks")

    def parse(self, request: Request, account: Account[Any]) -> Iterator[Inbound]:
        """Yield nothing: the server makes the items."""
        return iter(())

    def acknowledge(self, items: Iterable[Inbound]) -> Response:
        """Answer 200."""
        return Response()

    def receipt(self, answer: Answer) -> Outcome:
        """Refuse: there was no call that could be answered."""
        return Refused("no-api", "this channel has no send API", retryable=False)
