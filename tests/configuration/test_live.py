"""A version in force: its accounts with their secrets, as often as the vault is asked, and what it opens."""

import asyncio
from datetime import timedelta
from typing import Any

import pytest

from functions.cloud.tables import AzureTable
from functions.configuration.store import Live
from functions.conversations.model import AutoClose
from functions.errors import NotFound, Unavailable
from functions.identity.identities import Identity
from functions.identity.matching import Match
from functions.message import Address, Inbound, Kind
from tests.configuration.kit import Clock, Vault, store, vault
from tests.configuration.samples import TWILIO_TOKEN, text


async def live_of(table: AzureTable, clock: Clock, secrets: Vault, *changes: tuple[str, Any]) -> Live:
    here = store(table, clock, secrets)
    await here.apply(text(*changes), "anna")
    return await here.current()


async def test_an_account_has_its_settings_secrets_and_callback(table: AzureTable, clock: Clock) -> None:
    live = await live_of(table, clock, vault())
    account = await live.account("facebook", "facebook-meta")
    assert account.callback == "https://example.org/api/channels/facebook/facebook-meta"
    assert account.settings.app_secret.get_secret_value() == "app"
    assert (await live.account("sms", "sms-twilio")).settings.auth_token.get_secret_value() == TWILIO_TOKEN
    for channel, name in (("sms", "facebook-meta"), ("facebook", "nobody")):
        with pytest.raises(NotFound):
            await live.account(channel, name)


async def test_a_rotated_secret_is_taken_over_and_the_old_one_is_better_than_none(
    table: AzureTable, clock: Clock
) -> None:
    secrets = vault()
    live = await live_of(table, clock, secrets)

    async def app_secret() -> str:
        found = await live.account("facebook", "facebook-meta")
        value: str = found.settings.app_secret.get_secret_value()
        return value

    assert await app_secret() == "app"
    secrets.values["meta-app-secret"] = "rotated"
    assert await app_secret() == "app"
    clock.pass_seconds(300)
    assert await app_secret() == "rotated"
    del secrets.values["meta-app-secret"]
    clock.pass_seconds(300)
    assert await app_secret() == "rotated"


async def test_a_missing_or_unfit_secret_is_our_fault(table: AzureTable, clock: Clock) -> None:
    live = await live_of(table, clock, Vault())
    with pytest.raises(Unavailable, match="there is no secret 'meta-app-secret'"):
        await live.account("facebook", "facebook-meta")


async def test_a_vault_that_gives_nothing_is_asked_once_in_a_while(table: AzureTable, clock: Clock) -> None:
    secrets = vault()
    live = await live_of(table, clock, secrets)
    await live.account("facebook", "facebook-meta")
    values = dict(secrets.values)
    secrets.values.clear()
    clock.pass_seconds(300)
    secrets.asked.clear()
    for _ in range(3):
        await live.account("facebook", "facebook-meta")
    assert len(secrets.asked) == 1
    clock.pass_seconds(10)
    secrets.values.update(values)
    await live.account("facebook", "facebook-meta")
    assert len(secrets.asked) == 4  # all three, and for five minutes


async def test_who_comes_while_the_vault_is_asked_goes_on_with_what_is_known(
    table: AzureTable, clock: Clock
) -> None:
    secrets = vault()
    live = await live_of(table, clock, secrets)
    await live.account("facebook", "facebook-meta")
    clock.pass_seconds(300)
    secrets.asked.clear()
    await asyncio.gather(*(live.account("facebook", "facebook-meta") for _ in range(5)))
    assert len(secrets.asked) == 3


async def test_a_missing_secret_is_not_asked_for_by_every_stranger(table: AzureTable, clock: Clock) -> None:
    secrets = Vault()
    live = await live_of(table, clock, secrets)
    secrets.asked.clear()
    for _ in range(3):
        with pytest.raises(Unavailable, match="there is no secret 'meta-app-secret'"):
            await live.account("facebook", "facebook-meta")
    assert secrets.asked == ["meta-app-secret"]
    clock.pass_seconds(10)
    secrets.values.update(vault().values)
    assert (await live.account("facebook", "facebook-meta")).id == "facebook-meta"


async def test_a_secret_that_does_not_fit_is_named_and_not_told(table: AzureTable, clock: Clock) -> None:
    bot = {
        "id": "telegram-bot",
        "channel": "telegram",
        "provider": "telegram",
        "workstream": "service",
        "settings": {"botToken": {"secret": "bot"}, "secretToken": "abc"},
    }
    live = await live_of(table, clock, Vault(bot="no such token"), ("accounts.+", bot))
    with pytest.raises(Unavailable, match="the settings do not fit: botToken") as refused:
        await live.account("telegram", "telegram-bot")
    assert "no such token" not in refused.value.reason


async def test_a_conversation_opens_with_customer_links_and_decision(table: AzureTable, clock: Clock) -> None:
    live = await live_of(table, clock, vault())
    inbound = Inbound(
        channel="sms",
        provider="twilio",
        account="sms-twilio",
        thread="u1",
        event="e",
        kind=Kind.MESSAGE,
        sender=Address(id="u1"),
        text="haluan ostaa",
        context={"city": "Oulu"},
        received_at=clock.now,
    )
    identity = Identity(channel="sms", account="sms-twilio", id="u1", name="Anna", created_at=clock.now)
    opening = live.open(inbound, identity, Match(), clock.now)
    assert (opening.workstream, opening.agent_queue) == ("sales", "service")
    assert (opening.customer.name, opening.context) == ("Anna", {"city": "Oulu"})
    assert opening.decision.configuration == 1


async def test_a_workstream_has_its_times(table: AzureTable, clock: Clock) -> None:
    live = await live_of(table, clock, vault(), ("workstreams.1.autoClose", {"waiting": "PT1H"}))
    assert live.auto_close("sales").waiting == timedelta(hours=1)
    assert live.auto_close("gone") == AutoClose()
