"""Instagram's own: two secrets, two logins, and a limit in bytes."""

from typing import Any

import pytest

from functions.errors import NotAuthentic, NotDeliverable
from functions.message import Attachment, AttachmentKind, Choice, Tag
from tests.channels.samples import SECRETS, account, request, room
from tests.channels.sign import sign
from tests.channels.test_authentic import BODIES
from tests.channels.test_send import PHOTO, content, rendered

BODY = BODIES["instagram"]


@pytest.mark.parametrize("secret", ["meta-secret", "instagram-secret"])
def test_either_secret_may_sign(secret: str) -> None:
    call = request("instagram", BODY, sign("instagram", "", {"app_secret": secret}, BODY))
    room("instagram").authenticate(call, account("instagram", instagramAppSecret="instagram-secret"))


def test_the_second_secret_counts_only_where_there_is_one() -> None:
    for secret in ("instagram-secret", ""):
        call = request("instagram", BODY, sign("instagram", "", {"app_secret": secret or "x"}, BODY))
        with pytest.raises(NotAuthentic, match="does not match"):
            room("instagram").authenticate(call, account("instagram", instagramAppSecret=""))


@pytest.mark.parametrize(
    ("settings", "url"),
    [
        ({}, "https://graph.instagram.com/v25.0/17841405822304914/messages"),
        ({"pageId": "682498171943165"}, "https://graph.facebook.com/v25.0/682498171943165/messages"),
        ({"pageId": "1", "apiBase": "http://127.0.0.1:1/x/"}, "http://127.0.0.1:1/x/v25.0/1/messages"),
    ],
)
def test_messages_leave_by_the_profile_or_by_its_page(settings: dict[str, Any], url: str) -> None:
    [call] = rendered("instagram", settings=settings, text="Moi", reply_to="aWd_1")
    assert call.url == url
    assert call.headers == {"Authorization": "Bearer instagram-token"}
    assert call.json == {
        "recipient": {"id": "5411230000002"},
        "messaging_type": "RESPONSE",
        "message": {"text": "Moi"},
    }


def test_parts_are_measured_in_bytes() -> None:
    calls = rendered("instagram", text="ä" * 1100, attachments=(PHOTO,))
    messages = [content(call)["message"] for call in calls]
    assert [len(message.get("text", "").encode()) for message in messages] == [1000, 1000, 200, 0]
    assert messages[3] == {"attachment": {"type": "image", "payload": {"url": PHOTO.url}}}


def test_quick_replies_go_last_under_a_text() -> None:
    choices = (Choice(title="Kyllä", payload="YES"),)
    calls = rendered("instagram", text="a" * 1001, attachments=(PHOTO,), choices=choices)
    messages = [content(call)["message"] for call in calls]
    assert [message.get("quick_replies") for message in messages] == [
        None,
        None,
        [{"content_type": "text", "title": "Kyllä", "payload": "YES"}],
    ]
    assert [next(iter(message)) for message in messages] == ["text", "attachment", "text"]


@pytest.mark.parametrize(
    ("hours", "tag", "kind"), [(24, None, "RESPONSE"), (24.1, Tag.HUMAN_AGENT, "MESSAGE_TAG")]
)
def test_window(hours: float, tag: Tag | None, kind: str) -> None:
    [call] = rendered("instagram", hours, text="x", tag=tag)
    assert content(call)["messaging_type"] == kind


@pytest.mark.parametrize(
    ("hours", "message", "code"),
    [
        (24.1, {"text": "x"}, "window-closed"),
        (168.1, {"text": "x", "tag": Tag.HUMAN_AGENT}, "window-closed"),
        (None, {"text": "x"}, "never-wrote"),
        (1, {"attachments": (PHOTO.model_copy(update={"size": 8_000_001}),)}, "attachment-size"),
        (1, {"attachments": (Attachment(kind=AttachmentKind.LOCATION, url="geo:1,2"),)}, "attachment-kind"),
        (1, {"attachments": (PHOTO,), "choices": (Choice(title="a", payload="b"),)}, "choice-text"),
    ],
)
def test_what_instagram_would_not_take(hours: float | None, message: dict[str, Any], code: str) -> None:
    with pytest.raises(NotDeliverable) as refused:
        rendered("instagram", hours, **message)
    assert refused.value.code == code


def test_no_secret_shows() -> None:
    shown = repr(account("instagram", instagramAppSecret="instagram-secret"))
    assert not any(secret in shown for secret in (*SECRETS.values(), "instagram-secret"))
