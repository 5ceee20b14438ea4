"""HTTP triggers behave as on Microsoft's host."""

import asyncio
import gzip
import io
import json
import re
from pathlib import Path

import pytest

from tests.platform.host.conftest import SAMPLE, Running, start, stop
from tests.waiting import eventually

FUNCTION, MASTER = "key of functions", "key of all"


async def test_the_body_arrives_as_it_was_sent(host: Running) -> None:
    body = b'{ "a" :\t1.0,\r\n"b":"\xc3\xa4"}\x00\xff'
    async with host.http.post("/api/echo/x", data=body) as answer:
        assert bytes.fromhex(json.loads(await answer.text())["body"]) == body


async def test_a_compressed_body_stays_compressed(host: Running) -> None:
    body = gzip.compress(b"signed as it is")
    async with host.http.post("/api/echo/x", data=body, headers={"Content-Encoding": "gzip"}) as answer:
        assert bytes.fromhex(json.loads(await answer.text())["body"]) == body


async def test_what_the_function_is_told_of_a_request(host: Running) -> None:
    headers = [("X-Twice", "a"), ("X-Twice", "b"), ("User-Agent", "me")]
    async with host.http.request(
        "PROPFIND", "/API/Echo/a%20b/c?x=1&empty=&x=2&y=%C3%A4", headers=headers
    ) as answer:
        told = json.loads(await answer.text())
    assert told["method"] == "PROPFIND"
    assert told["route"] == {"path": "a b/c"}
    assert told["params"] == {"x": "1,2", "y": "ä"}
    assert told["url"].endswith("/API/Echo/a%20b/c?x=1&empty=&x=2&y=%C3%A4")
    assert told["headers"]["x-twice"] == "a,b"


@pytest.mark.parametrize(
    ("method", "path", "expected"),
    [
        ("GET", "/api/items/new", "a new one"),
        ("GET", "/api/items/7", "item 7"),
        ("GET", "/api/items/seven", "GET named seven"),
        ("GET", "/api/items", "GET named None"),
        ("POST", "/api/items/7", "POST named 7"),
        ("POST", "/api/items/a%0Ab", "POST named a\nb"),
    ],
)
async def test_the_most_exact_route_answers(host: Running, method: str, path: str, expected: str) -> None:
    async with host.http.request(method, path) as answer:
        assert (answer.status, await answer.text()) == (200, expected)


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("DELETE", "/api/items/new", 404),
        ("GET", "/items/new", 404),
        ("GET", "/apis/items/new", 404),
        ("GET", "/api/items/a/b", 404),
        ("GET", "/none/a%0Ab", 404),
        ("GET", "/api/none", 204),
    ],
)
async def test_answers_without_a_body(host: Running, method: str, path: str, status: int) -> None:
    async with host.http.request(method, path) as answer:
        assert (answer.status, await answer.read()) == (status, b"")


async def test_an_output_parameter_is_the_answer(host: Running) -> None:
    parent = f"00-{'ab' * 16}-{'cd' * 8}-01"
    async with host.http.get("/api/out", headers={"traceparent": parent}) as answer:
        told = json.loads(await answer.text())
    assert answer.status == 201
    assert (answer.headers["X-Kept"], answer.cookies["a"].value) == ("yes", "1")
    assert told["name"] == "out"
    assert told["trace"].startswith(parent[:36])
    assert told["trace"] != parent


async def test_an_error_is_500_and_tells_nobody_why(host: Running) -> None:
    async with host.http.get("/api/fails") as answer:
        assert (answer.status, await answer.read()) == (500, b"")
    log = host.log.read_text()
    assert "RuntimeError" in log
    assert "a secret" not in log
    assert re.search(r"fails [0-9a-f-]{36} failed \d+ ms", log)


async def test_a_function_over_its_time_is_cancelled_and_failed(host: Running) -> None:
    async with host.http.get("/api/slow") as answer:
        assert answer.status == 500
    assert await host.seen("slow") == ["began", "cancelled"]
    async with host.http.get("/api/slow-thread") as answer:
        assert answer.status == 500


async def test_the_status_names_the_functions(host: Running) -> None:
    async with host.http.get("/admin/host/status") as answer:
        status = await answer.json()
    assert status["state"] == "Running"
    assert {"echo", "tick"} <= set(status["functions"])


async def test_a_body_over_100_mb_is_refused(host: Running) -> None:
    async with host.http.post("/api/echo/x", data=io.BytesIO(bytes(100 * 1024 * 1024 + 1))) as answer:
        assert answer.status == 413


async def test_keys_open_what_they_are_for(tmp_path: Path) -> None:
    settings = {"HOST_FUNCTION_KEY": FUNCTION, "HOST_MASTER_KEY": MASTER, "TICK": "0 0 0 1 1 *"}
    keyed = await start(SAMPLE, tmp_path / "log", "--keys", **settings)
    answers = {}
    for path in ("/api/keyed", "/api/master", "/api/items/new", "/admin/host/status"):
        for key in ("", "wrong", FUNCTION, MASTER):
            async with keyed.http.get(path, headers={"x-functions-key": key}) as answer:
                answers[path, key] = answer.status == 200
    async with keyed.http.get("/api/keyed", params={"code": FUNCTION}) as answer:
        assert answer.status == 200
    assert await stop(keyed) == 0
    assert {each for each, opened in answers.items() if opened} == {
        *(("/api/keyed", key) for key in (FUNCTION, MASTER)),
        *((path, MASTER) for path in ("/api/master", "/admin/host/status")),
        *(("/api/items/new", key) for key in ("", "wrong", FUNCTION, MASTER)),
    }


async def test_a_stop_lets_a_running_request_end(tmp_path: Path) -> None:
    stopping = await start(SAMPLE, tmp_path / "log", TICK="0 0 0 1 1 *")
    async with stopping.http.get("/api/items/new") as answer:
        assert answer.status == 200
    request = asyncio.create_task(stopping.http.get("/api/slow?seconds=1"))

    async def began() -> bool:
        return await stopping.seen("slow") == ["began"]

    await eventually(began)
    stopping.process.terminate()
    async with await request as answer:
        assert await answer.text() == "slept"
    assert await stop(stopping) == 0
