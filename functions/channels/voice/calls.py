"""What accounts of calls share, whoever carries them."""

from pydantic import Field

from functions.channels.contract import Account, Call, Capabilities, Standing
from functions.channels.served import Served
from functions.errors import NotDeliverable
from functions.message import Model, Outbound
from functions.providers.settings import Settings

BODY_LIMIT = 256 * 1024  # bytes of a webhook


class CallSettings(Settings):
    """A number of ours, and which of the configuration's call flows its calls go through."""

    number: str = Field(pattern=r"^\+[1-9][0-9]{1,14}$")
    flow: str = Field(min_length=1)


class Calling(Served):
    """A channel on which nothing is written: an agent speaks, or calls back."""

    capabilities = Capabilities(text_limit=0, body_limit=BODY_LIMIT, attachments={}, address="number")

    def render(self, outbound: Outbound, account: Account[Model], standing: Standing) -> list[Call]:
        """Refuse what is written; raises NotDeliverable."""
        if outbound.event:
            return []
        raise NotDeliverable("voice", "a call cannot be answered in writing: take it, or call back")
