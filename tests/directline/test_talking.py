"""A customer and an agent, from the first word to the end."""

import asyncio
import json
from typing import Any

import pytest

from tests.directline.kit import KEY, SECRET, Chats
from tests.waiting import eventually

POSTED = {
    "type": "message",
    "id": "mine",
    "from": {"id": "somebody else", "role": "bot"},
    "conversation": {"id": "another"},
    "timestamp": "2001-01-01T00:00:00Z",
    "text": "Hei 👋",
    "locale": "fi-FI",
    "channelData": {"clientActivityID": "a1", "nested": {"kept": [1, None, True]}},
    "entities": [{"type": "ClientCapabilities", "requiresBotState": True}],
}


async def test_greeting_comes_first_and_once(chats: Chats) -> None:
    talk = await chats.start(locale="fi-FI")
    first = await talk.poll()
    assert [one["text"] for one in first] == ["Hei!"]
    assert first[0]["from"] == {"id": "web", "name": "Tuki", "role": "bot"}
    assert await talk.poll() == []
    talk.watermark = ""
    assert await talk.poll() == first


async def test_ones_own_activity_comes_back(chats: Chats) -> None:
    talk = await chats.start()
    told = await talk.call("POST", "activities", POSTED)
    _, echo = await talk.until(2)
    assert echo["id"] == told.body["id"]
    assert echo["from"] == {"id": talk.user, "role": "user"}
    assert echo["conversation"] == {"id": talk.conversation}
    assert echo["timestamp"] > "2026"
    for untouched in ("text", "locale", "channelData", "entities"):
        assert echo[untouched] == POSTED[untouched]
    (stored,) = await talk.stored()
    assert (stored["text"], stored["author"], stored["direction"]) == ("Hei 👋", talk.user, "inbound")


async def test_an_activity_is_taken_once(chats: Chats) -> None:
    talk = await chats.start()
    ids = await asyncio.gather(*(talk.say("moi", "same") for _ in range(5)))
    assert len(set(ids)) == 1
    await talk.say("hei", "next")
    await talk.until(3)
    assert await talk.say("moi", "same") == ids[0]  # long after it was stored
    await talk.say("loppu", "last")
    await talk.until(4)
    assert talk.texts == ["Hello!", "moi", "hei", "loppu"]
    assert [one["text"] for one in await talk.stored()] == ["moi", "hei", "loppu"]


async def test_the_same_id_of_two_customers_is_two_messages(chats: Chats) -> None:
    for talk in [await chats.start() for _ in range(2)]:
        await talk.say("moi", "same")
        assert len(await talk.until(2)) == 2


async def test_order_and_pages(chats: Chats) -> None:
    talk = await chats.start()
    wanted = [f"viesti {n}" for n in range(104)]
    for text in wanted:
        await talk.say(text)
    await eventually(lambda: _all_there(talk.poll, len(wanted) + 1, talk.seen))
    talk.seen.clear()
    talk.watermark, pages = "", 0
    while page := await talk.poll():
        assert len(page) <= 101  # a hundred, and the greeting
        pages += 1
    assert pages == 2
    assert talk.texts == ["Hello!", *wanted]


async def _all_there(poll: Any, count: int, seen: list[Any]) -> bool:
    await poll()
    return len(seen) == count


async def test_many_at_once(chats: Chats) -> None:
    talk = await chats.start()
    await asyncio.gather(*(talk.say(f"{n}") for n in range(40)))
    await talk.until(41)
    assert sorted(talk.texts[1:], key=int) == [f"{n}" for n in range(40)]
    assert [one["text"] for one in await talk.stored()] == talk.texts[1:]


async def test_an_agent_answers(chats: Chats) -> None:
    talk = await chats.start()
    await talk.say("onko ketään?")
    (asked,) = await talk.stored()
    image = {"kind": "image", "url": "https://files.example/a/kuva.png?x=1"}
    choices = [{"title": "Kyllä", "payload": "yes"}]
    await talk.reply("Täällä!", attachments=[image], choices=choices, replyTo=asked["id"])
    await talk.until(3)
    own, reply = talk.of("message")[1:]
    assert reply["from"] == {"id": "web", "name": "Tuki", "role": "bot"}
    assert reply["replyToId"] == own["id"]
    assert reply["attachments"] == [
        {"contentType": "image/png", "contentUrl": image["url"], "name": "kuva.png"}
    ]
    (action,) = reply["suggestedActions"]["actions"]
    assert (action["type"], action["title"], action["value"]) == ("messageBack", "Kyllä", "yes")
    assert [one["name"] for one in talk.of("event")] == ["AgentAccepted"]
    assert "maija" not in json.dumps(talk.seen)
    assert (await talk.post(text=action["text"], value=action["value"])).status == 200
    await talk.until(4)
    assert [(one["kind"], one["payload"]) for one in await talk.stored() if one["payload"] == "yes"] == [
        ("postback", "yes")
    ]

    async def sent() -> bool:
        return [one["delivery"] for one in await talk.stored() if one["direction"] == "outbound"] == ["sent"]

    await eventually(sent)
    assert (await talk.call("POST", "activities", {"type": "event", "name": "MessageRead"})).status == 200

    async def read() -> bool:
        return [one["delivery"] for one in await talk.stored() if one["direction"] == "outbound"] == ["read"]

    await eventually(read)
    assert len(talk.of("message")) == 4


async def test_what_was_read_is_told_up_to_a_message(chats: Chats) -> None:
    """Else what an agent wrote meanwhile would count as read, and nobody has seen it."""
    talk = await chats.start()
    await talk.say("Hei")
    first, second = [await talk.reply(text) for text in ("Yksi", "Kaksi")]

    async def reads(name: str, field: str = "messageId") -> int:
        event = {"type": "event", "name": "MessageRead", "value": {field: name}}
        return (await talk.call("POST", "activities", event)).status

    async def delivered() -> list[str]:
        return [one["delivery"] for one in await talk.stored() if one["direction"] == "outbound"]

    assert await reads(f"{talk.conversation}-greeting") == 200
    assert await reads(first["id"]) == 200

    async def one_is_read() -> bool:
        return await delivered() == ["read", "sent"]

    await eventually(one_is_read)
    other = await chats.start()
    await other.say("Moi")
    assert await reads((await other.reply("Muuta"))["id"]) == 400
    assert await reads(first["id"][:-1] + "9") == 404
    assert await delivered() == ["read", "sent"]
    assert await reads(second["id"], "lastReadMessageId") == 200

    async def both_are_read() -> bool:
        return await delivered() == ["read", "read"]

    await eventually(both_are_read)


@pytest.mark.parametrize(
    ("activity", "kind", "text", "payload"),
    [
        ({"type": "message", "text": "x", "value": {"a": [1]}}, "postback", "x", '{"a": [1]}'),
        ({"type": "message", "text": "p", "channelData": {"postBack": True}}, "postback", "p", "p"),
        ({"type": "event", "name": "cart", "value": {"sum": 3}}, "postback", "cart", '{"sum": 3}'),
        ({"type": "invoke", "name": "x"}, "unsupported", "", ""),
        ({"type": "whatever"}, "unsupported", "", ""),
    ],
)
async def test_other_activities(
    chats: Chats, activity: dict[str, Any], kind: str, text: str, payload: str
) -> None:
    talk = await chats.start()
    assert (await talk.call("POST", "activities", activity)).status == 200
    await eventually(lambda: _all_there(talk.poll, 2, talk.seen))
    assert {name: talk.seen[1].get(name) for name in activity} == activity
    (stored,) = await talk.stored()
    assert (stored["kind"], stored["text"], stored.get("payload", "")) == (kind, text, payload)


@pytest.mark.parametrize(
    "activity",
    [
        {},
        {"type": ""},
        {"type": 1.5, "text": None},
        {"type": "message"},
        {"type": "message", "text": "  "},
        {"type": "message", "text": "x", "channelData": {"clientActivityID": "x" * 300}},
        {"type": "message", "attachments": [{"contentUrl": "https://x.example"}] * 11},
    ],
)
async def test_odd_activities(chats: Chats, activity: dict[str, Any]) -> None:
    talk = await chats.start()
    told = await talk.call("POST", "activities", activity)
    expected = 200 if activity.get("type") == 1.5 else 400  # a number is a type that nobody knows
    assert told.status == expected


async def test_typing_both_ways(chats: Chats) -> None:
    talk = await chats.start()
    await talk.say("moi")
    await talk.until(2)
    conversation = (await talk.opened())["id"]
    assert (await talk.call("POST", "activities", {"type": "typing"})).status == 200
    follow = await chats.desk.get(f"conversations/{conversation}/events", wait="0")
    assert follow["typing"] is True
    await chats.desk.send_text("POST", f"conversations/{conversation}/typing")
    (sign,) = await talk.until(1, "typing")
    assert "id" not in sign
    assert sign["from"]["role"] == "bot"
    assert [one["kind"] for one in await talk.stored()] == ["message"]


async def test_what_is_new_is_told_by_a_tag(chats: Chats) -> None:
    talk = await chats.start()
    first = await talk.call("GET", "activities")
    tag = first.headers["ETag"]
    same = await talk.call("GET", "activities", If_None_Match=tag)
    assert (same.status, same.body) == (304, b"")
    await talk.say("moi")
    await talk.until(2)
    assert (await talk.call("GET", "activities", If_None_Match=tag)).status == 200
    assert first.headers["X-Poll-Interval"] == "1000"
    assert first.headers["Cache-Control"] == "private, no-cache"


@pytest.mark.parametrize(
    "watermark", ["x", "1", "1-2-", "-1-1", "1-1-end-1", "1-99999999999999", "1-1-99999999999"]
)
async def test_watermarks_that_are_none(chats: Chats, watermark: str) -> None:
    talk = await chats.start()
    for what in (f"activities?watermark={watermark}", f"?watermark={watermark}"):
        assert (await talk.call("GET", what)).status == 400


async def test_context_chooses_the_agents(chats: Chats) -> None:
    context = {"tier": {"value": "gold", "isDisplayable": True}, "msdyn_cart": 3, "Email": "a@example.com"}
    talk = await chats.start(context=context, locale="sv-SE")
    await talk.say("moi")
    opened = await talk.opened()
    assert opened["agentQueue"] == "gold"
    assert opened["context"] == {"tier": "gold", "msdyn_cart": "3", "Email": "a@example.com"}
    assert opened["customer"]["email"] == "a@example.com"


@pytest.mark.parametrize(
    ("context", "status"),
    [
        ({f"n{i}": "x" for i in range(100)}, 200),
        ({f"n{i}": "x" for i in range(101)}, 400),
        ({"n" * 100: "x" * 4000}, 200),
        ({"n" * 101: "x"}, 400),
        ({"n": "x" * 4001}, 400),
        ({"": "x"}, 400),
        ({"n": ["x"]}, 400),
        (["x"], 400),
        ({f"n{i}": "x" * 4000 for i in range(30)}, 413),
    ],
)
async def test_limits_of_context(chats: Chats, context: Any, status: int) -> None:
    made = await chats.call("POST", "tokens/generate", {"context": context}, token=SECRET)
    assert made.status == status


async def test_the_largest_context_and_the_largest_message(chats: Chats) -> None:
    talk = await chats.start(context={f"n{i}": "ä" * 1990 for i in range(24)})
    largest = json.dumps({"type": "message", "text": "€" * 9000}, ensure_ascii=False).encode()
    assert (await talk.call("POST", "activities", data=largest)).status == 200
    await talk.until(2)
    opened = await talk.opened()
    assert len(opened["context"]) == 24
    assert "trimmed" not in opened["context"]


async def test_secrets_and_keys_are_in_nobodys_sight(chats: Chats) -> None:
    shown = await chats.desk.send_text("GET", "configuration")
    assert SECRET not in shown
    assert KEY not in shown
    handshake = json.dumps(await chats.desk.get("accounts/web/handshake"))
    assert "widget.js" in handshake
    assert SECRET not in handshake


async def test_a_transcript(chats: Chats) -> None:
    talk = await chats.start(locale="fi-FI")
    await talk.say("<b>moi</b>")
    await talk.reply("hei")
    await talk.until(3)
    plain = await talk.call("GET", "transcript")
    lines = plain.body.decode().splitlines()
    assert lines[0] == "Tuki"
    assert [line[21:] for line in lines[3:]] == ["Sinä: <b>moi</b>", "Tuki: hei"]
    page = await talk.call("GET", "transcript?format=html&locale=sv")
    assert page.headers["Content-Type"] == "text/html; charset=utf-8"
    assert "sandbox" in page.headers["Content-Security-Policy"]
    assert "&lt;b&gt;moi&lt;/b&gt;" in page.body.decode()
    assert "Du</dt>" in page.body.decode()
    assert (await talk.call("GET", "transcript?format=pdf")).status == 400
