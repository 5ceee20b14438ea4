"""Apple Messages for Business: conversations that only the customer can open.

Follows https://register.apple.com/resources/messages/msp-rest-api. Apple's token proves who calls, and
nothing of the body: what protects that is TLS, and that nobody else knows the API secret.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import date, datetime
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
)
from functions.channels.text import split
from functions.errors import NotAuthentic, NotDeliverable
from functions.message import AttachmentKind, Inbound, Outbound
from functions.providers.answers import by_status
from functions.providers.apple import media, token
from functions.providers.apple.message import Business, items
from functions.providers.settings import ApiBase, Base64Secret, Settings
from functions.providers.signatures import header, same

CHOICES = range(2, 6)
EXTENSION = (
    "com.apple.messages.MSMessageExtensionBalloonPlugin:0000000000:"
    "com.apple.icloud.apps.messages.business.extension"
)
_LINKED = (
    AttachmentKind.IMAGE,
    AttachmentKind.AUDIO,
    AttachmentKind.VIDEO,
    AttachmentKind.FILE,
    AttachmentKind.LINK,
)
_REASONS = {
    400: "Apple does not accept a value of the message",
    401: "Apple does not accept our token: check the MSP id and the API secret",
    403: "the business may not write to this customer",
    404: "the customer has closed the conversation, or Apple does not know the business",
    410: "the customer has closed the conversation",
}


class AppleSettings(Settings):
    """The messaging service provider's id and secret, and the business account that it serves."""

    msp_id: str = Field(pattern=r"^[A-Za-z0-9-]{1,64}$")
    api_secret: Base64Secret
    business_id: str = Field(pattern=r"^[A-Za-z0-9:-]{1,128}$")
    api_base: ApiBase = "https://mspgw.push.apple.com"


class Apple:
    """Messages for Business at Apple. `retired_on` is when Microsoft's own channel ends; Apple's goes on."""

    channel = "apple"
    provider = "apple"
    Settings = AppleSettings
    capabilities = Capabilities(
        address="business_id",
        text_limit=5000,
        body_limit=1024 * 1024,
        attachments=dict.fromkeys(_LINKED, 100_000_000),
        choices=CHOICES[-1],
        idempotent=FOREVER,
        retired_on=date(2026, 8, 31),
        writing_opts_in=True,
    )

    def setup(self, account: Account[AppleSettings]) -> list[Step]:
        """List the one URL that Apple needs."""
        where = "Apple Business Register: the messaging service provider's page > Webhook URL"
        return [Step(where, "URL (Apple appends /message)", account.callback)]

    def api_base(self, account: Account[AppleSettings]) -> str:
        """Give the API's address, closed by a slash."""
        return account.settings.api_base + "/"

    def handshake(self, request: Request, account: Account[AppleSettings]) -> Response | None:
        """Apple asks for no proof; its page has "Test your MSP connection"."""
        return None

    def authenticate(self, request: Request, account: Account[AppleSettings]) -> None:
        """Check Apple's token, that it is fresh, and for which business it came; raises NotAuthentic."""
        settings, proof = account.settings, header(request.headers, "Authorization")
        token.check(proof, settings.msp_id, settings.api_secret, request.received_at)
        if not same(header(request.headers, "destination-id"), settings.business_id):
            raise NotAuthentic("the message is for another business than this account's")

    def parse(self, request: Request, account: Account[AppleSettings]) -> Iterator[Inbound]:
        """Yield the one item; raises Invalid when the body, inflated, is no JSON object."""
        business = Business(
            self.channel,
            account.id,
            account.settings.business_id,
            request.headers,
            request.received_at,
        )
        return items(request.body, business)

    def acknowledge(self, items: Iterable[Inbound]) -> Response:
        """Answer 200."""
        return Response(200)

    def render(self, outbound: Outbound, account: Account[AppleSettings], standing: Standing) -> list[Call]:
        """Send text parts, then a link for each attachment; the last text asks when there are quick replies.

        The message id is derived from ours, so that a repetition is the same message.
        """
        rules.check(outbound, self.capabilities, standing)
        texts = split(outbound.text, self.capabilities.text_limit)
        links = [rules.web_address(attachment) for attachment in outbound.attachments]
        question = [_question(texts.pop(), outbound)] if outbound.choices and texts else []
        if outbound.choices and not question:
            raise NotDeliverable("choice-text", "quick replies need a text that asks")
        said: list[dict[str, JsonValue]] = [{"type": "text", "body": one} for one in [*texts, *links]]
        bodies = [*said, *question]
        return [_call(outbound, account, standing.now, index, body) for index, body in enumerate(bodies)]

    def receipt(self, answer: Answer) -> Outcome:
        """Read the gateway's answer: 200 without a name, for the name is ours."""
        if answer.status == 200:
            return Sent("")
        if answer.status in _REASONS:
            return Refused(str(answer.status), _REASONS[answer.status], retryable=False)
        return by_status("Apple", answer)

    def media_hosts(self, account: Account[AppleSettings]) -> tuple[str, ...]:
        """Apple's gateway, and iCloud, which keeps the files."""
        return (*media.HOSTS, account.settings.api_base)

    def media_call(self, reference: str, account: Account[AppleSettings], now: datetime) -> Call | None:
        """Ask where a file is; None without all that decrypting it needs."""
        settings = account.settings
        proof = token.made(settings.msp_id, settings.api_secret, now)
        return media.call(settings.api_base, reference, settings.business_id, proof)

    def media_place(self, answer: Answer, account: Account[AppleSettings]) -> Call | Refused:
        """Read where it is: an address that needs no token."""
        return media.place(answer)

    def media_decryptor(self, reference: str) -> Callable[[bytes], bytes]:
        """Decrypt with the key that came in the message."""
        return media.decryptor(reference)


def _call(
    outbound: Outbound,
    account: Account[AppleSettings],
    now: datetime,
    index: int,
    body: Mapping[str, JsonValue],
) -> Call:
    settings, name = account.settings, str(uuid5(NAMESPACE_URL, f"{outbound.id}#{index}"))
    ends = {"sourceId": settings.business_id, "destinationId": outbound.recipient}
    headers = {
        "Authorization": token.made(settings.msp_id, settings.api_secret, now),
        "id": name,
        "Source-Id": settings.business_id,
        "Destination-Id": outbound.recipient,
    }
    content: dict[str, JsonValue] = {"v": 1, "id": name, **ends, **body}
    return Call(url=f"{settings.api_base}/v1/message", headers=headers, json=content, name=name)


def _question(text: str, outbound: Outbound) -> dict[str, JsonValue]:
    if len(outbound.choices) not in CHOICES:
        raise NotDeliverable(
            "choice-count", f"a message has {CHOICES[0]} to {CHOICES[-1]} quick replies, or none"
        )
    offered: list[JsonValue] = [{"identifier": one.payload, "title": one.title} for one in outbound.choices]
    data: dict[str, JsonValue] = {
        "version": "1.0",
        "requestIdentifier": str(uuid5(NAMESPACE_URL, f"{outbound.id}#choices")),
        "quick-reply": {"summaryText": text, "items": offered},
    }
    return {"type": "interactive", "interactiveData": {"bid": EXTENSION, "data": data}}
