"""The configured accounts, and how the handshake of each with its provider stands."""

from datetime import date, datetime, timedelta
from typing import Any, Protocol, runtime_checkable

from pydantic import JsonValue, RootModel

from functions.channels import CHANNELS, adapter
from functions.channels.contract import Account, Step
from functions.configuration.document import AccountEntry
from functions.configuration.live import Live
from functions.desk.call import Call, Nothing, Reply
from functions.errors import NotFound, Unavailable
from functions.intake.handshakes import Failure
from functions.message import AttachmentKind, Delivery, Event, Model
from functions.services import Services


class AccountView(Model):
    """An account without its settings. `callback` is what the provider calls."""

    id: str
    channel: str
    provider: str
    workstream: str
    callback: str


class AccountList(Model):
    """All accounts: their number is the configuration's, so there are no pages."""

    items: tuple[AccountView, ...]


class StepView(Model):
    """A value to copy: which one, and where to, at the provider."""

    where: str
    name: str
    value: str


class HandshakeView(Model):
    """The handshake page. `problem` is what keeps the account from working, if anything."""

    account: AccountView
    steps: tuple[StepView, ...]
    problem: str = ""
    succeeded: bool
    succeeded_at: datetime | None
    authentic_at: datetime | None
    failures: tuple[Failure, ...]


class Manifest(RootModel[dict[str, JsonValue]]):
    """An app manifest, as Teams' Developer Portal imports it."""


@runtime_checkable
class Manifested(Protocol):
    """What an adapter has besides, whose customers install an app."""

    def manifest(self, account: Account[Any]) -> dict[str, JsonValue]:
        """Give the app's manifest; raises Conflict while there can be none."""


class CapabilityView(Model):
    """What a channel carries at a provider: text in characters, sizes in bytes, windows as durations."""

    channel: str
    provider: str
    text_limit: int
    body_limit: int
    attachments: dict[AttachmentKind, int]
    choices: int
    reply_window: timedelta | None
    tag_window: timedelta | None
    receipts: tuple[Delivery, ...]
    events: tuple[Event, ...]
    idempotent: bool
    retired_on: date | None


class CapabilityList(Model):
    """Every channel that this version knows."""

    items: tuple[CapabilityView, ...]


async def list_accounts(call: Call[Nothing, Nothing], services: Services) -> Reply[AccountList]:
    """List the configured accounts."""
    live = await services.configurations.current()
    items = tuple(_view(entry, services) for entry in live.document.accounts)
    return Reply(AccountList(items=items))


async def get_handshake(call: Call[Nothing, Nothing], services: Services) -> Reply[HandshakeView]:
    """Say which values to copy where, whether the provider's handshake came, and what was refused."""
    live = await services.configurations.current()
    entry = _entry(live, call.parameters["id"])
    status = await services.handshakes.status(entry.id)
    steps, problem = await _steps(live, entry)
    view = HandshakeView(
        account=_view(entry, services),
        steps=tuple(StepView(where=step.where, name=step.name, value=step.value) for step in steps),
        problem=problem,
        succeeded=bool(status.succeeded_at or status.authentic_at),
        succeeded_at=status.succeeded_at,
        authentic_at=status.authentic_at,
        failures=status.failures,
    )
    return Reply(view)


async def get_manifest(call: Call[Nothing, Nothing], services: Services) -> Reply[Manifest]:
    """Give the app manifest of an account whose customers install an app: Microsoft Teams."""
    live = await services.configurations.current()
    entry = _entry(live, call.parameters["id"])
    found = adapter(entry.channel, entry.provider)
    if not isinstance(found, Manifested):
        raise NotFound(f"customers of {entry.channel!r} install no app: there is no manifest")
    return Reply(Manifest(found.manifest(await live.account(entry.channel, entry.id))))


async def list_capabilities(call: Call[Nothing, Nothing], services: Services) -> Reply[CapabilityList]:
    """List what each channel can carry, at each provider."""
    return Reply(CapabilityList(items=tuple(_capability(*key) for key in CHANNELS)))


async def _steps(live: Live, entry: AccountEntry) -> tuple[list[Step], str]:
    try:
        account = await live.account(entry.channel, entry.id)
    except Unavailable as missing:  # such as a secret that its settings name
        return [], missing.reason
    return adapter(entry.channel, entry.provider).setup(account), ""


def _entry(live: Live, account: str) -> AccountEntry:
    for entry in live.document.accounts:
        if entry.id == account:
            return entry
    raise NotFound(f"there is no account {account!r}")


def _view(entry: AccountEntry, services: Services) -> AccountView:
    return AccountView(
        id=entry.id,
        channel=entry.channel,
        provider=entry.provider,
        workstream=entry.workstream,
        callback=services.settings.callback(entry.channel, entry.id),
    )


def _capability(channel: str, provider: str) -> CapabilityView:
    facts = adapter(channel, provider).capabilities
    return CapabilityView(
        channel=channel,
        provider=provider,
        text_limit=facts.text_limit,
        body_limit=facts.body_limit,
        attachments=dict(facts.attachments),
        choices=facts.choices,
        reply_window=facts.reply_window,
        tag_window=facts.tag_window,
        receipts=tuple(sorted(facts.receipts)),
        events=tuple(sorted(facts.events)),
        idempotent=bool(facts.idempotent),
        retired_on=facts.retired_on,
    )
