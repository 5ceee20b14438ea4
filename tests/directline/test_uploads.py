"""Files of customers: what is taken, how it is kept, and who is given it."""

import re
from datetime import UTC, datetime
from typing import Any
from uuid import uuid4

import aiohttp
import pytest

from functions.channels.contract import Request
from functions.cloud.blobs import AzureBlobs
from functions.directline import tokens
from functions.directline.call import Call
from functions.directline.uploads import read_form
from local.platform import Platform
from tests.directline.kit import FORBIDDEN, Chats, Talk, Told

PNG = b"\x89PNG\r\n\x1a\n" + bytes(range(256)) * 4 + b"\r\n--x\r\n"
HTML = b"<!doctype html><script>alert(1)</script>"


def form(*files: tuple[str, str, bytes], activity: Any = "{}") -> aiohttp.FormData:
    data = aiohttp.FormData(quote_fields=False)  # browsers do not quote names
    if activity is not None:
        data.add_field(
            "activity", activity, content_type="application/vnd.microsoft.activity", filename="blob"
        )
    for name, kind, content in files:
        data.add_field("file", content, content_type=kind, filename=name)
    return data


async def upload(talk: Talk, data: Any, **headers: str) -> Told:
    return await talk.call("POST", f"upload?userId={talk.user}", data=data, **headers)


async def fetched(talk: Talk, url: str, **headers: str) -> Told:
    path = url.removeprefix(f"{talk.chats.base(talk.account)}/v3/directline/")
    return await talk.chats.call("GET", path, account=talk.account, **headers)


async def test_files_come_and_go(chats: Chats) -> None:
    talk = await chats.start()
    posted = (
        '{"type": "message", "text": "kuvat", "channelData": {"clientActivityID": "c"}, "attachments": []}'
    )
    files = (("ä.png", "image/gif", PNG), ("sivu.html", "text/html", HTML))
    told = await upload(talk, form(*files, activity=posted))
    assert told.status == 200
    _, echo = await talk.until(2)
    assert (echo["id"], echo["text"]) == (told.body["id"], "kuvat")
    assert echo["channelData"] == {"clientActivityID": "c"}
    shown = [(one["name"], one["contentType"]) for one in echo["attachments"]]
    assert shown == [("ä.png", "image/png"), ("sivu.html", "text/plain")]  # by what they are
    for one, (_, _, content) in zip(echo["attachments"], files, strict=True):
        got = await fetched(talk, one["contentUrl"], Origin=FORBIDDEN)  # the link is what opens it
        assert (got.status, got.body) == (200, content)
        assert got.headers["X-Content-Type-Options"] == "nosniff"
        assert "sandbox" in got.headers["Content-Security-Policy"]
        assert got.headers["Access-Control-Allow-Origin"] == FORBIDDEN
    way = got.headers["Content-Disposition"]
    assert way == "attachment; filename*=UTF-8''sivu.html"


async def test_the_same_form_again(chats: Chats) -> None:
    talk = await chats.start()
    posted = '{"type": "message", "channelData": {"clientActivityID": "c"}}'
    ids = {
        (await upload(talk, form(("a.png", "image/png", PNG), activity=posted))).body["id"] for _ in range(3)
    }
    assert len(ids) == 1
    await talk.say("loppu")
    await talk.until(3)
    assert [len(one["attachments"]) for one in await talk.stored()] == [1, 0]


async def test_one_file_without_a_form(chats: Chats) -> None:
    talk = await chats.start()
    named = {"Content_Type": "image/png", "Content_Disposition": 'name="file"; filename="yksi.png"'}
    assert (await upload(talk, PNG, **named)).status == 200
    _, echo = await talk.until(2)
    assert [one["name"] for one in echo["attachments"]] == ["yksi.png"]


def test_a_name_in_a_header_may_hold_any_bytes(chats: Chats) -> None:
    headers = {"content-type": "image/png", "content-disposition": 'attachment; filename="\udcff.png"'}
    request = Request("POST", "", "", headers, PNG, datetime.now(UTC))
    rooms: Any = None  # reading needs none
    _, [file] = read_form(Call(request, chats.account(), rooms))
    assert file.name.encode().decode() == "\ufffd.png"


@pytest.mark.parametrize(
    ("data", "status"),
    [
        (form(), 400),
        (form(("a", "text/plain", b"x"), activity="["), 400),
        (form(("a", "text/plain", b"x"), activity="[]"), 400),
        (form(("a", "text/plain", b"x"), activity='{"type": "typing"}'), 400),
        (
            form(("a", "text/plain", b"x"), activity='{"type": "message", "text": "%s"}' % ("x" * 28 * 1024)),
            413,
        ),
        (form(*[("a", "text/plain", b"x")] * 11), 400),
        (form(*[("a", "text/plain", b"x")] * 40), 400),
        (form(("a", "text/plain", b"x"), activity=None), 200),
        (b"", 400),
    ],
)
async def test_odd_forms(chats: Chats, data: Any, status: int) -> None:
    assert (await upload(await chats.start(), data)).status == status


@pytest.mark.parametrize(
    "kind",
    [
        "multipart/form-data",
        "multipart/form-data; boundary=x",
        "multipart/form-data; boundary=",
        'multipart/form-data; boundary="' + r"\a" * 60,  # multipart 1.3.0 would take years to read it
    ],
)
async def test_forms_that_cannot_be_read(chats: Chats, kind: str) -> None:
    told = await upload(await chats.start(), b"--y\r\nrubbish", Content_Type=kind)
    assert (told.status, told.code) == (400, "BadArgument")


async def test_links_open_one_file_only(chats: Chats) -> None:
    talk = await chats.start()
    await upload(talk, form(("a", "text/plain", b"eka"), ("b", "text/plain", b"toka"), activity=None))
    _, echo = await talk.until(2)
    first, second = (one["contentUrl"] for one in echo["attachments"])
    token = first.partition("?t=")[2]
    assert (await fetched(talk, second.partition("?")[0] + f"?t={token}")).status == 401
    assert (await fetched(talk, second.partition("?")[0] + f"?t={talk.token}")).status == 401
    assert (await fetched(talk, second.partition("?")[0])).status == 401
    by_token = await fetched(talk, second.partition("?")[0], Authorization=f"Bearer {talk.token}")
    assert (by_token.status, by_token.body) == (200, b"toka")
    message = re.search(r"attachments/([^/]+)/", first)
    assert message
    late = tokens.write_file(chats.account(), message[1], 0, datetime(2026, 1, 1, tzinfo=UTC))
    expired = await fetched(talk, first.partition("?")[0] + f"?t={late}")
    assert (expired.status, expired.code) == (403, "TokenExpired")


async def test_files_of_another_conversation(chats: Chats) -> None:
    mine, other = await chats.start(), await chats.start()
    await upload(mine, form(("a", "text/plain", b"salaista"), activity=None))
    _, echo = await mine.until(2)
    place = (
        echo["attachments"][0]["contentUrl"].partition("?")[0].replace(mine.conversation, other.conversation)
    )
    assert (await fetched(other, place, Authorization=f"Bearer {other.token}")).status == 404
    for index in ("1", "x", "99999999999999999999"):
        for message in (echo["attachments"][0]["contentUrl"].split("/")[-2], uuid4().hex):
            assert (await mine.call("GET", f"attachments/{message}/{index}")).status == 404


async def test_no_file_stays_of_a_chat_that_is_over(chats: Chats, platform: Platform) -> None:
    talk = await chats.start()
    await talk.say("moi")
    await chats.desk.post(f"conversations/{(await talk.opened())['id']}/close", {})
    await talk.until(1, "endOfConversation")
    told = await upload(talk, form(("a.png", "image/png", PNG), activity=None))
    assert (told.status, told.code) == (404, "ConversationEnded")
    blobs = AzureBlobs(platform.blobs.connection_string)
    assert await blobs.names(f"chat/{talk.conversation}/") == []
    await blobs.close()
