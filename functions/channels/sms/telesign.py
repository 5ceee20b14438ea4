"""SMS through TeleSign: one JSON callback per message, and per status of what we sent.

Follows https://developer.telesign.com/enterprise/docs/authentication (callbacks are signed with the same
key) and https://developer.telesign.com/enterprise/reference/sendsms. TeleSign carries text only, and has
no idempotency key: a request whose answer was lost is uncertain.
"""

import re
from base64 import b64decode, b64encode
from collections.abc import Iterable, Iterator
from datetime import date

from pydantic import Field

from functions.channels import rules
from functions.channels.contract import (
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
from functions.message import Delivery, Inbound, Outbound
from functions.providers.answers import AMBIGUOUS, UNNAMED, by_status, retry_after
from functions.providers.payload import digits, read_answer, text
from functions.providers.settings import ApiBase, Base64Secret, Settings
from functions.providers.signatures import header, keyed_hash, same
from functions.providers.telesign.events import Number, item
from functions.providers.telesign.status import PASSING, TAKEN, reason


class TelesignSettings(Settings):
    """A customer's id and API key, and the number (digits, with country code), code or name that sends."""

    customer_id: str = Field(pattern=r"^[0-9A-Za-z-]{1,64}$")
    api_key: Base64Secret
    sender: str = Field(pattern=r"^[0-9A-Za-z ]{1,20}$")
    api_base: ApiBase = "https://rest-api.telesign.com"


class TelesignSms:
    """SMS at TeleSign."""

    channel = "sms"
    provider = "telesign"
    Settings = TelesignSettings
    capabilities = Capabilities(
        retired_on=date(2024, 10, 8),  # at Microsoft; TeleSign goes on
        address="sender",
        text_limit=1600,
        body_limit=256 * 1024,
        attachments={},
        receipts=frozenset({Delivery.SENT, Delivery.DELIVERED, Delivery.FAILED}),
        threadless_receipts=True,
    )

    def setup(self, account: Account[TelesignSettings]) -> list[Step]:
        """List the one value that TeleSign needs."""
        where = "TeleSign portal or customer support: callback URL of two-way SMS and delivery reports"
        return [Step(where, "URL", account.callback)]

    def api_base(self, account: Account[TelesignSettings]) -> str:
        """Give the API's address, closed by a slash."""
        return account.settings.api_base + "/"

    def handshake(self, request: Request, account: Account[TelesignSettings]) -> Response | None:
        """TeleSign asks for no proof."""
        return None

    def authenticate(self, request: Request, account: Account[TelesignSettings]) -> None:
        """Check the signature over the raw body; raises NotAuthentic.

        It comes in two headers, of which a gateway may take `Authorization` for its own.
        """
        settings = account.settings
        if request.headers.get("x-ts-authorization"):
            given, prefix = request.headers["x-ts-authorization"], ""
        else:
            given, prefix = header(request.headers, "Authorization"), f"TSA {settings.customer_id}:"
        key = b64decode(settings.api_key.get_secret_value())
        expected = b64encode(keyed_hash("sha256", key, request.body)).decode()
        if not same(given, prefix + expected):
            raise NotAuthentic("the signature does not match: check the customer id and the API key")

    def parse(self, request: Request, account: Account[TelesignSettings]) -> Iterator[Inbound]:
        """Yield the message or status; raises Invalid when the body is no JSON object."""
        yield item(request.body, Number(account.id, account.settings.sender, request.received_at))

    def acknowledge(self, items: Iterable[Inbound]) -> Response:
        """Answer 200, the only status that TeleSign takes for a yes."""
        return Response(200, "OK")

    def render(
        self, outbound: Outbound, account: Account[TelesignSettings], standing: Standing
    ) -> list[Call]:
        """Send the text in parts."""
        rules.check(outbound, self.capabilities, standing)
        phone = outbound.recipient.removeprefix("+")
        if not re.fullmatch(r"[0-9]{3,15}", phone):
            raise NotDeliverable("recipient", "the recipient is not a phone number")
        settings = account.settings
        login = f"{settings.customer_id}:{settings.api_key.get_secret_value()}"
        headers = {"Authorization": "Basic " + b64encode(login.encode()).decode()}
        common = (
            ("message_type", "ARN"),  # alerts, reminders, notifications: not a code, not marketing
            ("sender_id", settings.sender),
            ("external_id", outbound.id),
            ("callback_url", account.callback),
        )
        return [
            Call(
                f"{settings.api_base}/v1/messaging",
                headers,
                form=(("phone_number", phone), ("message", part), *common),
            )
            for part in split(outbound.text, self.capabilities.text_limit)
        ]

    def receipt(self, answer: Answer) -> Outcome:
        """Read the answer: its own status code says whether the message was taken."""
        content = read_answer(answer.body)
        code = digits(content, "status", "code")
        if code is None:
            return UNNAMED if answer.status < 300 else by_status("TeleSign", answer)
        if answer.status < 300 and code in TAKEN:
            reference = text(content, "reference_id")
            return Sent(reference) if reference else UNNAMED
        if answer.status in AMBIGUOUS:
            return by_status("TeleSign", answer)
        retryable = code in PASSING or answer.status in (429, 500, 503)
        return Refused(str(code), reason(code), retryable, retry_after(answer) if retryable else None)
