"""What `web/` was built into, as browsers and caches meet it."""

import gzip
import json
import re
from datetime import UTC, datetime

import pytest

from functions.channels.chat import ChatSettings
from functions.channels.contract import Account, Request, Response
from functions.directline.pages import answer
from functions.errors import NotFound

CALLBACK = "https://chat.example/api/channels/chat/web"
SETTINGS = {
    "secrets": ["a-secret-of-the-chat"],
    "signingKeys": [{"id": "k1", "key": "0123456789abcdef0123456789abcdef"}],
    "title": 'Fish & "Chips" <b>',
    "allowedOrigins": ["https://shop.example", "http://localhost:8000"],
    "survey": [{"id": "name", "text": {"fi": 'Nimesi "oikea"', "en": "Your </body> name"}, "required": True}],
}


def account(callback: str = CALLBACK) -> Account[ChatSettings]:
    return Account("web", "chat", "directline", callback, ChatSettings.model_validate(SETTINGS))


def request(rest: str = "", method: str = "GET", **headers: str) -> Request:
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return Request(method, CALLBACK, "", named, b"", datetime.now(UTC), rest=rest)


def got(rest: str = "", **headers: str) -> Response:
    found = answer(request(rest, **headers), account())
    assert found is not None
    return found


def names() -> list[str]:
    return re.findall(r"/assets/([^\"]+)", str(got().body))


def test_the_page_says_what_the_account_says_and_nothing_breaks_out() -> None:
    html = str(got().body)
    assert "<title>Fish &amp; &quot;Chips&quot; &lt;b&gt;</title>" in html
    assert 'data-base="/api/channels/chat/web"' in html
    assert html.count("</body>") == 1
    told = re.search(r'data-survey="([^"]*)"', html)
    assert told is not None
    survey = json.loads(told[1].replace("&quot;", '"').replace("&lt;", "<").replace("&gt;", ">"))
    assert survey[0]["text"] == {"fi": 'Nimesi "oikea"', "en": "Your </body> name"}
    assert "a-secret-of-the-chat" not in html
    assert "0123456789abcdef" not in html


def test_the_page_may_be_framed_by_the_allowed_origins_only() -> None:
    headers = got().headers
    policy = dict(one.split(" ", 1) for one in headers["Content-Security-Policy"].split("; "))
    assert policy["frame-ancestors"] == "'self' https://shop.example http://localhost:8000"
    assert policy["default-src"] == "'none'"
    assert policy["script-src"] == "'self'"
    assert "unsafe" not in headers["Content-Security-Policy"]
    assert "ws:" not in policy["connect-src"].split()
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert headers["Cache-Control"] == "no-store"


def test_each_page_has_a_nonce_of_its_own() -> None:
    nonces = [re.findall(r'nonce="([^"]+)"', str(got().body)) for _ in range(2)]
    assert len(nonces[0]) == 1
    assert nonces[0] != nonces[1]
    page = got()
    assert re.findall(r'nonce="([^"]+)"', str(page.body))[0] in page.headers["Content-Security-Policy"]


def test_assets_are_kept_for_ever_and_the_script_is_not() -> None:
    assert sorted(name.rpartition(".")[2] for name in names()) == ["css", "js"]
    for name in names():
        assert "immutable" in got(f"assets/{name}").headers["Cache-Control"]
    script = got("widget.js")
    assert script.content_type.startswith("text/javascript")
    assert script.headers["Cache-Control"] == "public, max-age=300"
    assert len(script.body) < 8_000


def test_who_has_it_is_not_sent_it_again() -> None:
    first = got("widget.js")
    again = got("widget.js", if_none_match=first.headers["ETag"])
    assert (again.status, again.body) == (304, "")
    weakened = got("widget.js", if_none_match=f"W/{first.headers['ETag']}")
    assert weakened.status == 304
    assert got("widget.js", if_none_match='"another"').status == 200


def test_is_compressed_for_those_who_can_read_it() -> None:
    plain, zipped = got("widget.js"), got("widget.js", accept_encoding="br, gzip")
    assert "Content-Encoding" not in plain.headers
    assert zipped.headers["Content-Encoding"] == "gzip"
    assert isinstance(zipped.body, bytes)
    assert gzip.decompress(zipped.body) == plain.body
    assert plain.headers["Vary"] == "Accept-Encoding"


@pytest.mark.parametrize(
    "name",
    [
        "manifest.json",
        "widget.js",
        "../package.json",
        "..%2fpackage.json",
        "chat-AAAAAAAA.js",
        "chat-AAAAAAAA.js.gz",
        "",
        "/etc/passwd",
        "a/b.js",
    ],
)
def test_there_are_no_other_assets(name: str) -> None:
    with pytest.raises(NotFound):
        got(f"assets/{name}")


@pytest.mark.parametrize("rest", ["v3/directline/conversations", "session", "widget.js.map", "index.html"])
def test_the_rest_is_others(rest: str) -> None:
    assert answer(request(rest), account()) is None


def test_only_reading_is_answered() -> None:
    assert answer(request("", "POST"), account()) is None


def test_on_a_laptop_sockets_may_be_plain() -> None:
    page = answer(request(), account("http://127.0.0.1:7071/api/channels/chat/web"))
    assert page is not None
    assert " ws:" in page.headers["Content-Security-Policy"]


def test_the_licences_of_what_is_bundled_are_there() -> None:
    script = next(name for name in names() if name.endswith(".js"))
    said = got(f"assets/{script}.LEGAL.txt")
    assert said.content_type.startswith("text/plain")
    assert b"license" in bytes(said.body if isinstance(said.body, bytes) else said.body.encode()).lower()
