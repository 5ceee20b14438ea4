"""What infra/ says twice on purpose (ids of roles, which app hears Web PubSub), and its modules' order."""

import re

import pytest

from functions.channels import CHANNELS, adapter
from functions.configuration.yaml_text import LARGEST
from functions.desk.route import BODY_LIMIT
from infra.check import ROOT
from infra.check.bicep import Kind, find, properties, raw, read, text
from infra.check.names import references
from tests.operations.test_channels import EXTRA

# https://learn.microsoft.com/azure/role-based-access-control/built-in-roles
BUILT_IN = {
    "Azure Service Bus Data Owner": "090c5cfd-751d-490a-894a-3ce6f1109419",
    "Azure Service Bus Data Receiver": "4f6d3b9b-027b-4f4c-9142-0e5a2a2247e0",
    "Azure Service Bus Data Sender": "69a216fc-b8fb-44d8-bc22-1f3c2cd27a39",
    "Key Vault Secrets Officer": "b86a8fe4-44ce-4948-aee5-eccb2c155cd7",
    "Key Vault Secrets User": "4633458b-17de-408a-b874-0445c86b69e6",
    "Monitoring Metrics Publisher": "3913510d-42f4-4e42-8a64-420c390055eb",
    "Storage Blob Data Contributor": "ba92f5b4-2d11-453d-a403-e96b0029c9fe",
    "Storage Blob Data Owner": "b7e6dc6d-f1e8-4753-8033-0f276bb0955b",
    "Storage Table Data Contributor": "0a9a7e1f-b9d0-4cc4-a60d-0319b160aaa3",
    "Web PubSub Service Owner": "12cf5a90-567b-43ae-8102-96cf46c7d9b4",
}


def test_the_roles_have_azures_ids() -> None:
    roles = read(ROOT / "modules" / "rbac.bicep").of(Kind.VARIABLE)["roles"].value
    assert {name: text(value) for name, value in properties(roles).items()} == BUILT_IN


def test_push_events_go_to_an_app_that_has_their_function() -> None:
    hearing = read(ROOT / "modules" / "service.bicep").of(Kind.VARIABLE)["hearing"].value
    assert hearing
    named = {text(node) for node in find(hearing, "string")}
    assert named == {channel for channel, functions in EXTRA.items() if "push_events" in functions}


@pytest.mark.parametrize(
    ("module", "waits_for"),
    [
        ("functionApps", {"access", "endpoints"}),  # an app reads its package as soon as it is made
        ("settings", {"functionApps", "channelUrls"}),  # each app is told where all are
        ("pushEvents", {"functionApps", "settings"}),  # the host makes its keys with its storage
        ("eventGrid", {"functionApps", "settings"}),  # and the webhooks are asked while it is deployed
    ],
)
def test_a_module_waits_for_what_it_needs(module: str, waits_for: set[str]) -> None:
    found = read(ROOT / "modules" / "service.bicep").of(Kind.MODULE)
    assert waits_for <= {raw(node) for node in references(found[module].node)}


@pytest.mark.parametrize("module", ["pushEvents", "eventGrid"])
def test_what_calls_the_apps_waits_for_their_code(module: str) -> None:
    found = read(ROOT / "modules" / "service.bicep").of(Kind.MODULE)[module]
    condition = next(find(found.node, "if_statement")).children[1]
    assert "deployed" in {raw(node) for node in find(condition, "identifier")}


def test_attachments_are_deleted_no_longer_when_that_is_unset() -> None:
    policy = read(ROOT / "modules" / "storage.bicep").of(Kind.RESOURCE)["lifecycle"].node
    assert not list(find(policy, "if_statement"))  # what is not deployed stays as it was
    assert any(raw(node) == "enabled: !empty(actions)" for node in find(policy, "object_property"))


def test_what_the_hooks_read_of_azd_is_an_output() -> None:
    outputs = read(ROOT / "main.bicep").of(Kind.OUTPUT)
    read_of_azd = re.findall(r'os\.environ\["(\w+)"\]', (ROOT / "__main__.py").read_text())
    assert read_of_azd
    assert set(read_of_azd) <= outputs.keys()


def test_the_host_takes_the_largest_body_that_we_take_and_little_more() -> None:
    found = re.search(
        r"FUNCTIONS_REQUEST_BODY_SIZE_LIMIT: '(\d+)'", (ROOT / "modules/settings.bicep").read_text()
    )
    assert found
    largest = max(LARGEST, BODY_LIMIT, *(adapter(*key).capabilities.body_limit for key in CHANNELS))
    assert largest < int(found[1]) < largest * 1.05
