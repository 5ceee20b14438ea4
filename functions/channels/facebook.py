"""Facebook Messenger: a page's conversations. One webhook call may hold a thousand items of several pages.

Follows https://developers.facebook.com/docs/messenger-platform/webhooks and
https://developers.facebook.com/docs/messenger-platform/reference/send-api. The items are read in
`functions.providers.meta.messenger`.
"""

from collections.abc import Iterable, Iterator
from datetime import datetime, timedelta

from pydantic import Field, JsonValue

from functions.channels import rules
from functions.channels.contract import (
    Account,
    Answer,
    Call,
    Capabilities,
    Outcome,
    Request,
    Response,
    Standing,
    Step,
)
from functions.channels.text import split
from functions.message import AttachmentKind, Delivery, Event, Inbound, Outbound
from functions.providers import meta
from functions.providers.meta.messenger import Page, items
from functions.providers.meta.messenger_send import CHOICES, contents, envelope, typing
from functions.providers.settings import ApiBase, Secret, Settings

_KINDS = (AttachmentKind.IMAGE, AttachmentKind.AUDIO, AttachmentKind.VIDEO, AttachmentKind.FILE)
_FIELDS = (
    "messages, messaging_postbacks, messaging_referrals, messaging_optins, message_deliveries, "
    "message_reads, message_echoes, message_reactions, message_edits, standby"
)


class FacebookSettings(Settings):
    """A page, the app that serves it, and `verify_token`: a secret of ours that Meta repeats to us."""

    page_id: str = Field(pattern=r"^[0-9]{1,32}$")
    app_secret: Secret
    verify_token: Secret
    page_token: Secret
    api_base: ApiBase = "https://graph.facebook.com"
    api_version: str = Field(default="v25.0", pattern=r"^v[0-9]{1,3}\.[0-9]$")


class Facebook:
    """Messenger at Meta."""

    channel = "facebook"
    provider = "meta"
    Settings = FacebookSettings
    capabilities = Capabilities(
        address="page_id",
        text_limit=2000,
        body_limit=3 * 1024 * 1024,
        attachments=dict.fromkeys(_KINDS, 25_000_000),
        choices=CHOICES,
        reply_window=timedelta(hours=24),
        tag_window=timedelta(days=7),
        receipts=frozenset({Delivery.DELIVERED, Delivery.READ}),
        events=frozenset({Event.TYPING}),
        methods=frozenset({"GET", "POST"}),
    )

    def setup(self, account: Account[FacebookSettings]) -> list[Step]:
        """List the callback's URL and token, and the fields to subscribe."""
        where = "Meta app > Messenger > Settings > Webhooks"
        return [
            Step(where, "Callback URL", account.callback),
            Step(where, "Verify token", account.settings.verify_token.get_secret_value()),
            Step(f"{where} > Add subscriptions of the page", "Fields", _FIELDS),
        ]

    def api_base(self, account: Account[FacebookSettings]) -> str:
        """Give the API's address, closed by a slash."""
        return account.settings.api_base + "/"

    def handshake(self, request: Request, account: Account[FacebookSettings]) -> Response | None:
        """Echo hub.challenge; raises Forbidden when the verify token is wrong."""
        return meta.handshake(request, account.settings.verify_token)

    def authenticate(self, request: Request, account: Account[FacebookSettings]) -> None:
        """Check X-Hub-Signature-256; raises NotAuthentic."""
        meta.authenticate(request, account.settings.app_secret)

    def parse(self, request: Request, account: Account[FacebookSettings]) -> Iterator[Inbound]:
        """Yield every item of every entry; raises Invalid when the body is no JSON object."""
        page = Page(self.channel, account.id, account.settings.page_id, request.received_at)
        return items(request.body, page)

    def acknowledge(self, items: Iterable[Inbound]) -> Response:
        """Answer as Meta's samples do."""
        return Response(200, "EVENT_RECEIVED")

    def render(
        self, outbound: Outbound, account: Account[FacebookSettings], standing: Standing
    ) -> list[Call]:
        """Send text parts, then each attachment; with quick replies the last text, which asks, goes last."""
        rules.check(outbound, self.capabilities, standing)
        settings = account.settings
        url = f"{settings.api_base}/{settings.api_version}/{settings.page_id}/messages"
        if outbound.event:
            return [meta.graph_call(url, settings.page_token, typing(outbound))]
        parts = contents(outbound, split(outbound.text, self.capabilities.text_limit))
        addressed = envelope(outbound, self.capabilities, standing)
        first: dict[str, JsonValue] = {"reply_to": {"mid": outbound.reply_to}} if outbound.reply_to else {}
        return [
            meta.graph_call(
                url,
                settings.page_token,
                {**addressed, **({} if index else first), "message": {**content, "metadata": outbound.id}},
            )
            for index, content in enumerate(parts)
        ]

    def receipt(self, answer: Answer) -> Outcome:
        """Read the answer of the Send API."""
        return meta.receipt(answer)

    def media_hosts(self, account: Account[FacebookSettings]) -> tuple[str, ...]:
        """Meta's content networks."""
        return (*meta.MEDIA_HOSTS, account.settings.api_base)

    def media_call(self, reference: str, account: Account[FacebookSettings], now: datetime) -> Call | None:
        """Get the address as it is: it is signed, and expires."""
        return Call(reference, method="GET")
