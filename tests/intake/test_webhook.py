"""The webhook of real adapters over the real queue: which answer, and what was kept before it."""

import dataclasses
import gc
import json
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from urllib.parse import urlencode
from uuid import uuid4

import pytest
from pydantic import ValidationError

from functions.channels.contract import Account, Request, Response
from functions.cloud.service_bus import AzureBus
from functions.cloud.tables import AzureTable, Tables, open_tables
from functions.errors import NotFound, Unavailable
from functions.intake.handshakes import Handshakes
from functions.intake.outbox import Outbox
from functions.intake.parked import Parked
from functions.intake.webhook import Intake
from functions.keys import KeyRing
from functions.message import Inbound, Kind, thread_key
from functions.ports import Table
from local.azurite import Azurite
from local.servicebus.launch import ServiceBus
from tests.channels.samples import account, room, signed
from tests.conftest import ROOT
from tests.intake.reading import read, text
from tests.intake.samples import Clock

# azure-servicebus 7.15 leaves the socket of a broken connection to the garbage collector.
pytestmark = pytest.mark.filterwarnings("ignore::ResourceWarning")


@pytest.fixture(autouse=True)
def collected() -> Iterator[None]:
    yield
    gc.collect()


async def accounts(channel: str, account_id: str) -> Account[Any]:
    """The accounts of the channels' samples."""
    found = account(channel)
    if account_id != found.id:
        raise NotFound(f"there is no account {account_id!r}")
    return found


class House:
    """Intake with its rooms around it."""

    def __init__(self, bus: AzureBus, spool: Table, notes: Table, clock: Clock) -> None:
        self.handshakes = Handshakes(notes, clock)
        outbox = Outbox(bus, spool, clock)
        self.parked = Parked(notes, outbox, clock)
        self.behind = (outbox, self.parked, self.handshakes, KeyRing())
        self.intake = Intake(accounts, *self.behind)

    async def post(self, channel: str, request: Request, account_id: str = "") -> Response:
        return await self.intake.receive(channel, account_id or f"{channel}-1", request)


@pytest.fixture
def house(bus: AzureBus, tables: Tables, table: AzureTable, clock: Clock) -> House:
    return House(bus, tables.table(f"s{uuid4().hex}"), table, clock)


def sms(sender: str = "", **form: str) -> Request:
    sender = sender or f"+35850{uuid4().int % 10**7:07d}"
    fields = {"MessageSid": f"SM{uuid4().hex}", "From": sender, "To": "+15005550006", "Body": "moi"}
    return signed("sms", urlencode({**fields, "SmsStatus": "received", **form}).encode())


def forged(request: Request) -> Request:
    return dataclasses.replace(request, body=request.body + b"&More=1")


def get(channel: str, query: str) -> Request:
    url = f"https://omni.example.com/api/channels/{channel}/{channel}-1"
    return Request("GET", url, query, {}, b"", datetime.now(UTC))


def page(messages: Sequence[dict[str, Any]]) -> bytes:
    entry = {"id": "682498171943165", "time": 1770000000000, "messaging": messages}
    return json.dumps({"object": "page", "entry": [entry]}).encode()


def said(psid: str, words: str) -> dict[str, Any]:
    return {
        "sender": {"id": psid},
        "recipient": {"id": "682498171943165"},
        "timestamp": 1770000000000,
        "message": {"mid": f"m_{uuid4().hex}", "text": words},
    }


async def test_an_authentic_message_is_on_the_queue_when_it_is_answered(
    house: House, servicebus: ServiceBus
) -> None:
    sender = f"+35850{uuid4().int % 10**7:07d}"
    answer = await house.post("sms", sms(sender, Body="hyvää päivää"))
    assert (answer.status, answer.body, answer.content_type) == (200, "<Response/>", "text/xml")
    [arrived] = await read(servicebus, "inbound-sms", thread_key("sms", "sms-1", sender), count=1)
    assert Inbound.model_validate_json(text(arrived)).text == "hyvää päivää"
    assert (await house.handshakes.status("sms-1")).authentic_at is not None


async def test_every_item_of_a_call_is_kept_once_in_order_though_it_is_sent_twice(
    house: House, servicebus: ServiceBus
) -> None:
    psid = f"{uuid4().int % 10**16}"
    request = signed("facebook", page([said(psid, f"{n}") for n in range(30)]))
    assert [(await house.post("facebook", request)).status for _ in range(2)] == [200, 200]
    arrived = await read(servicebus, "inbound-facebook", thread_key("facebook", "facebook-1", psid), count=30)
    assert [Inbound.model_validate_json(text(m)).text for m in arrived] == [f"{n}" for n in range(30)]


async def test_a_forged_one_is_401_noted_and_not_kept(house: House, servicebus: ServiceBus) -> None:
    sender = f"+35850{uuid4().int % 10**7:07d}"
    answer = await house.post("sms", forged(sms(sender)))
    assert answer.status == 401
    status = await house.handshakes.status("sms-1")
    assert [failure.code for failure in status.failures] == ["not-authentic"]
    assert status.failures[0].reason == answer.body
    assert status.authentic_at is None
    await house.post("sms", sms(sender, Body="real"))
    [arrived] = await read(servicebus, "inbound-sms", thread_key("sms", "sms-1", sender), count=1)
    assert Inbound.model_validate_json(text(arrived)).text == "real"


async def test_a_handshake_is_answered_and_noted(house: House) -> None:
    asked = {"hub.mode": "subscribe", "hub.verify_token": "verify-me", "hub.challenge": "1158201444"}
    answer = await house.post("facebook", get("facebook", urlencode(asked)))
    assert (answer.status, answer.body) == (200, "1158201444")
    assert (await house.handshakes.status("facebook-1")).succeeded_at is not None


async def test_a_wrong_verify_token_is_403_and_noted(house: House) -> None:
    asked = {"hub.mode": "subscribe", "hub.verify_token": "guess", "hub.challenge": "1"}
    assert (await house.post("facebook", get("facebook", urlencode(asked)))).status == 403
    status = await house.handshakes.status("facebook-1")
    assert status.succeeded_at is None
    assert [failure.code for failure in status.failures] == ["forbidden"]


async def test_an_unknown_account_is_404(house: House) -> None:
    assert (await house.post("sms", sms(), account_id="nobody")).status == 404


async def test_a_method_that_the_channel_does_not_use_is_405(house: House) -> None:
    answer = await house.post("sms", get("sms", ""))
    assert (answer.status, dict(answer.headers)) == (405, {"Allow": "POST"})


async def test_a_body_over_the_limit_is_413_before_anything_reads_it(house: House) -> None:
    limit = room("sms").capabilities.body_limit
    huge = dataclasses.replace(sms(), body=b"\xff" * (limit + 1))
    assert (await house.post("sms", huge)).status == 413
    assert [f.code for f in (await house.handshakes.status("sms-1")).failures] == ["too-large"]


async def test_an_authentic_body_that_nobody_can_read_is_parked_and_answered_200(
    house: House, servicebus: ServiceBus
) -> None:
    body = f"not json \x00 {uuid4().hex}".encode() + b"\xff"
    assert (await house.post("facebook", signed("facebook", body))).status == 200
    arrived = await read(servicebus, "parked", count=1)
    mine = next(m for m in arrived if text(m) == body.decode("utf-8", "backslashreplace"))
    properties = {k.decode(): v.decode() for k, v in mine.application_properties.items()}  # type: ignore[union-attr]
    assert properties["queue"] == "inbound-facebook"
    assert properties["reason"].startswith("unreadable webhook body: ")
    assert properties["account"] == "facebook-1"


async def test_an_item_too_large_for_the_queue_is_kept_without_its_fragment(
    house: House, servicebus: ServiceBus
) -> None:
    sender = f"+35850{uuid4().int % 10**7:07d}"
    words = "ä" * 40_000  # 240 kB as a form, 80 kB as JSON
    unknown = sms(sender, SmsStatus="of-the-future", Body=words, MediaUrl0="https://x.example/" + "y" * 9000)
    assert (await house.post("sms", unknown)).status == 200
    assert (
        await house.post("sms", sms(sender, Body="\x01" * 40_000))
    ).status == 200  # six bytes each as JSON
    arrived = await read(servicebus, "inbound-sms", thread_key("sms", "sms-1", sender), count=2)
    first, second = (Inbound.model_validate_json(text(message)) for message in arrived)
    assert first.kind is Kind.UNSUPPORTED
    assert second.context["trimmed"]
    assert second.text == "\x01" * 20_000


async def test_503_with_retry_after_when_neither_queue_nor_table_takes_it(
    clock: Clock, tmp_path: Path
) -> None:
    broker = ServiceBus(ROOT / "local" / "servicebus.json", tmp_path / "bus")
    storage = Azurite(tmp_path / "tables")
    await broker.start()
    await storage.start()
    bus, tables = AzureBus.connect(broker.connection_string), open_tables(storage.connection_string)
    house = House(bus, tables.table("spool"), tables.table("notes"), clock)
    sender = f"+35850{uuid4().int % 10**7:07d}"
    assert (await house.post("sms", sms(sender, Body="0"))).status == 200
    await broker.kill()
    assert (await house.post("sms", sms(sender, Body="1"))).status == 200  # spooled
    await storage.stop()
    refused = sms(sender, Body="2")
    answer = await house.post("sms", refused)
    assert answer.status == 503
    assert int(answer.headers["Retry-After"]) > 0
    await broker.start()
    assert (await house.post("sms", refused)).status == 200
    arrived = await read(broker, "inbound-sms", thread_key("sms", "sms-1", sender), count=2)
    assert [Inbound.model_validate_json(text(message)).text for message in arrived] == ["0", "2"]
    await bus.close()
    await tables.close()
    await broker.stop()


async def test_why_it_is_not_possible_is_for_the_log(house: House, caplog: pytest.LogCaptureFixture) -> None:
    async def broken(channel: str, account_id: str) -> Account[Any]:
        raise Unavailable("account 'sms-1': there is no secret 'twilio-token' in Key Vault")

    intake = Intake(broken, *house.behind)
    answer = await intake.receive("sms", "sms-1", sms())
    assert answer.status == 503
    assert "twilio-token" not in str(answer.body)
    assert "twilio-token" in caplog.text


async def test_a_mistake_of_ours_is_told_without_its_words(
    house: House, caplog: pytest.LogCaptureFixture
) -> None:
    async def broken(channel: str, account_id: str) -> Account[Any]:
        raise ValueError("Aino's number is +358401234567")

    answer = await Intake(broken, *house.behind).receive("sms", "sms-1\nforged line", sms())
    assert (answer.status, answer.body) == (500, "an error of ours")
    assert "+358401234567" not in caplog.text
    assert "error=ValueError at webhook.py" in caplog.text
    assert "\nforged line" not in caplog.text


def test_what_does_not_fit_a_model_is_not_quoted() -> None:
    with pytest.raises(ValidationError) as refused:
        Inbound.model_validate({"channel": ["+358401234567"]})
    assert "+358401234567" not in str(refused.value)
