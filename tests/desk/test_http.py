"""The host's request and response: nothing that a signature covers is lost on the way."""

from datetime import UTC, datetime

import azure.functions as func
import pytest

from functions.channels.contract import Response
from functions.cloud.http import to_http, to_request

NOW = datetime(2026, 9, 1, tzinfo=UTC)


def came(url: str, body: bytes = b"", **headers: str) -> func.HttpRequest:
    return func.HttpRequest("post", url, headers=headers, params={"a": "decoded"}, body=body)


@pytest.mark.parametrize(
    ("url", "query"),
    [
        ("https://host/api/x?a=1&b=&a=2", "a=1&b=&a=2"),
        ("https://host/api/x?a=%2B+%20&b=ä", "a=%2B+%20&b=ä"),
        ("https://host/api/x?a=?&b", "a=?&b"),
        ("https://host/api/x", ""),
    ],
)
def test_the_query_stays_raw(url: str, query: str) -> None:
    assert to_request(came(url), NOW).query == query


def test_the_body_stays_as_it_came_and_names_are_lower_case() -> None:
    request = to_request(came("https://host/x", b"\xff\x00 {", **{"X-Signature": "aB"}), NOW)
    assert (request.body, request.headers) == (b"\xff\x00 {", {"x-signature": "aB"})
    assert (request.method, request.received_at) == ("POST", NOW)


@pytest.mark.parametrize(
    ("url", "path"),
    [
        ("http://127.0.0.1:7071/api/conversations/1?x=1", "/api/conversations/1"),
        ("https://host/api/records/contact/mä x", "/api/records/contact/m%C3%A4%20x"),
        ("/api/health", "/api/health"),
    ],
)
def test_the_path_is_a_reference_without_the_host(url: str, path: str) -> None:
    assert to_request(came(url), NOW).url == path


def test_the_public_url_of_the_configuration_wins() -> None:
    request = to_request(came("http://10.0.0.4/api/x?a=1"), NOW, "https://public.example/api/x")
    assert (request.url, request.query) == ("https://public.example/api/x", "a=1")


def test_an_answer_keeps_status_type_and_headers() -> None:
    response = to_http(Response(503, "ei nyt", "text/plain; charset=utf-8", {"Retry-After": "5"}))
    assert (response.status_code, response.get_body()) == (503, b"ei nyt")
    assert response.headers.getlist("Content-Type") == ["text/plain; charset=utf-8"]
    assert response.headers["Retry-After"] == "5"


def test_no_browser_takes_an_answer_for_something_else() -> None:
    response = to_http(Response(404, "there is no account '<b>'"))
    assert response.headers["X-Content-Type-Options"] == "nosniff"
