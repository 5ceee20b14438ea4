"""Integrations that were made for the Messaging API of Dynamics 365: they point at us instead, unchanged.

https://learn.microsoft.com/dynamics365/contact-center/extend/intro-messaging-apis. We are the server, in
`functions.messaging`; what agents say goes to the integration's webhook as Bot Framework activities
(https://learn.microsoft.com/dynamics365/contact-center/extend/api/api-conversation-webhook), with a token of
its own app registration. An activity that comes again has the same id.
"""

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from types import MappingProxyType

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
    Sent,
    Standing,
    Step,
)
from functions.channels.served import Served
from functions.entra import ClientSecret, EntraApp
from functions.message import Attachment, AttachmentKind, Delivery, Event, Outbound
from functions.providers.answers import by_status
from functions.providers.settings import ApiBase, Secret, Settings

GUID = r"[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}"
TEXT_LIMIT = 6000  # characters
LARGEST = 25_000_000  # bytes of an attachment
SECONDS = 10.0  # that the webhook has for its answer
NAMES: Mapping[Event, str] = MappingProxyType(
    {
        Event.ACCEPTED: "AgentAccepted",
        Event.ENDED: "AgentEndSession",
        Event.CLOSED: "ConversationClosed",
    }
)


class DynamicsSettings(Settings):
    """The ids of the custom messaging channel, its app registration, and its webhook.

    `audience` is what the integration's tokens are for: the application that it names in its scope, without
    `/.default`. `scope` is what our tokens to its webhook are for; empty: its own app.
    """

    organization_id: str = Field(pattern=f"^{GUID}$")
    channel_id: str = Field(pattern=f"^{GUID}$")
    tenant_id: str = Field(pattern=f"^{GUID}$")
    app_id: str = Field(pattern=f"^{GUID}$")
    audience: str = Field(min_length=1)
    webhook_url: ApiBase
    client_secret: Secret
    scope: str = Field(default="", pattern=r"^(|\S+/\.default)$")
    login_base: ApiBase = "https://login.microsoftonline.com"


class DynamicsMessaging(Served):
    """Dynamics' Messaging API."""

    channel = "custom"
    provider = "dynamics"
    Settings = DynamicsSettings
    capabilities = Capabilities(
        text_limit=200_000,  # the 6,000 characters are the customer's; what a queue takes is not split
        body_limit=1024 * 1024,
        attachments=dict.fromkeys(
            (AttachmentKind.IMAGE, AttachmentKind.AUDIO, AttachmentKind.VIDEO, AttachmentKind.FILE), LARGEST
        ),
        choices=10,
        receipts=frozenset({Delivery.READ}),
        idempotent=FOREVER,
        patience=timedelta(hours=24),
        events=frozenset(Event),
        methods=frozenset({"GET", "POST"}),
    )

    def setup(self, account: Account[DynamicsSettings]) -> list[Step]:
        """List what the integration changes: the address alone."""
        where = "Your integration: in place of https://m-ORG.GEO.omnichannelengagementhub.com"
        return [Step(where, "base URL", account.callback)]

    def api_base(self, account: Account[DynamicsSettings]) -> str:
        """Give the webhook's address, closed by a slash."""
        return account.settings.webhook_url + "/"

    def entra_app(self, account: Account[DynamicsSettings]) -> EntraApp:
        """Name the integration's app registration: the token is for the app itself."""
        of = account.settings
        secret = ClientSecret(of.client_secret.get_secret_value())
        return EntraApp(of.tenant_id, of.app_id, of.scope or f"{of.app_id}/.default", secret, of.login_base)

    def authorised(self, call: Call, token: str) -> Call:
        """Put the token in the header."""
        return replace(call, headers={**call.headers, "Authorization": f"Bearer {token}"})

    def render(
        self, outbound: Outbound, account: Account[DynamicsSettings], standing: Standing
    ) -> list[Call]:
        """Make the one activity."""
        if not outbound.event:
            rules.check(outbound, self.capabilities, standing)
        name, base = _name(outbound), account.settings.webhook_url
        url = f"{base}/v3/conversations/{outbound.thread}/activities"
        content = {**_frame(outbound, account, name), **_said(outbound)}
        return [Call(url, json=content, name=name, seconds=SECONDS)]

    def receipt(self, answer: Answer) -> Outcome:
        """Take any 2xx; the body means nothing. A token that is refused is fetched once more."""
        if 200 <= answer.status < 300:
            return Sent("")
        if answer.status == 401:
            said = "the webhook refuses the token of its own application"
            return Refused("401", said, retryable=True, stale_token=True)
        return by_status("the webhook", answer)


def message_id(at: datetime, sequence: int = 0) -> str:
    """Name a message as Dynamics does: by the milliseconds of its time, in 13 digits.

    A reply and the news that an agent took the conversation have one time: the place among the messages
    keeps their names apart, and in order.
    """
    return f"{int(at.timestamp() * 1000) + sequence:013d}"


def _name(outbound: Outbound) -> str:
    _, _, sequence = outbound.id.rpartition("-")
    kept = outbound.event is not Event.TYPING and sequence.isdigit()
    return message_id(outbound.created_at, int(sequence) if kept else 0)


def _frame(outbound: Outbound, account: Account[DynamicsSettings], name: str) -> dict[str, JsonValue]:
    return {
        "id": name,
        "channelId": account.settings.channel_id,
        "conversation": {"id": outbound.thread},
        "recipient": {"id": outbound.recipient},
        "from": {"id": account.id, "role": "bot"},
        "timestamp": outbound.created_at.isoformat().replace("+00:00", "Z"),
    }


def _said(outbound: Outbound) -> dict[str, JsonValue]:
    if outbound.event is Event.TYPING:
        return {"type": "typing"}
    if outbound.event:
        name = NAMES[outbound.event]
        return {"type": "message", "name": name, "text": f"EventName: **_{name}_**"}
    said: dict[str, JsonValue] = {"type": "message", "textFormat": "markdown"}
    if outbound.text:
        said["text"] = outbound.text
    if outbound.attachments:
        said["attachments"] = [_attached(one) for one in outbound.attachments]
    if outbound.choices:
        actions: list[JsonValue] = [
            {"type": "imBack", "title": choice.title, "value": choice.payload} for choice in outbound.choices
        ]
        said["suggestedActions"] = {"actions": actions}
    if outbound.reply_to:
        said["replyToId"] = outbound.reply_to
    return said


def _attached(attachment: Attachment) -> JsonValue:
    kind = attachment.content_type or f"{attachment.kind}/*"
    return {
        "contentType": "application/octet-stream" if kind == "file/*" else kind,
        "contentUrl": rules.web_address(attachment),
        "name": attachment.name or attachment.url.rpartition("/")[2],
    }
