"""The official clients read the same payloads: where they see a message, so do we, with the same words."""

import json

import pytest
from telegram import Update
from telegram.constants import UpdateType

from functions.message import Kind
from tests.channels.samples import SETTINGS, account, parsed, room
from tests.channels.telegram_sdk import telegram_bot
from tests.channels.vectors.telegram import CASES

READABLE = [
    name for name in CASES if name not in ("a message of a wrong type", "nothing", "date beyond the calendar")
]


@pytest.mark.parametrize("name", READABLE)
def test_telegram_reads_as_its_client_does(name: str) -> None:
    bot, _ = telegram_bot(SETTINGS["telegram"]["botToken"])
    update = Update.de_json(json.loads(CASES[name].body), bot)
    item = parsed("telegram", CASES[name].body)[0]
    message = update.message or update.edited_message or update.channel_post or update.business_message
    if message and item.kind in (Kind.MESSAGE, Kind.EDIT, Kind.ECHO):
        assert item.text == (message.text or message.caption or "")
        assert item.sent_at == (message.edit_date or message.date)
        assert bool(item.attachments) == bool(message.effective_attachment)
        assert item.event == str(update.update_id) or item.event.endswith(
            f"{message.chat_id}:{message.message_id}"
        )
    if update.effective_chat:
        assert item.thread.split(":")[-1] == str(update.effective_chat.id)
    if update.effective_user and item.kind not in (Kind.JOINED, Kind.LEFT):
        assert item.sender.id == str(update.effective_user.id)
    if update.callback_query:
        assert (item.payload, item.context["callbackQuery"]) == (
            update.callback_query.data,
            update.callback_query.id,
        )
    if item.kind is Kind.UNSUPPORTED:
        assert item.raw == json.loads(CASES[name].body)


async def test_a_pressed_button_is_answered_as_its_client_does() -> None:
    """In the answer to the webhook, where a call needs its method's name besides."""
    items = parsed("telegram", CASES["button"].body)
    bot, recorder = telegram_bot(SETTINGS["telegram"]["botToken"])
    await bot.answer_callback_query(items[0].context["callbackQuery"])
    [(url, sent)] = recorder.sent
    answer = room("telegram").acknowledge(items)
    assert json.loads(answer.body) == {"method": url.rpartition("/")[2], **sent}
    assert answer.content_type == "application/json"


def test_all_is_asked_for_that_is_read() -> None:
    """Telegram brings what `allowed_updates` names, and some kinds only then: reactions, for one."""
    [asked] = [
        json.loads(step.value)
        for step in room("telegram").setup(account("telegram"))
        if step.name == "allowed_updates"
    ]
    assert set(asked) <= {kind.value for kind in UpdateType}
    read = {
        name
        for name, case in CASES.items()
        if any(item.kind is not Kind.UNSUPPORTED for item in parsed("telegram", case.body))
    }
    assert set(asked) == {field for name in read for field in json.loads(CASES[name].body)} - {"update_id"}
