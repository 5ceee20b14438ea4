"""Instagram messaging: a professional profile's conversations, in batches as Messenger's.

Follows https://developers.facebook.com/docs/instagram-platform/webhooks and
https://developers.facebook.com/docs/instagram-platform/instagram-api-with-instagram-login/messaging-api.
An app signs with one of two secrets: the Meta app's, or, where people log in with Instagram, the Instagram
app's. Instagram takes neither a reply's `reply_to` nor metadata; a reply goes to the thread's end.
"""

from collections.abc import Iterable, Iterator
from datetime import datetime, timedelta

from pydantic import Field, SecretStr

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
from functions.channels.text import octets, split
from functions.errors import NotDeliverable
from functions.message import AttachmentKind, Delivery, Event, Inbound, Outbound
from functions.providers import meta
from functions.providers.meta.messenger import Page, items
from functions.providers.meta.messenger_send import CHOICES, contents, envelope, typing
from functions.providers.settings import ApiBase, Secret, Settings

_FIELDS = (
    "messages, messaging_postbacks, messaging_referral, messaging_seen, message_reactions, message_edit, "
    "standby"
)


class InstagramSettings(Settings):
    """A professional account, its app, and `verify_token`: a secret of ours that Meta repeats to us.

    `page_id` is the Facebook page that the profile is linked to, where the token is the page's (Facebook
    Login); messages then leave by the page. `instagram_app_secret` is the second secret of an app that
    has the Instagram Login product.
    """

    instagram_id: str = Field(pattern=r"^[0-9]{1,32}$")
    app_secret: Secret
    instagram_app_secret: SecretStr = SecretStr("")
    verify_token: Secret
    access_token: Secret
    page_id: str = Field(default="", pattern=r"^[0-9]{0,32}$")
    api_base: ApiBase | None = None
    api_version: str = Field(default="v25.0", pattern=r"^v[0-9]{1,3}\.[0-9]$")

    @property
    def base(self) -> str:
        """Give the API's address: the one that is set, or Facebook's or Instagram's by the login."""
        return self.api_base or f"https://graph.{'facebook' if self.page_id else 'instagram'}.com"

    @property
    def secrets(self) -> tuple[SecretStr, ...]:
        """Give every secret that may sign this profile's webhooks."""
        second = self.instagram_app_secret
        return (self.app_secret, second) if second.get_secret_value() else (self.app_secret,)


class Instagram:
    """Instagram at Meta."""

    channel = "instagram"
    provider = "meta"
    Settings = InstagramSettings
    capabilities = Capabilities(
        address="instagram_id",
        text_limit=1000,  # of bytes
        body_limit=3 * 1024 * 1024,
        attachments={
            AttachmentKind.IMAGE: 8_000_000,
            AttachmentKind.AUDIO: 25_000_000,
            AttachmentKind.VIDEO: 25_000_000,
            AttachmentKind.FILE: 25_000_000,
        },
        choices=CHOICES,
        reply_window=timedelta(hours=24),
        tag_window=timedelta(days=7),
        receipts=frozenset({Delivery.READ}),
        events=frozenset({Event.TYPING}),
        methods=frozenset({"GET", "POST"}),
    )

    def setup(self, account: Account[InstagramSettings]) -> list[Step]:
        """List the callback's URL and token, and the fields to subscribe."""
        where = "Meta app > Instagram > API setup > Configure webhooks"
        return [
            Step(where, "Callback URL", account.callback),
            Step(where, "Verify token", account.settings.verify_token.get_secret_value()),
            Step(f"{where} > Subscribe", "Fields", _FIELDS),
        ]

    def api_base(self, account: Account[InstagramSettings]) -> str:
        """Give the API's address, closed by a slash."""
        return account.settings.base + "/"

    def handshake(self, request: Request, account: Account[InstagramSettings]) -> Response | None:
        """Echo hub.challenge; raises Forbidden when the verify token is wrong."""
        return meta.handshake(request, account.settings.verify_token)

    def authenticate(self, request: Request, account: Account[InstagramSettings]) -> None:
        """Check X-Hub-Signature-256 by either secret; raises NotAuthentic."""
        meta.authenticate(request, *account.settings.secrets)

    def parse(self, request: Request, account: Account[InstagramSettings]) -> Iterator[Inbound]:
        """Yield every item of every entry; raises Invalid when the body is no JSON object."""
        profile = account.settings.instagram_id
        return items(request.body, Page(self.channel, account.id, profile, request.received_at, "instagram"))

    def acknowledge(self, items: Iterable[Inbound]) -> Response:
        """Answer as Meta's samples do."""
        return Response(200, "EVENT_RECEIVED")

    def render(
        self, outbound: Outbound, account: Account[InstagramSettings], standing: Standing
    ) -> list[Call]:
        """Send text parts of at most 1000 bytes, then each attachment; quick replies go with a text, last."""
        rules.check(outbound, self.capabilities, standing)
        settings = account.settings
        url = f"{settings.base}/{settings.api_version}/{settings.page_id or settings.instagram_id}/messages"
        if outbound.event:
            return [meta.graph_call(url, settings.access_token, typing(outbound))]
        texts = split(outbound.text, self.capabilities.text_limit, octets)
        if outbound.choices and not texts:
            raise NotDeliverable("choice-text", "quick replies of Instagram need a text that asks")
        addressed = envelope(outbound, self.capabilities, standing)
        return [
            meta.graph_call(url, settings.access_token, {**addressed, "message": content})
            for content in contents(outbound, texts)
        ]

    def receipt(self, answer: Answer) -> Outcome:
        """Read the answer of the Send API."""
        return meta.receipt(answer)

    def media_hosts(self, account: Account[InstagramSettings]) -> tuple[str, ...]:
        """Meta's content networks."""
        return (*meta.MEDIA_HOSTS, account.settings.base)

    def media_call(self, reference: str, account: Account[InstagramSettings], now: datetime) -> Call | None:
        """Get the address as it is: it is signed, and expires."""
        return Call(reference, method="GET")
