"""Calls at Twilio that agents make, and end."""

import json
from typing import Any

import pytest

from local.desk import DeskError
from local.simulators.twilio_voice import Part
from tests.voice.kit import CUSTOMER, Calling, spoken
from tests.voice.steps import in_line

BILLING = ("1", "se lasku")


async def test_an_agent_calls_back(calling: Calling) -> None:
    asked = await calling.phone(Part(answers=("1", "4"))).ring()
    await calling.story(asked.sid, "we hung up")
    [wish] = await calling.conversations(asked.sid)
    body = {"account": "line", "to": CUSTOMER, "conversation": wish["id"]}
    call = await calling.desk.post("calls", body, **{"Idempotency-Key": "back-1"})
    again = await calling.desk.post("calls", body, **{"Idempotency-Key": "back-1"})
    assert (call["id"], call["way"], call["customer"]) == (again["id"], "outbound", CUSTOMER)
    [story] = await calling.story(call["id"], "Recording")
    assert spoken(story)[:4] == [
        "the customer's phone rings",
        "the customer answers",
        "told that the call is recorded or transcribed",
        "The customer answered our call.",
    ]
    [conversation] = await calling.conversations(call["id"])
    found = await calling.desk.get(f"conversations/{conversation['id']}")
    assert (found["context"]["call"], found["context"]["conversation"]) == ("outbound", wish["id"])
    other = {**body, "to": "+358401234569"}
    with pytest.raises(DeskError, match="idempotency-key was used"):
        await calling.desk.post("calls", other, **{"Idempotency-Key": "back-1"})


async def test_a_customer_whom_we_call_does_not_answer(calling: Calling) -> None:
    body = {"account": "line", "to": "+358401239999"}
    call = await calling.desk.post("calls", body, **{"Idempotency-Key": "back-2"})
    [story] = await calling.story(call["id"], "no-answer")
    assert ("system", "left", "no-answer") in story
    found = await calling.desk.get(f"calls/{call['id']}")
    assert (found["state"], found["reason"]) == ("ended", "no-answer")


async def test_an_agent_ends_a_call(calling: Calling) -> None:
    body = {"account": "line", "to": "+358401237777"}
    call = await calling.desk.post("calls", body, **{"Idempotency-Key": "back-3"})
    ended = await calling.desk.post(f"calls/{call['id']}/hangup", {})
    assert (ended["state"], ended["reason"]) == ("ended", "an agent ended the call")
    assert await calling.desk.post(f"calls/{call['id']}/hangup", {}) == ended
    await calling.story(call["id"], "an agent ended the call")
    phone = calling.phone(Part(answers=BILLING))
    await in_line(phone)
    gone = await calling.desk.post(f"calls/{phone.sid}/hangup", {})  # Twilio knows no such call any more
    assert gone["state"] == "ended"


@pytest.mark.parametrize(
    ("body", "problem"),
    [
        ({"account": "nowhere", "to": CUSTOMER}, "404 .*no account .nowhere"),
        ({"account": "line", "to": "0401234567"}, "400 .*: to: "),
        (
            {"account": "line", "to": CUSTOMER, "conversation": "0" * 32 + "-000001"},
            "404 .*no such conversation",
        ),
    ],
)
async def test_calls_that_cannot_be_made(calling: Calling, body: dict[str, Any], problem: str) -> None:
    with pytest.raises(DeskError, match=problem):
        await calling.desk.post("calls", body, **{"Idempotency-Key": json.dumps(body)})
