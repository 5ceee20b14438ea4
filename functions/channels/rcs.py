"""RCS for Business at Google: an agent's conversations with phone numbers.

Follows https://developers.google.com/business-communications/rcs-business-messaging/guides/integrate/webhooks
and https://developers.google.com/business-communications/rcs-business-messaging/reference/rest/v1/phones.agentMessages/create.
"""

from collections.abc import Iterable, Iterator
from dataclasses import replace
from datetime import datetime
from urllib.parse import quote, urlencode
from uuid import NAMESPACE_URL, uuid5

from pydantic import Field, JsonValue

from functions.channels import rules
from functions.channels.contract import (
    FOREVER,
    Account,
    Answer,
    Call,
    Capabilities,
    Outcome,
    Refused,
    Request,
    Response,
    Sent,
    Standing,
    Step,
    Token,
)
from functions.channels.text import split
from functions.errors import NotDeliverable
from functions.message import Attachment, AttachmentKind, Choice, Delivery, Event, Inbound, Outbound
from functions.providers import google
from functions.providers.answers import UNNAMED, by_status, retry_after
from functions.providers.google.event import Agent, item
from functions.providers.payload import child, read_answer, text
from functions.providers.settings import ApiBase, Secret, Settings

SCOPE = "https://www.googleapis.com/auth/rcsbusinessmessaging"
TITLE_LIMIT = 25  # characters of a suggested reply
PAYLOAD_LIMIT = 2048

_KINDS = (AttachmentKind.IMAGE, AttachmentKind.AUDIO, AttachmentKind.VIDEO, AttachmentKind.FILE)
_REASONS = {
    400: "Google does not accept a value of the message",
    401: "Google does not accept the access token",
    403: "the service account may not send for this agent, or the agent is not launched there",
    404: "the number has no RCS, or the agent may not write to it: try SMS",
    429: "Google asks to send more slowly",
}


class RcsSettings(Settings):
    """An agent; `client_token` is the secret of its webhook; `service_account` is Google's key file, whole.

    `agent_id` is what stands before `@rbm.goog`; `api_base` is that of the region where the agent is
    registered (us, europe or asia).
    """

    agent_id: str = Field(pattern=r"^[A-Za-z0-9_.-]{1,128}$")
    client_token: Secret
    service_account: google.KeyFile
    api_base: ApiBase = "https://europe-rcsbusinessmessaging.googleapis.com"
    token_base: ApiBase = "https://oauth2.googleapis.com"  # noqa: S105 (an address)


class Rcs:
    """RCS at Google."""

    channel = "rcs"
    provider = "google"
    Settings = RcsSettings
    capabilities = Capabilities(
        address="agent_id",
        text_limit=3072,
        body_limit=1024 * 1024,
        attachments=dict.fromkeys(_KINDS, 100_000_000),
        choices=11,
        receipts=frozenset({Delivery.DELIVERED, Delivery.READ, Delivery.FAILED}),
        events=frozenset({Event.TYPING}),
        idempotent=FOREVER,
    )

    def setup(self, account: Account[RcsSettings]) -> list[Step]:
        """List the webhook's URL and client token."""
        where = "Business Communications Developer Console: the agent > Integrations > Webhook"
        return [
            Step(where, "Webhook endpoint URL", account.callback),
            Step(where, "Client token", account.settings.client_token.get_secret_value()),
        ]

    def api_base(self, account: Account[RcsSettings]) -> str:
        """Give the API's address, closed by a slash."""
        return account.settings.api_base + "/"

    def handshake(self, request: Request, account: Account[RcsSettings]) -> Response | None:
        """Give the secret back; raises Forbidden when the client token is wrong."""
        return google.handshake(request, account.settings.client_token)

    def authenticate(self, request: Request, account: Account[RcsSettings]) -> None:
        """Check X-Goog-Signature over the decoded data; raises NotAuthentic."""
        google.authenticate(request, account.settings.client_token)

    def parse(self, request: Request, account: Account[RcsSettings]) -> Iterator[Inbound]:
        """Yield the one item; raises Invalid when the data is no JSON object."""
        agent = Agent(self.channel, account.id, account.settings.agent_id, request.received_at)
        yield item(google.data(request.body), agent)

    def acknowledge(self, items: Iterable[Inbound]) -> Response:
        """Answer 200, the only status that ends Google's repetitions."""
        return Response(200)

    def token_base(self, account: Account[RcsSettings]) -> str:
        """Give the token endpoint's address, closed by a slash."""
        return account.settings.token_base + "/"

    def token_call(self, account: Account[RcsSettings], now: datetime, renew: bool) -> Call:
        """Ask for an access token in the service account's name."""
        settings = account.settings
        return google.token_call(settings.token_base, settings.service_account, SCOPE, now)

    def token(self, answer: Answer) -> Token | Refused:
        """Read the token endpoint's answer."""
        return google.token(answer)

    def authorised(self, call: Call, token: str) -> Call:
        """Put the token in the header."""
        return replace(call, headers={**call.headers, "Authorization": f"Bearer {token}"})

    def media_hosts(self, account: Account[RcsSettings]) -> tuple[str, ...]:
        """Google's own hosts."""
        return ("googleapis.com", "googleusercontent.com", account.settings.api_base)

    def media_call(self, reference: str, account: Account[RcsSettings], now: datetime) -> Call | None:
        """Get the address as it is: whoever has it may read it, until it expires."""
        return Call(reference, method="GET")

    def render(self, outbound: Outbound, account: Account[RcsSettings], standing: Standing) -> list[Call]:
        """Send text parts, then each attachment; suggested replies go with the last.

        The message id is derived from ours: Google ignores a message whose id it has seen.
        """
        rules.check(outbound, self.capabilities, standing)
        phone = f"{account.settings.api_base}/v1/phones/{quote(outbound.recipient, safe='+')}"
        if outbound.event:
            query = _query(outbound, account, 0, "eventId")
            return [Call(url=f"{phone}/agentEvents?{query}", json={"eventType": "IS_TYPING"})]
        contents: list[dict[str, JsonValue]] = [
            {"text": part} for part in split(outbound.text, self.capabilities.text_limit)
        ]
        contents += [{"contentInfo": _content(attachment)} for attachment in outbound.attachments]
        if outbound.choices:
            contents[-1]["suggestions"] = [_suggestion(choice) for choice in outbound.choices]
        return [
            Call(
                url=f"{phone}/agentMessages?{_query(outbound, account, index)}", json={"contentMessage": one}
            )
            for index, one in enumerate(contents)
        ]

    def receipt(self, answer: Answer) -> Outcome:
        """Read the API's answer. Google's own sentence is left out: it may quote the number."""
        content = read_answer(answer.body)
        if answer.status < 300 and "error" not in child(content):
            name = text(content, "name").rpartition("/agentMessages/")[2]
            return Sent(name) if name else UNNAMED
        if answer.status not in _REASONS:
            return by_status("Google", answer)
        slower = answer.status == 429
        code = text(content, "error", "status") or str(answer.status)
        after = retry_after(answer) if slower else None
        return Refused(code, _REASONS[answer.status], slower, after, stale_token=answer.status == 401)


def _query(outbound: Outbound, account: Account[RcsSettings], index: int, named: str = "messageId") -> str:
    name = uuid5(NAMESPACE_URL, f"{outbound.id}#{index}")
    return urlencode({named: str(name), "agentId": account.settings.agent_id})


def _content(attachment: Attachment) -> JsonValue:
    return {"fileUrl": rules.web_address(attachment)}


def _suggestion(choice: Choice) -> JsonValue:
    if not 1 <= len(choice.title) <= TITLE_LIMIT or not 1 <= len(choice.payload) <= PAYLOAD_LIMIT:
        raise NotDeliverable(
            "choice-length",
            f"a suggested reply has 1 to {TITLE_LIMIT} characters, its payload 1 to {PAYLOAD_LIMIT}",
        )
    return {"reply": {"text": choice.title, "postbackData": choice.payload}}
