"""SMS through Azure Communication Services: messages and delivery reports come through Event Grid.

Follows https://learn.microsoft.com/azure/event-grid/communication-services-telephony-sms-events and
https://learn.microsoft.com/rest/api/communication/sms. No media: ACS carries none.
"""

import re
from collections.abc import Iterable, Iterator
from dataclasses import replace
from datetime import datetime

from pydantic import Field, JsonValue

from functions.channels import rules
from functions.channels.consent import consent
from functions.channels.contract import (
    Account,
    Answer,
    Call,
    Capabilities,
    KeyId,
    Outcome,
    Request,
    Response,
    Sent,
    Standing,
    Step,
)
from functions.channels.text import octets, split
from functions.message import Delivery, Inbound, Kind, Outbound, Receipt
from functions.providers import acs, eventgrid
from functions.providers.acs.events import Incoming
from functions.providers.answers import UNNAMED
from functions.providers.eventgrid.events import events
from functions.providers.payload import at, children, number, read_answer, text

BYTES_LIMIT = 2048  # of UTF-8 in one message
PATH = "/sms?api-version=2021-03-07"
RECEIVED = "Microsoft.Communication.SMSReceived"
REPORTED = "Microsoft.Communication.SMSDeliveryReportReceived"

_STATES = {"delivered": Delivery.DELIVERED, "failed": Delivery.FAILED}
_ERROR = re.compile(r"\b[0-9]{3,5}\b")


class AcsSmsSettings(acs.AcsSettings):
    """`sender` is a number (+E.164), a short code, or an alphanumeric name, which nobody can answer."""

    sender: str = Field(pattern=r"^(\+[1-9][0-9]{1,14}|[0-9]{3,8}|[0-9 ]{0,10}[A-Za-z][0-9A-Za-z ]{0,10})$")


class AcsSms:
    """SMS at Azure Communication Services."""

    channel = "sms"
    provider = "acs"
    Settings = AcsSmsSettings
    capabilities = Capabilities(
        address="sender",
        text_limit=BYTES_LIMIT,
        body_limit=eventgrid.BODY_LIMIT,
        attachments={},
        receipts=frozenset({Delivery.DELIVERED, Delivery.FAILED}),
        idempotent=acs.KNOWN_FOR,
        methods=frozenset({"POST", "OPTIONS"}),
    )

    def setup(self, account: Account[AcsSmsSettings]) -> list[Step]:
        """List the two event subscriptions: unfiltered, each would bring every number of the resource."""
        sender = account.settings.sender.removeprefix("+")
        filters = {RECEIVED: f"data.to is in {sender}", REPORTED: f"data.from is in {sender}, +{sender}"}
        return eventgrid.setup(account.settings, account.callback, filters)

    def api_base(self, account: Account[AcsSmsSettings]) -> str:
        """Give the resource's address, closed by a slash."""
        return acs.base(account.settings) + "/"

    def handshake(self, request: Request, account: Account[AcsSmsSettings]) -> Response | None:
        """Answer Event Grid's validation; raises Forbidden."""
        return eventgrid.handshake(request, account.settings)

    def key_id(self, request: Request, account: Account[AcsSmsSettings]) -> KeyId | None:
        """Name the tenant's key, when deliveries carry tokens."""
        return eventgrid.key_id(request, account.settings)

    def authenticate(self, request: Request, account: Account[AcsSmsSettings]) -> None:
        """Check the delivery's secret or token, or both; raises NotAuthentic."""
        eventgrid.authenticate(request, account.settings)

    def parse(self, request: Request, account: Account[AcsSmsSettings]) -> Iterator[Inbound]:
        """Yield the message or report of each event; raises Invalid when the body holds no events."""
        for event in events(request.body):
            incoming = Incoming(self.channel, account.id, request.received_at, event)
            yield _read(incoming, account.settings.sender)

    def acknowledge(self, items: Iterable[Inbound]) -> Response:
        """Answer 200; Event Grid reads no body."""
        return Response(200)

    def render(self, outbound: Outbound, account: Account[AcsSmsSettings], standing: Standing) -> list[Call]:
        """Send the text in parts of at most 2048 bytes."""
        rules.check(outbound, self.capabilities, standing)
        settings = account.settings
        texts = split(outbound.text, BYTES_LIMIT, octets)
        contents = [_content(outbound, settings.sender, *one, standing.now) for one in enumerate(texts)]
        return [acs.signed_call(settings, PATH, content, standing.now) for content in contents]

    def receipt(self, answer: Answer) -> Outcome:
        """Read the only recipient's result: 202 says no more than that the request was read."""
        if answer.status >= 300:
            return acs.refusal(answer)
        result = next(iter(children(read_answer(answer.body), "value")), None)
        status, message = number(result, "httpStatusCode") or answer.status, text(result, "messageId")
        if status >= 300:
            stale = text(result, "repeatabilityResult").lower() == "rejected"
            return acs.refusal(replace(answer, status=acs.TOO_LATE if stale else status))
        return Sent(message) if message and at(result, "successful") is not False else UNNAMED


def _read(incoming: Incoming, ours: str) -> Inbound:
    data, kind = incoming.event.data, incoming.event.type
    if kind == REPORTED.lower():
        return _reported(incoming)
    if kind != RECEIVED.lower() or not text(data, "from"):
        return incoming.unsupported()
    if not acs.same_address(text(data, "to"), ours):
        return incoming.unsupported("the message is for another number than this account's")
    said = text(data, "message")
    context = {"to": text(data, "to"), "segments": text(data, "segmentcount")}
    return incoming.make(consent(said), context=context, text=said)


def _reported(incoming: Incoming) -> Inbound:
    data = incoming.event.data
    state, message = _STATES.get(text(data, "deliverystatus").lower()), text(data, "messageid")
    if not state or not message:
        return incoming.make(Kind.UNSUPPORTED, "to", raw=incoming.event.raw)
    failed = state is Delivery.FAILED
    code = _ERROR.search(text(data, "deliverystatusdetails")) if failed else None
    reason = "the carrier did not deliver the message" if failed else ""
    receipt = Receipt(state=state, message=message, code=code[0] if code else "", reason=reason)
    return incoming.make(Kind.RECEIPT, "to", receipt=receipt)


def _content(outbound: Outbound, sender: str, part: int, text: str, now: datetime) -> JsonValue:
    name, first_sent = acs.repeatability(outbound, part, now)
    recipient: JsonValue = {
        "to": outbound.recipient,
        "repeatabilityRequestId": name,
        "repeatabilityFirstSent": first_sent,
    }
    return {
        "from": sender,
        "smsRecipients": [recipient],
        "message": text,
        "smsSendOptions": {"enableDeliveryReport": True},
    }
