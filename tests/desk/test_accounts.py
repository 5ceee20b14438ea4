"""Administrators see how each account's handshake stands, and what was given up."""

from uuid import uuid4

import yaml

from functions.channels import CHANNELS
from functions.channels.contract import Request
from functions.intake.parked import ParkedMessage
from functions.message import Inbound, thread_key
from local.servicebus.launch import ServiceBus
from local.simulators.compose import compose
from tests.desk.conftest import EXAMPLE
from tests.desk.kit import ADMINISTRATOR, BASE, Desk, Told, now
from tests.intake.reading import read, text


async def administrator(desk: Desk, method: str, path: str) -> Told:
    return await desk.call(method, path, role=ADMINISTRATOR)


async def parked_by(desk: Desk, parked: ParkedMessage) -> None:
    """Write it down as it comes from the parked queue."""
    properties = {**parked.model_dump(mode="json", by_alias=True, exclude={"id", "body", "replayed_at"})}
    await desk.services.parked.record(parked.id, parked.body, properties)


async def test_accounts_are_listed_with_what_the_provider_calls(desk: Desk) -> None:
    items = (await administrator(desk, "GET", "accounts")).body["items"]
    assert items[0] == {
        "id": "sms-twilio",
        "channel": "sms",
        "provider": "twilio",
        "workstream": "service",
        "callback": f"{BASE}/api/channels/sms/sms-twilio",
    }
    configured = yaml.safe_load(EXAMPLE.read_text())["accounts"]
    assert [item["id"] for item in items] == [account["id"] for account in configured]


async def test_a_handshake_is_followed_from_its_steps_to_its_success(desk: Desk) -> None:
    path = "accounts/facebook-meta/handshake"
    before = (await administrator(desk, "GET", path)).body
    assert (before["succeeded"], before["failures"]) == (False, [])
    assert f"{BASE}/api/channels/facebook/facebook-meta" in [step["value"] for step in before["steps"]]

    for given in ("wrong", "local-meta-verify-token"):
        query = f"hub.mode=subscribe&hub.verify_token={given}&hub.challenge=42"
        request = Request("GET", before["account"]["callback"], query, {}, b"", now())
        await desk.services.intake.receive("facebook", "facebook-meta", request)
    after = (await administrator(desk, "GET", path)).body
    assert after["succeeded"] is True
    assert after["succeededAt"] >= after["failures"][0]["at"]
    (failure,) = after["failures"]
    assert failure["code"] == "forbidden"
    assert "token" in failure["reason"]


async def test_an_account_whose_secret_is_missing_says_which(blank: Desk, example: str) -> None:
    text = example.replace("authToken: local-twilio-auth-token", "authToken: { secret: twilio-token }")
    await blank.services.configurations.apply(text, "tests")
    told = (await administrator(blank, "GET", "accounts/sms-twilio/handshake")).body
    assert told["steps"] == []
    assert "TWILIO_TOKEN" in told["problem"]


async def test_a_teams_account_has_an_app_to_import(desk: Desk) -> None:
    steps = (await administrator(desk, "GET", "accounts/teams-botframework/handshake")).body["steps"]
    path = "accounts/teams-botframework/manifest"
    assert f"{BASE}/api/{path}" in [step["value"] for step in steps]
    found = (await administrator(desk, "GET", path)).body
    assert found["bots"][0]["botId"] == "00000000-0000-0000-0000-0000000000b0"
    assert found["validDomains"] == ["desk.example"]
    assert (await administrator(desk, "GET", "accounts/sms-twilio/manifest")).status == 404
    assert (await desk.call("GET", path, role="Agent")).status == 403


async def test_an_account_that_is_not_configured_is_404(desk: Desk) -> None:
    assert (await administrator(desk, "GET", "accounts/nobody/handshake")).status == 404


async def test_capabilities_are_told_of_every_channel(desk: Desk) -> None:
    items = (await desk.call("GET", "capabilities")).body["items"]
    assert [(one["channel"], one["provider"]) for one in items] == list(CHANNELS)
    assert {one["channel"]: one["replyWindow"] for one in items}["facebook"] == "P1D"
    assert {one["channel"]: one["events"] for one in items}["telegram"] == ["typing"]


async def test_a_parked_message_is_seen_replayed_and_discarded(desk: Desk, servicebus: ServiceBus) -> None:
    session, message = uuid4().hex, uuid4().hex
    parked = ParkedMessage(
        id=f"0000000001-{message}",
        queue="inbound-sms",
        session=session,
        message=message,
        reason="failed 5 times",
        parked_at=now(),
        body="{}",
    )
    await parked_by(desk, parked)
    listed = (await administrator(desk, "GET", "parked")).body["items"]
    assert [(one["id"], one["reason"]) for one in listed] == [(parked.id, "failed 5 times")]

    path = f"parked/{parked.id}"
    assert (await administrator(desk, "GET", path)).body == listed[0]
    replayed = await administrator(desk, "POST", f"{path}/replay")
    assert replayed.body["replayedAt"]
    assert [text(one) for one in await read(servicebus, "inbound-sms", session, count=1)] == ["{}"]

    assert (await administrator(desk, "DELETE", path)).status == 204
    for method in ("GET", "DELETE"):
        assert (await administrator(desk, method, path)).status == 404


async def unreadable(desk: Desk, body: str) -> str:
    """Park the body of a webhook, as intake does with one that its parser does not understand."""
    parked = ParkedMessage(
        id=f"0000000002-{uuid4().hex}",
        queue="inbound-facebook",
        session="s",
        message="m",
        reason="unreadable webhook body: the parser failed with KeyError",
        account="facebook-meta",
        parked_at=now(),
        body=body,
    )
    await parked_by(desk, parked)
    return f"parked/{parked.id}"


async def test_a_webhook_that_a_later_version_can_read_is_read_when_it_is_replayed(
    desk: Desk, servicebus: ServiceBus
) -> None:
    sender, settings = uuid4().hex, {"pageId": "100000000000001", "appSecret": "s"}
    body = compose("facebook", "meta", settings, "https://x.example", text="Hei", sender=sender).body
    path = await unreadable(desk, body.decode())
    assert (await administrator(desk, "POST", f"{path}/replay")).body["replayedAt"]
    session = thread_key("facebook", "facebook-meta", sender)
    [arrived] = await read(servicebus, "inbound-facebook", session, count=1)
    assert Inbound.model_validate_json(text(arrived)).text == "Hei"


async def test_a_webhook_that_can_still_not_be_read_stays_where_it_is(desk: Desk) -> None:
    path = await unreadable(desk, "not json")
    refused = await administrator(desk, "POST", f"{path}/replay")
    assert (refused.status, refused.body["detail"][:28]) == (409, "it can still not be read: th")
    assert (await administrator(desk, "GET", path)).body["replayedAt"] is None
