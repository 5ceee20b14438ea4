"""Who may post changes of records, and what is answered: over the real way from webhook to queue."""

import logging
from dataclasses import replace
from typing import Any

import pytest
from pydantic import ValidationError

from functions.channels.contract import Account, Request
from functions.channels.records.change import RecordChange, RecordMessage
from functions.channels.records.dataverse import DataverseRecords
from functions.errors import NotAuthentic
from functions.message import Inbound, Kind, thread_key
from functions.providers.dataverse.webhook import DataverseSettings
from local.servicebus.launch import ServiceBus
from local.simulators.dataverse_webhook import LARGEST, Operation, Option, webhook
from tests.desk.kit import now
from tests.intake.reading import read
from tests.records.house import APPLICATION, KEY, House, name

CALLBACK = "https://omni.example/api/channels/records/dynamics"
HEADERS = {"headers": {"X-Key": ["header-one", "header-two"], "X-Tenant": ["contoso"]}}
QUERY = {"query": {"key": ["query-one", "query-two"], "tenant": ["contoso"]}}
WEBHOOK_KEY = {"webhookKeys": ["code-one==", "code-two=="]}
WAYS: dict[str, dict[str, Any]] = {"HttpHeader": HEADERS, "HttpQueryString": QUERY, "WebhookKey": WEBHOOK_KEY}


def only(**settings: Any) -> Account[DataverseSettings]:
    return Account("dynamics", "records", "dataverse", CALLBACK, DataverseSettings.model_validate(settings))


def posted(settings: dict[str, Any], operation: Operation | None = None) -> Request:
    """As Dataverse posts with the first of each value."""
    context = (operation or Operation("Create", "incident", name(), {"title": "x"})).context()
    sent = webhook(settings, CALLBACK, context)
    url, _, query = sent.url.partition("?")
    headers = {header.lower(): value for header, value in sent.headers.items()}
    return Request(sent.method, url, query, headers, sent.body, now())


def rotated(settings: dict[str, Any]) -> dict[str, Any]:
    """The same settings with the values the other way round: the webhook uses the second."""
    if "webhookKeys" in settings:
        return {"webhookKeys": settings["webhookKeys"][::-1]}
    return {way: {key: live[::-1] for key, live in pairs.items()} for way, pairs in settings.items()}


@pytest.mark.parametrize("way", WAYS)
def test_each_way_to_register_lets_in_with_every_live_value(way: str) -> None:
    for settings in (WAYS[way], rotated(WAYS[way])):
        DataverseRecords().authenticate(posted(settings), only(**WAYS[way]))


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("other", WAYS)
def test_one_way_does_not_stand_for_another(way: str, other: str) -> None:
    request = posted(WAYS[other])
    if way == other:
        DataverseRecords().authenticate(request, only(**WAYS[way]))
        return
    with pytest.raises(NotAuthentic, match="missing"):
        DataverseRecords().authenticate(request, only(**WAYS[way]))


def test_all_pairs_must_be_right() -> None:
    wrong = {"headers": {"X-Key": ["header-one"], "X-Tenant": ["fabrikam"]}}
    with pytest.raises(NotAuthentic, match="the header x-tenant does not match"):
        DataverseRecords().authenticate(posted(wrong), only(**HEADERS))
    half = {"query": {"key": ["query-one"]}}
    with pytest.raises(NotAuthentic, match="tenant in the query is missing"):
        DataverseRecords().authenticate(posted(half), only(**QUERY))


def test_an_account_that_changes_its_way_takes_both_meanwhile() -> None:
    both = only(**HEADERS, **WEBHOOK_KEY)
    for way in (HEADERS, WEBHOOK_KEY):
        DataverseRecords().authenticate(posted(way), both)
    with pytest.raises(NotAuthentic):
        DataverseRecords().authenticate(posted(QUERY), both)


@pytest.mark.parametrize(
    "settings",
    [
        {},
        {"headers": {}},
        {"headers": {"x-key": []}},
        {"headers": {"x-key": [""]}},
        {"headers": {"x key": ["a"]}},
        {"headers": {"x-key": ["1", "2", "3", "4"]}},
        {"webhookKeys": ["with space"]},
        {"webhookKeys": ["50%"]},
        {"query": {"key": ["a+b"]}},
        {**HEADERS, "applicationUser": "anna"},
        {**HEADERS, "maxDepth": 0},
        {**HEADERS, "apiBase": "https://contoso.crm4.dynamics.com"},
        {**HEADERS, "apiBase": "https://contoso.crm4.dynamics.com.evil.example", "clientId": APPLICATION},
        {**HEADERS, "apiBase": "http://contoso.crm4.dynamics.com", "clientId": APPLICATION},
    ],
)
def test_settings_that_would_let_anybody_in_or_leak_are_refused(settings: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        DataverseSettings.model_validate(settings)


@pytest.mark.parametrize(
    "base",
    [
        "https://contoso.crm4.dynamics.com",
        "https://contoso.crm.dynamics.com/",
        "https://contoso.crm9.dynamics.com",
        "https://contoso.crm.microsoftdynamics.us",
        "http://127.0.0.1:4567/dataverse",
    ],
)
def test_an_environment_of_microsofts_clouds_may_be_asked(base: str) -> None:
    api = {"apiBase": base, "clientId": APPLICATION, "managedIdentity": True}
    assert DataverseSettings.model_validate({**HEADERS, **api}).api_base == base.rstrip("/")


def test_setup_tells_how_to_register_without_a_secret() -> None:
    for way, settings in WAYS.items():
        steps = DataverseRecords().setup(only(**settings))
        assert CALLBACK in [step.value for step in steps]
        assert any(step.value.startswith(f"{way}: ") for step in steps)
        assert not any("one" in step.value.split() for step in steps)


def changed(operation: Operation, **settings: Any) -> RecordChange:
    [item] = DataverseRecords().parse(posted(HEADERS, operation), only(**HEADERS, **settings))
    return RecordChange.model_validate(item.raw)


def test_who_did_it_and_how_deep_decide_whether_it_is_work() -> None:
    one = Operation("Update", "incident", name(), {"title": "x"})
    assert not changed(one).passive
    assert changed(replace(one, depth=2)).passive
    assert not changed(replace(one, depth=3), maxDepth=3).passive
    assert changed(replace(one, user=APPLICATION), applicationUser=APPLICATION.upper()).passive
    assert not changed(replace(one, user=APPLICATION)).passive


def test_over_256_kilobytes_the_header_makes_it_partial() -> None:
    one = Operation("Update", "incident", name(), {"description": "x" * LARGEST})
    request = posted(HEADERS, one)
    assert len(request.body) < LARGEST
    [item] = DataverseRecords().parse(request, only(**HEADERS))
    found = RecordChange.model_validate(item.raw)
    assert (found.partial, found.attributes, found.entity) == (True, {}, "incident")


def test_what_is_too_large_for_the_queue_is_partial_too() -> None:
    values = {f"new_{n}": "ä" * 4000 for n in range(30)}
    one = Operation("Create", "incident", name(), {"title": "x", **values})
    [item] = DataverseRecords().parse(posted(HEADERS, one), only(**HEADERS))
    found = RecordChange.model_validate(item.raw)
    assert (found.partial, found.whole, list(found.attributes), found.changed) == (
        True,
        False,
        ["title"],
        ("title",),
    )
    assert len(item.json_text().encode()) < 200_000


def test_the_event_is_the_asynchronous_jobs_own() -> None:
    first = Operation("Update", "incident", name(), {"title": "x"})
    events = {item.event for one in (first, first) for item in parsed(one)}
    assert len(events) == 1
    assert {item.event for item in parsed(replace(first, name=name()))}.isdisjoint(events)


def test_a_synchronous_event_is_told_by_correlation_record_message_depth_and_body() -> None:
    first = Operation("Update", "incident", name(), {"title": "x"}, mode=0, at=now())
    others = [
        replace(first, id=name()),
        replace(first, message="Create"),
        replace(first, depth=2),
        replace(first, name=name()),
        replace(first, values={"title": "y"}),
    ]
    events = [item.event for one in (first, first, *others) for item in parsed(one)]
    assert len(set(events)) == 1 + len(others)
    assert events[0] == events[1]


def parsed(operation: Operation) -> list[Inbound]:
    return list(DataverseRecords().parse(posted(HEADERS, operation), only(**HEADERS)))


async def test_it_is_answered_when_the_queue_has_it(house: House, servicebus: ServiceBus) -> None:
    one = Operation(
        "Create", "incident", name(), {"title": "Salainen otsikko", "prioritycode": Option(1, "High")}
    )
    request = posted({"headers": {"x-key": [KEY]}}, one)
    answer = await house.services.intake.receive("records", "dynamics", request)
    assert (answer.status, answer.body) == (200, "")
    session = thread_key("records", "dynamics", f"incident/{one.id}")
    [message] = await read(servicebus, "inbound-records", session=session, count=1)
    item = Inbound.model_validate_json(b"".join(message.body))
    assert (item.kind, item.thread) == (Kind.RECORD, f"incident/{one.id}")
    assert RecordChange.model_validate(item.raw).message is RecordMessage.CREATE


@pytest.mark.parametrize(
    ("body", "status"), [(b"{", 200), (b"x" * (1024 * 1024 + 1), 413)], ids=["unreadable", "huge"]
)
async def test_what_cannot_be_read_is_parked_and_what_is_huge_refused(
    house: House, body: bytes, status: int
) -> None:
    request = replace(posted({"headers": {"x-key": [KEY]}}), body=body)
    assert (await house.services.intake.receive("records", "dynamics", request)).status == status


async def test_a_forged_webhook_is_refused_and_no_key_is_logged(
    house: House, caplog: pytest.LogCaptureFixture
) -> None:
    request = posted({"headers": {"x-key": [f"{KEY}x"]}, "query": {"code": ["a-key-in-the-query"]}})
    with caplog.at_level(logging.DEBUG):
        answer = await house.services.intake.receive("records", "dynamics", request)
        good = await house.services.intake.receive(
            "records", "dynamics", posted({"headers": {"x-key": [KEY]}})
        )
    assert (answer.status, good.status) == (401, 200)
    assert KEY not in f"{answer.body!r}{caplog.text}"
    assert "a-key-in-the-query" not in caplog.text
