"""infra/ is right; and each mistake of a list, made in a copy of it, is told with its place."""

from dataclasses import replace

import pytest

from infra.check import check, code
from tests.infra.conftest import Seed
from tests.infra.mistakes import agreement, language, parameters, resources

MISTAKES = {
    name: mistake
    for room in (language, resources, agreement, parameters)
    for name, mistake in room.MISTAKES.items()
}


def test_nothing_is_wrong(uses: code.Uses) -> None:
    assert [str(problem) for problem in check(uses=uses)] == []


@pytest.mark.parametrize("mistake", MISTAKES)
def test_a_mistake_is_told(mistake: str, seeded: Seed) -> None:
    file, right, wrong, says = MISTAKES[mistake]
    told = seeded(file, right, wrong)
    assert any(says in line for line in told), told


@pytest.mark.parametrize(
    ("part", "name"),
    [
        ("queues", "inbound-fax"),
        ("tables", "faxes"),
        ("containers", "faxes"),
        ("roles", "Storage Fax Reader"),
    ],
)
def test_what_the_code_begins_to_use_is_missed(part: str, name: str, uses: code.Uses) -> None:
    grown = replace(uses, **{part: getattr(uses, part) | {name}})
    assert any(f"'{name}' that the code uses is missing" in str(problem) for problem in check(uses=grown))


def test_sessions_are_not_taken_in_batches(uses: code.Uses) -> None:
    grown = replace(uses, batched=frozenset({"inbound-sms"}))
    assert any("'inbound-sms' takes batches" in str(problem) for problem in check(uses=grown))


def test_a_client_of_azure_needs_a_known_role(uses: code.Uses) -> None:
    grown = replace(uses, unknown_clients=frozenset({"azure.cosmos"}))
    assert any("the code imports azure.cosmos" in str(problem) for problem in check(uses=grown))


def test_a_setting_that_the_code_begins_to_read_is_missed(uses: code.Uses) -> None:
    grown = replace(uses, settings=(*uses.settings, code.Setting("FAX_NUMBER")))
    assert any("'FAX_NUMBER' that the code reads is missing" in str(problem) for problem in check(uses=grown))


def test_the_code_is_read_as_it_stands(uses: code.Uses) -> None:
    assert {"inbound-sms", "outbound-chat", "media", "parked"} <= uses.queues
    assert {"threads", "spool", "tokens", "chats", "customs"} <= uses.tables
    assert uses.containers == {"media"}
    assert code.Setting("TABLES_ENDPOINT", frozenset({"TABLES_CONNECTION_STRING"})) in uses.settings
    assert code.Setting("CHANNELS") in uses.settings
    assert "Key Vault Secrets User" in uses.roles
    assert not uses.unknown_clients
    assert "monikanava.lag" in uses.figures
