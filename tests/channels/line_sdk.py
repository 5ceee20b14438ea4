"""line-bot-sdk as an oracle: its client, with a transport that only records."""

import json
from contextlib import suppress
from typing import Any

from linebot.v3.messaging import (
    ApiClient,
    Configuration,
    MessagingApi,
    PushMessageRequest,
    ShowLoadingAnimationRequest,
)


class LineRecorder(ApiClient):  # type: ignore[misc]
    """Keeps the address, headers and body of every request."""

    def __init__(self, token: str) -> None:
        super().__init__(Configuration(access_token=token))
        self.sent: list[tuple[str, dict[str, str], Any]] = []

    def request(self, method: str, url: str, **more: Any) -> Any:
        self.sent.append((f"{method} {url}", more["headers"], json.loads(json.dumps(more["body"]))))
        raise _Recorded


class _Recorded(Exception):
    pass


def line_loads(token: str, chat: str, seconds: int) -> tuple[str, dict[str, str], Any]:
    """Give the request that LINE's client makes for the loading animation."""
    recorder = LineRecorder(token)
    with suppress(_Recorded):
        shown = ShowLoadingAnimationRequest(chatId=chat, loadingSeconds=seconds)
        MessagingApi(recorder).show_loading_animation(shown)
    return recorder.sent[0]


def line_pushes(token: str, to: str, messages: list[Any], retry_key: str) -> tuple[str, dict[str, str], Any]:
    """Give the request that LINE's client makes for a push."""
    recorder = LineRecorder(token)
    with suppress(_Recorded):
        MessagingApi(recorder).push_message(PushMessageRequest(to=to, messages=messages), retry_key)
    return recorder.sent[0]
