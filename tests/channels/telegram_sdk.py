"""python-telegram-bot as an oracle: its bot, with a transport that only records."""

import json
from dataclasses import dataclass, field
from typing import Any

from telegram import Bot
from telegram.request import BaseRequest, RequestData


@dataclass
class TelegramRecorder(BaseRequest):
    """Keeps the address and parameters of every request."""

    sent: list[tuple[str, dict[str, Any]]] = field(default_factory=list)

    @property
    def read_timeout(self) -> float:
        return 1

    async def initialize(self) -> None:
        """Nothing to open."""

    async def shutdown(self) -> None:
        """Nothing to close."""

    async def do_request(
        self, url: str, method: str, request_data: RequestData | None = None, *_: Any, **__: Any
    ) -> tuple[int, bytes]:
        self.sent.append((url, dict(request_data.parameters) if request_data else {}))
        message = {"message_id": 1, "date": 1, "chat": {"id": 42, "type": "private"}}
        return 200, json.dumps({"ok": True, "result": message}).encode()


def telegram_bot(token: str) -> tuple[Bot, TelegramRecorder]:
    """Give python-telegram-bot's bot, and what it sends."""
    recorder = TelegramRecorder()
    return Bot(token, request=recorder), recorder
