"""docs/deploy.md names what there is: azd's variables, modules, alerts; and the app roles are the API's."""

import json
import re

from functions.desk.call import Role
from infra.check import ROOT
from tests.infra.conftest import Seed

AZURE_CLI = "04b07795-8ddb-461a-bbee-02f9e1bf7b46"  # its application id, in every tenant
PAGE = (ROOT.parent / "docs" / "deploy.md").read_text()
ALERTS = json.loads((ROOT / "alerts.json").read_text())


def test_every_variable_of_azd_is_explained_and_none_besides() -> None:
    parameters = json.loads((ROOT / "main.parameters.json").read_text())["parameters"]
    used = {
        (re.sub(r"\$\{(\w+).*", r"\1", given["value"]), name)
        for name, given in parameters.items()
        if "${" in str(given["value"])
    }
    ours = {(variable, name) for variable, name in used if not variable.startswith("AZURE_")}
    explained = set(re.findall(r"^\| `([A-Z_]+)` \| `(\w+)` \|", PAGE, re.MULTILINE))
    assert explained == ours


def test_the_event_accounts_of_the_page_are_right(seeded: Seed) -> None:
    (given,) = re.findall(r'^"eventAccounts": .*?^\] \}$', PAGE, re.MULTILINE | re.DOTALL)
    assert seeded("main.parameters.json", '"deployed":', f'{given}, "deployed":') == []


def test_subscriptions_are_made_after_the_configuration_is_applied() -> None:
    consent = PAGE.index("## Events of Azure Communication Services")
    assert PAGE.index("/api/configuration") < consent < PAGE.rindex("azd provision")


def test_every_module_is_listed() -> None:
    listed = set(re.findall(r"\.\./infra/modules/(\w+\.bicep)", PAGE))
    assert listed == {path.name for path in (ROOT / "modules").glob("*.bicep")}


def test_every_alert_is_listed_with_its_figure() -> None:
    listed = set(re.findall(r"`([a-z-]+)`", PAGE.partition("## Alerts")[2].partition("##")[0]))
    assert listed == {alert["name"] for alert in [*ALERTS["metrics"], *ALERTS["logs"]]}
    figures = set(re.findall(r"`(monikanava\.[a-z.]+)`", PAGE))
    assert figures == {
        name for alert in ALERTS["logs"] for name in re.findall(r"'(monikanava\.[\w.]+)'", alert["query"])
    }


def test_the_app_roles_are_those_that_the_api_asks_for() -> None:
    roles = json.loads((ROOT / "appRoles.json").read_text())
    assert {role["value"] for role in roles} == {role.value for role in Role}
    assert len({role["id"] for role in roles}) == len(roles)


def test_the_command_line_may_ask_for_tokens_of_the_api() -> None:
    (scope,) = json.loads((ROOT / "deskScope.json").read_text())["api"]["oauth2PermissionScopes"]
    (client,) = json.loads((ROOT / "deskClients.json").read_text())["api"]["preAuthorizedApplications"]
    assert client["appId"] == AZURE_CLI
    assert client["delegatedPermissionIds"] == [scope["id"]]
    assert PAGE.index("@infra/deskScope.json") < PAGE.index("@infra/deskClients.json")
    assert PAGE.index("@infra/deskClients.json") < PAGE.index("az account get-access-token")


def test_every_link_leads_somewhere() -> None:
    for page in (PAGE, (ROOT.parent / "docs" / "scaling.md").read_text()):
        for link in re.findall(r"\]\((?!https?://)([^)#]+)", page):
            assert (ROOT.parent / "docs" / link).exists(), link


def test_every_value_of_host_json_has_its_reason() -> None:
    host = json.loads((ROOT.parent / "host.json").read_text())
    page = (ROOT.parent / "docs" / "scaling.md").read_text()
    service_bus, http = host["extensions"]["serviceBus"], host["extensions"]["http"]
    named = {*service_bus, *http, *host["logging"], *host} - {
        "version",
        "extensions",
        "logging",
        "extensionBundle",
    }
    assert not [name for name in named if f"| `{name}`" not in page]
    for name, value in service_bus.items():
        told = page.partition(f"| `{name}` ")[2].partition(" |")[0]
        assert told == _words(value), name


def _words(value: object) -> str:
    """Say a value as the page does: durations in their largest unit."""
    if isinstance(value, str):
        hours, minutes, seconds = map(int, value.split(":"))
        return f"{minutes} min" if minutes and not (hours or seconds) else f"{seconds} s"
    return str(value).lower()
