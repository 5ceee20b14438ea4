"""An app is refused for what the real worker refuses, in words that say what to change."""

import os
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from local.host.loader import load
from local.host.settings import (
    ConfigurationError,
    HostSettings,
    load_local_settings,
    read_host_settings,
    resolve,
    time_span,
)
from local.host.spec import HttpTrigger, QueueTrigger

HEAD = "import typing\nimport azure.functions as func\napp = func.FunctionApp()\n"
ROUTE = "@app.route(route='x')\n"
OUT = "@app.generic_output_binding('o', type='http')\n"
QUEUE = "@app.service_bus_queue_trigger(arg_name='m', queue_name='q', connection='C', cardinality='many')\n"


@pytest.fixture
def app(tmp_path: Path) -> Iterator[Path]:
    before = list(sys.path)
    yield tmp_path
    sys.path[:] = before
    sys.modules.pop("function_app", None)


@pytest.mark.parametrize(
    ("code", "reason"),
    [
        (ROUTE + "def f(req, other): ...", "parameters without a binding: other"),
        (ROUTE + "def f(): ...", "bindings without a parameter: req"),
        (ROUTE + "def f(req: func.Out[func.HttpRequest]): ...", "req is an input"),
        (ROUTE + "def f(req: func.ServiceBusMessage): ...", "httpTrigger does not give"),
        (ROUTE + "def f(req: func.HttpRequest) -> None: ...", "returns func.HttpResponse or str"),
        (ROUTE + "def f(req) -> func.HttpResponse | None: ...", "returns func.HttpResponse or str"),
        (QUEUE + "def f(m: list[func.ServiceBusMessage]): ...", "write typing.List"),
        (OUT + ROUTE + "def f(req, o: str): ...", "must be func.Out"),
        ("second = func.FunctionApp()", "one app object at its top level, not 2"),
        (ROUTE + "def f(req): ...\n" + ROUTE + "def f(req): ...", "not have a unique function name"),
        ("@app.blob_trigger('b', path='p', connection='C')\ndef f(b): ...", "blobTrigger is not supported"),
        ("@app.route(route='%NO_SUCH%')\ndef f(req): ...", "the setting NO_SUCH"),
    ],
)  # fmt: skip
def test_what_is_refused(app: Path, code: str, reason: str) -> None:
    (app / "function_app.py").write_text(HEAD + code)
    with pytest.raises(ConfigurationError, match=reason):
        load(app)


def test_what_is_taken(app: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("QUEUE", "orders")
    bindings = "@app.service_bus_queue_trigger('m', queue_name='%QUEUE%-in', connection='C')\n"
    code = ROUTE + "async def web(req: func.HttpRequest) -> str: ...\n" + bindings + "def queue(m): ...\n"
    (app / "function_app.py").write_text(HEAD + code)
    web, queue = load(app)
    assert isinstance(web.trigger, HttpTrigger)
    assert isinstance(queue.trigger, QueueTrigger)
    assert (web.name, web.is_async, web.trigger.route, web.trigger.level.value) == (
        "web",
        True,
        "x",
        "function",
    )
    assert (queue.is_async, queue.trigger.queue, queue.trigger.sessions) == (False, "orders-in", False)


def test_host_json(tmp_path: Path) -> None:
    path = tmp_path / "host.json"
    path.write_text('{"version": "2.0"}')
    assert read_host_settings(tmp_path) == HostSettings()
    path.write_text(
        '{"version": "2.0", "functionTimeout": "-1", "extensions": {"http": {"routePrefix": ""}}}'
    )
    assert read_host_settings(tmp_path) == HostSettings(route_prefix="", function_timeout=None)
    path.write_text('{"version": "2.0", "extensions": {"serviceBus": {"sessionIdleTimeout": "00:00:05.5"}}}')
    assert read_host_settings(tmp_path).service_bus.session_idle_timeout == 5.5


@pytest.mark.parametrize(
    "text",
    ["", "[]", "{}", '{"version": "2.0", "functionTimeout": "5"}', '{"version": "2.0", "extensions": []}',
     '{"version": "2.0", "extensions": {"serviceBus": {"maxConcurrentSessions": 0}}}'],
)  # fmt: skip
def test_a_host_json_that_cannot_be_read(tmp_path: Path, text: str) -> None:
    (tmp_path / "host.json").write_text(text)
    with pytest.raises(ConfigurationError):
        read_host_settings(tmp_path)


def test_the_environment_wins_over_local_settings(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "local.settings.json").write_text(
        '{"Values": {"HOST_TEST_A": "file", "HOST_TEST_B": "file"}}'
    )
    monkeypatch.setenv("HOST_TEST_A", "environment")
    monkeypatch.setenv("HOST_TEST_B", "to be restored")
    monkeypatch.delenv("HOST_TEST_B")
    load_local_settings(tmp_path)
    assert resolve("%HOST_TEST_A% %HOST_TEST_B%", os.environ) == "environment file"


@pytest.mark.parametrize(("text", "seconds"), [("00:05:00", 300), ("1.00:00:01", 86401), ("0:0:0.25", 0.25)])
def test_time_spans(text: str, seconds: float) -> None:
    assert time_span(text) == seconds
