"""Changing a secret: two are good for the while, on every channel; under load nothing is refused or lost."""

import asyncio
from collections.abc import Callable
from pathlib import Path
from typing import Any
from uuid import uuid4

import aiohttp
import pytest
from jsonschema import Draft202012Validator

from functions.channels.contract import Account
from functions.cloud.secrets import EnvironmentSecrets
from functions.cloud.service_bus import AzureBus
from functions.cloud.tables import AzureTable, Tables
from functions.configuration.accounts import open_account
from functions.configuration.check import problems, schema
from functions.configuration.document import AccountEntry, Document
from functions.intake.handshakes import Handshakes
from functions.intake.outbox import Outbox
from functions.intake.parked import Parked
from functions.intake.webhook import Intake
from functions.keys import KeyRing
from local.desk import Desk
from local.platform import Platform
from tests.channels.samples import ADAPTERS, SECRETS, SETTINGS, account, callback, signed
from tests.channels.test_authentic import BODIES
from tests.configuration.samples import changed
from tests.intake.samples import Clock
from tests.scenarios.test_crash import stored
from tests.scenarios.texting import CONFIGURATION, TOKEN, Texting, number, sid
from tests.waiting import eventually

NEW, THIRD = "bW9uaWthbmF2YS1hbm90aGVyLXNlY3JldC0wMDAwMDAw", "bW9uaWthbmF2YS10aGUtdGhpcmQtc2VjcmV0LTAwMDAw"
PEOPLE = 6
# Which setting signs, and under which name the signer knows it; X's other secret signs for older apps only.
SIGNING = {
    (channel, setting, name)
    for channel, settings in SETTINGS.items()
    for setting, value in settings.items()
    for name, secret in SECRETS.items()
    if value == secret and name != "consumer_secret"
}


async def opened(channel: str, **settings: Any) -> Account[Any]:
    entry = AccountEntry(
        id=f"{channel}-1",
        channel=ADAPTERS[channel][0],
        provider=ADAPTERS[channel][1],
        workstream="support",
        settings={**SETTINGS[channel], **settings},
    )
    return await open_account(entry, EnvironmentSecrets({"NEW_ONE": NEW}), callback(channel))


@pytest.mark.parametrize(("channel", "setting", "name"), sorted(SIGNING), ids=str)
async def test_both_secrets_sign_and_no_third(
    channel: str, setting: str, name: str, bus: AzureBus, tables: Tables, table: AzureTable, clock: Clock
) -> None:
    found = await opened(channel, **{setting: [NEW, SECRETS[name]]})
    outbox, handshakes = Outbox(bus, tables.table(f"s{uuid4().hex}"), clock), Handshakes(table, clock)

    async def accounts(_channel: str, _account: str) -> Account[Any]:
        return found

    intake = Intake(accounts, outbox, Parked(table, outbox, clock), handshakes, KeyRing())
    for secret, status in ((SECRETS[name], 200), (NEW, 200), (THIRD, 401)):
        call = signed(channel, BODIES[channel], {**SECRETS, name: secret})
        answer = await intake.receive(ADAPTERS[channel][0], found.id, call)
        assert (answer.status, secret) == (status, secret)


async def test_what_goes_out_uses_the_first_and_references_may_stand_for_them() -> None:
    found = await opened("sms", authToken=[{"secret": "NEW_ONE"}, SECRETS["auth_token"]])
    assert [one.settings.auth_token.get_secret_value() for one in found.variants] == [
        NEW,
        SECRETS["auth_token"],
    ]
    assert account("sms").variants == [account("sms")]


async def test_two_secrets_may_be_changed_at_once() -> None:
    found = await opened("facebook", appSecret=["a2", "a1"], verifyToken=["v2", "v1"])
    pairs = [
        (one.settings.app_secret.get_secret_value(), one.settings.verify_token.get_secret_value())
        for one in found.variants
    ]
    assert pairs == [("a2", "v2"), ("a2", "v1"), ("a1", "v2"), ("a1", "v1")]


def test_the_check_and_the_schema_take_two_and_no_other_number() -> None:
    setting = "accounts.1.settings.appSecret"
    for value, fits in (
        (["a", {"secret": "B"}], True),
        (["a"], False),
        (["a", "b", "c"], False),
        ([["a"], "b"], False),
    ):
        assert (problems(Document.model_validate(changed((setting, value)))) == []) == fits
        assert Draft202012Validator(schema()).is_valid(changed((setting, value))) == fits


class Stream:
    """People who text without a pause; which secret their provider signs with is asked each time."""

    def __init__(self, texting: Texting, secret: Callable[[], str]) -> None:
        self._texting, self._secret = texting, secret
        self._stopped = False
        self.signed: list[str] = []

    async def run(self, person: int) -> None:
        turn = 0
        while not self._stopped:
            secret = self._secret()
            body, headers = self._texting.signed(number(person), sid(person, turn), f"{turn}", secret)
            async with self._texting.http.post(self._texting.callback, data=body, headers=headers) as answer:
                self._texting.statuses.append(answer.status)
            self._texting.accepted.setdefault(number(person), []).append(sid(person, turn))
            self.signed.append(secret)
            turn += 1

    async def more(self, count: int) -> None:
        """Wait until so many more were answered."""
        goal = len(self.signed) + count
        await eventually(lambda: len(self.signed) >= goal)

    def stop(self) -> None:
        self._stopped = True


async def test_under_load_nothing_is_refused_and_nothing_lost(tmp_path: Path) -> None:
    signing = TOKEN
    async with Platform(tmp_path) as platform, aiohttp.ClientSession() as http:
        configuration = CONFIGURATION.replace("http://simulators", platform.simulators_url)
        await platform.configure(configuration)
        texting = Texting(platform.url, http)
        stream = Stream(texting, lambda: signing)
        async with (
            asyncio.TaskGroup() as people,
            Desk(platform.url, platform.issuer.token("Administrator", "test")) as desk,
        ):
            for person in range(PEOPLE):
                people.create_task(stream.run(person))
            await stream.more(20)
            await desk.send_text("PUT", "configuration", configuration.replace(TOKEN, f"[{NEW}, {TOKEN}]"))
            await stream.more(20)
            signing = NEW  # the provider's console
            await stream.more(20)
            await desk.send_text("PUT", "configuration", configuration.replace(TOKEN, NEW))
            await stream.more(20)
            stream.stop()
        async with Desk(platform.url, platform.issuer.token("Administrator", "test")) as desk:

            async def all_stored() -> bool:
                return sum(map(len, (await stored(desk)).values())) >= len(stream.signed)

            await eventually(all_stored, seconds=60)
            found = await stored(desk)
        assert set(texting.statuses) == {200}
        assert {TOKEN, NEW} == set(stream.signed)
        assert {person: [one["providerMessageId"] for one in kept] for person, kept in found.items()} == (
            texting.accepted
        )
        body, headers = texting.signed(number(99), sid(99, 0), "with the old one", TOKEN)
        async with http.post(texting.callback, data=body, headers=headers) as answer:
            assert answer.status == 401
