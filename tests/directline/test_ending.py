"""How chats end: live ones for good, persistent ones only for now."""

import json

import pytest

from functions.message import thread_key
from tests.directline.kit import Chats
from tests.waiting import eventually


async def test_the_customer_ends_a_live_chat(chats: Chats) -> None:
    talk = await chats.start()
    await talk.say("moi")
    await talk.reply("hei")
    await talk.until(3)
    assert (await talk.call("POST", "activities", {"type": "endOfConversation"})).status == 200
    await talk.until(1, "endOfConversation")
    assert (await talk.opened())["state"] == "wrapUp"
    told = await talk.post(text="vielä yksi")
    assert (told.status, told.code) == (404, "ConversationEnded")
    await chats.desk.post(f"conversations/{(await talk.opened())['id']}/close", {})
    await talk.until(2, "endOfConversation")
    for what in ("", f"activities?watermark={talk.watermark}", f"?watermark={talk.watermark}"):
        told = await talk.call("GET", what)
        assert told.status == (404 if talk.watermark in what else 200), what
    assert len(await talk._found()) == 1


async def test_the_agent_ends_a_live_chat(chats: Chats) -> None:
    talk = await chats.start()
    await talk.say("moi")
    conversation = (await talk.opened())["id"]
    await chats.desk.post(f"conversations/{conversation}/accept", {})
    await chats.desk.post(
        f"conversations/{conversation}/notes", {"text": "salaista"}, **{"Idempotency-Key": "n1"}
    )
    await chats.desk.post(f"conversations/{conversation}/end", {})
    await talk.until(1, "endOfConversation")
    assert (await talk.post(text="vielä")).status == 404
    assert [one["type"] for one in talk.seen] == ["message", "message", "event", "endOfConversation"]
    assert "salaista" not in json.dumps(talk.seen)


@pytest.mark.parametrize("words", [["moi"], []])
async def test_the_customer_leaves_before_anybody_came(chats: Chats, words: list[str]) -> None:
    talk = await chats.start()
    for text in words:
        await talk.say(text)
    assert (await talk.call("POST", "activities", {"type": "endOfConversation"})).status == 200
    await talk.until(1, "endOfConversation")
    assert talk.texts == ["Hello!", *words]
    assert (await talk.post(text="vielä")).code == "ConversationEnded"
    assert (await talk.call("GET", f"activities?watermark={talk.watermark}")).status == 404


async def test_news_of_the_conversation_are_delivered(chats: Chats) -> None:
    talk = await chats.start()
    await talk.say("moi")
    await chats.desk.post(f"conversations/{(await talk.opened())['id']}/accept", {})

    async def delivered() -> bool:
        return [one["delivery"] for one in await talk.stored() if one["kind"] == "state"] == ["sent"]

    await eventually(delivered)


async def test_a_persistent_chat_goes_on(chats: Chats) -> None:
    first = await chats.start("club")
    await first.say("ensimmäinen käynti")
    await first.until(1)
    await first.call("POST", "activities", {"type": "endOfConversation"})
    again = await chats.start("club", user={"id": first.user})
    assert again.conversation == first.conversation
    await again.say("toinen käynti")
    await again.until(2)
    opened = await again.opened()
    assert opened["state"] == "open"
    await chats.desk.post(f"conversations/{opened['id']}/accept", {})
    waiting = await chats.desk.post(f"conversations/{opened['id']}/state", {"state": "waiting"})
    assert waiting["state"] == "waiting"
    await chats.desk.post(f"conversations/{opened['id']}/close", {})
    await again.until(1, "endOfConversation")
    await again.say("kolmas käynti")
    await again.until(3)
    assert again.texts == ["ensimmäinen käynti", "toinen käynti", "kolmas käynti"]
    assert (await again.opened())["id"] == opened["id"][:-6] + "000002"
    key = thread_key("chat", "club", first.conversation)
    assert opened["id"].startswith(key)
