"""Google's Business Messages: gone since 2024-07-31. Who still calls, or writes, is told so.

Follows https://developers.google.com/business-communications/business-messages. RCS for Business (`rcs`) is
what Google offers instead.
"""

from collections.abc import Iterable, Iterator
from datetime import date
from typing import NoReturn

from functions.channels.contract import (
    Account,
    Answer,
    Call,
    Capabilities,
    Outcome,
    Refused,
    Request,
    Response,
    Standing,
    Step,
)
from functions.errors import Gone, NotDeliverable
from functions.message import Inbound, Outbound
from functions.providers.settings import Settings

REASON = "Google ended Business Messages on 2024-07-31: use RCS for Business instead"


class GoogleBusinessSettings(Settings):
    """What is left: the agent's id, so that old accounts can stay in the configuration."""

    agent_id: str


class GoogleBusinessMessages:
    """Business Messages at Google, in memory of it."""

    channel = "google"
    provider = "business-messages"
    Settings = GoogleBusinessSettings
    capabilities = Capabilities(
        address="agent_id",
        text_limit=3072,
        body_limit=64 * 1024,
        attachments={},
        retired_on=date(2024, 7, 31),
        methods=frozenset({"GET", "POST"}),
    )

    def setup(self, account: Account[GoogleBusinessSettings]) -> list[Step]:
        """List nothing: Google takes no webhook any more."""
        return []

    def api_base(self, account: Account[GoogleBusinessSettings]) -> str:
        """Give the address where the API was."""
        return "https://businessmessages.googleapis.com/"

    def handshake(self, request: Request, account: Account[GoogleBusinessSettings]) -> NoReturn:
        """Refuse every call of the webhook; raises Gone."""
        raise Gone(REASON)

    def authenticate(self, request: Request, account: Account[GoogleBusinessSettings]) -> NoReturn:
        """Refuse as the handshake does; raises Gone."""
        raise Gone(REASON)

    def parse(self, request: Request, account: Account[GoogleBusinessSettings]) -> Iterator[Inbound]:
        """Yield nothing."""
        return iter(())

    def acknowledge(self, items: Iterable[Inbound]) -> Response:
        """Answer 410."""
        return Response(Gone.status, REASON)

    def render(
        self, outbound: Outbound, account: Account[GoogleBusinessSettings], standing: Standing
    ) -> list[Call]:
        """Refuse every message; raises NotDeliverable."""
        raise NotDeliverable("retired", REASON)

    def receipt(self, answer: Answer) -> Outcome:
        """Read any answer as a refusal."""
        return Refused("retired", REASON, retryable=False)
