"""X (Twitter): direct messages of one user, not the encrypted chats.

Follows https://docs.x.com/x-api/webhooks/introduction (handshake and signatures) and
https://docs.x.com/x-api/direct-messages/manage/introduction. Calls are signed with OAuth 1.0a: its tokens
last, where those of OAuth 2 end after two hours. Media must be uploaded before they are sent, which is
not done here, and there is no idempotency key. Events are read in `functions.providers.x.events`, media of
customers fetched by `functions.providers.x.media`.
"""

import json
import re
from base64 import b64encode
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime

from pydantic import Field, SecretStr

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
from functions.errors import Invalid, NotAuthentic, NotDeliverable
from functions.message import Delivery, Inbound, Outbound, digest
from functions.providers.answers import UNNAMED, by_status, retry_after
from functions.providers.payload import read_answer, text
from functions.providers.settings import ApiBase, Secret, Settings
from functions.providers.signatures import header, keyed_hash, same
from functions.providers.x import media, oauth1
from functions.providers.x.events import User, items

# The handshake signs what anybody asks for, with the key of the webhooks: it must never sign what could be
# a webhook's body. No JSON object is made of these characters alone.
_CHALLENGE = re.compile(r"[0-9A-Za-z_=+/.-]{1,256}")
_REASONS = {
    400: "X does not accept the message: an unknown recipient, or a value it does not allow",
    401: "X does not accept the keys and tokens",
    403: "the customer does not take messages from this user, or the app lacks a permission",
    429: "X asks to send more slowly",
}


class XSettings(Settings):
    """A user, and the app that acts for it: `client_secret` is the newer secret (OAuth 2) of the same app."""

    user_id: str = Field(pattern=r"^[0-9]{1,20}$")
    consumer_key: str = Field(min_length=1)
    consumer_secret: Secret
    client_secret: SecretStr = SecretStr("")
    access_token: Secret
    access_token_secret: Secret
    api_base: ApiBase = "https://api.x.com"


class X:
    """Direct messages at X."""

    channel = "x"
    provider = "x"
    Settings = XSettings
    capabilities = Capabilities(
        address="user_id",
        text_limit=10_000,
        body_limit=1024 * 1024,
        attachments={},
        receipts=frozenset({Delivery.READ}),
        methods=frozenset({"GET", "POST"}),
    )

    def setup(self, account: Account[XSettings]) -> list[Step]:
        """List the webhook's URL, and the events to subscribe."""
        return [
            Step("X API: POST /2/webhooks", "url", account.callback),
            Step(
                "X API: POST /2/activity/subscriptions, one for each, with the webhook's id",
                "event_type",
                "dm.received, dm.read",
            ),
        ]

    def api_base(self, account: Account[XSettings]) -> str:
        """Give the API's address, closed by a slash."""
        return account.settings.api_base + "/"

    def handshake(self, request: Request, account: Account[XSettings]) -> Response | None:
        """Sign crc_token; X asks at the start and every hour. Raises Invalid for a strange one."""
        given = request.parameters()
        if request.method != "GET" or "crc_token" not in given:
            return None
        if not _CHALLENGE.fullmatch(given["crc_token"]):
            raise Invalid("crc_token has characters that no token of X has")
        settings = account.settings
        secret = settings.client_secret if _has(settings.client_secret) else settings.consumer_secret
        answer = {"response_token": _signature(secret, given["crc_token"].encode())}
        return Response(200, json.dumps(answer), "application/json")

    def authenticate(self, request: Request, account: Account[XSettings]) -> None:
        """Check the signature over the raw body, the newer one where it can be; raises NotAuthentic."""
        settings, newer = account.settings, request.headers.get("x-twitter-webhooks-signature-oauth2", "")
        if newer and _has(settings.client_secret):
            given, secret = newer, settings.client_secret
        else:
            given = header(request.headers, "X-Twitter-Webhooks-Signature")
            secret = settings.consumer_secret
        if not same(given, _signature(secret, request.body)):
            raise NotAuthentic(
                "the signature does not match: check the client secret and the consumer secret"
            )
        if _CHALLENGE.fullmatch(request.body.decode("latin-1")):
            raise NotAuthentic("the body is one that our own handshake would have signed for anybody")

    def parse(self, request: Request, account: Account[XSettings]) -> Iterator[Inbound]:
        """Yield every event; raises Invalid when the body is no JSON object."""
        return items(request.body, User(account.id, account.settings.user_id, request.received_at))

    def acknowledge(self, items: Iterable[Inbound]) -> Response:
        """Answer 200; X reads no more."""
        return Response(200, "OK")

    def render(self, outbound: Outbound, account: Account[XSettings], standing: Standing) -> list[Call]:
        """Send the text in parts."""
        rules.check(outbound, self.capabilities, standing)
        if not re.fullmatch(r"[0-9]{1,20}", outbound.recipient):
            raise NotDeliverable("recipient", "the recipient is not the id of a user of X")
        url = f"{account.settings.api_base}/2/dm_conversations/with/{outbound.recipient}/messages"
        keys, parts = _keys(account.settings), split(outbound.text, self.capabilities.text_limit)
        nonces = [digest(outbound.id, str(index), standing.now.isoformat()) for index in range(len(parts))]
        return [
            Call(
                url,
                {"Authorization": oauth1.authorization("POST", url, keys, standing.now, nonce)},
                json={"text": part},
            )
            for part, nonce in zip(parts, nonces, strict=True)
        ]

    def receipt(self, answer: Answer) -> Outcome:
        """Read the answer. X's own sentence is left out: it may quote the message."""
        if answer.status < 300:
            name = text(read_answer(answer.body), "data", "dm_event_id")
            return Sent(name) if name else UNNAMED
        if answer.status not in _REASONS:
            return by_status("X", answer)
        retryable = answer.status == 429
        return Refused(
            str(answer.status), _REASONS[answer.status], retryable, _wait(answer) if retryable else None
        )

    def media_hosts(self, account: Account[XSettings]) -> tuple[str, ...]:
        """X's hosts for media; the API's own, where another one is set."""
        return (*media.HOSTS, account.settings.api_base)

    def media_call(self, reference: str, account: Account[XSettings], now: datetime) -> Call | None:
        """Get a medium, signed for where X wants that."""
        return media.call(account.settings.api_base, reference, _keys(account.settings), now)


def _wait(answer: Answer) -> float | None:
    """X tells the second when it takes calls again."""
    reset = answer.headers.get("x-rate-limit-reset", "")
    if not re.fullmatch(r"[0-9]{1,12}", reset):
        return retry_after(answer)
    return max(0.0, int(reset) - datetime.now(UTC).timestamp())


def _keys(settings: XSettings) -> oauth1.Keys:
    return oauth1.Keys(
        settings.consumer_key, settings.consumer_secret, settings.access_token, settings.access_token_secret
    )


def _has(secret: SecretStr) -> bool:
    return bool(secret.get_secret_value())


def _signature(secret: SecretStr, data: bytes) -> str:
    return "sha256=" + b64encode(keyed_hash("sha256", secret, data)).decode()
