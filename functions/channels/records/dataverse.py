"""Records of Dataverse (Dynamics 365): their changes, told by webhooks.

Follows https://learn.microsoft.com/power-apps/developer/data-platform/use-webhooks. Dataverse waits 60
seconds for an answer, and tries once more at most, only after 502, 503 and 504: what was not taken then is
found by looking rows up. Nothing is sent back: an agent answers a customer on a channel of theirs.
"""

from collections.abc import Iterable, Iterator

from pydantic import JsonValue

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
from functions.channels.records.change import RecordChange, record_item
from functions.errors import Invalid, NotDeliverable
from functions.message import Address, Inbound, Kind, Outbound
from functions.providers.dataverse.context import changes, event_of
from functions.providers.dataverse.webhook import DataverseSettings, authenticate
from functions.providers.payload import fragment_id, read_json

EXCEEDED = "x-ms-dynamics-msg-size-exceeded"
REASON = "a record reads no messages: answer its customer on one of their channels, or write a note"


class DataverseRecords:
    """Business records at Dataverse."""

    channel = "records"
    provider = "dataverse"
    Settings = DataverseSettings
    capabilities = Capabilities(
        text_limit=0,
        body_limit=1024 * 1024,  # Dataverse leaves out what goes over 256 KB
        attachments={},
    )

    def setup(self, account: Account[DataverseSettings]) -> list[Step]:
        """List what is entered in the Plug-in Registration Tool."""
        where = "Plug-in Registration Tool > Register > Register New Web Hook"
        settings = account.settings
        names = [*settings.headers] or [*settings.query] or ["code"]
        way = "HttpHeader" if settings.headers else "HttpQueryString" if settings.query else "WebhookKey"
        step = "Register New Step, for each table and message; with filtering attributes for Update"
        return [
            Step(where, "Endpoint URL", account.callback),
            Step(where, "Authentication", f"{way}: {', '.join(names)}"),
            Step(step, "Event Pipeline Stage, Execution Mode", "PostOperation, Asynchronous"),
            Step(step, "Message", "Create, Update, Assign, SetState, Delete; for incident also Close"),
            Step(step, "queueitem, for the queue of a case", "Create, Update, Delete"),
            Step(step, "Register New Image", "a post image, for Delete a pre image, of the columns in use"),
        ]

    def api_base(self, account: Account[DataverseSettings]) -> str:
        """Give nothing: no message is sent."""
        return ""

    def handshake(self, request: Request, account: Account[DataverseSettings]) -> Response | None:
        """Know no proof of ownership: Dataverse asks for none."""
        return None

    def authenticate(self, request: Request, account: Account[DataverseSettings]) -> None:
        """Check the values that the webhook was registered with; raises NotAuthentic."""
        authenticate(request, account.settings)

    def parse(self, request: Request, account: Account[DataverseSettings]) -> Iterator[Inbound]:
        """Yield each record's change; raises Invalid when the body is no JSON object."""
        context = read_json(request.body)
        if not isinstance(context, dict):
            raise Invalid("the body is not a JSON object")
        exceeded = request.headers.get(EXCEEDED, "false").strip().lower() != "false"
        found = [_with_guard(change, account.settings) for change in changes(context, exceeded)]
        for change in found:
            yield record_item(change, account, event_of(context, change), request.received_at)
        if not found:
            yield _unsupported(context, request, account)

    def acknowledge(self, items: Iterable[Inbound]) -> Response:
        """Answer 200; Dataverse reads no body."""
        return Response()

    def render(
        self, outbound: Outbound, account: Account[DataverseSettings], standing: Standing
    ) -> list[Call]:
        """Refuse every message; raises NotDeliverable."""
        raise NotDeliverable("record", REASON)

    def receipt(self, answer: Answer) -> Outcome:
        """Refuse: there was no call that could be answered."""
        return Refused("record", REASON, retryable=False)


def _with_guard(change: RecordChange, settings: DataverseSettings) -> RecordChange:
    ours = bool(change.user) and change.user == settings.application_user
    return change.model_copy(update={"passive": ours or change.depth > settings.max_depth})


def _unsupported(
    context: dict[str, JsonValue], request: Request, account: Account[DataverseSettings]
) -> Inbound:
    """Keep what names no record: a step that was registered for a message without one."""
    return Inbound(
        channel=account.channel,
        provider=account.provider,
        account=account.id,
        thread=account.id,
        event=fragment_id(context),
        kind=Kind.UNSUPPORTED,
        sender=Address(id=account.id),
        received_at=request.received_at,
        raw=context,
    )
