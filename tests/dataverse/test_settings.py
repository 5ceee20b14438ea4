"""What an account may be told to ask, and in whose name."""

import pytest
from pydantic import ValidationError

from functions.dataverse.environments import environment
from functions.entra import ClientSecret, ManagedIdentity
from functions.providers.dataverse.webhook import DataverseSettings
from tests.dataverse.house import guid

BASE = "https://contoso.crm4.dynamics.com"
KEY = {"webhookKeys": ["key"]}


@pytest.mark.parametrize("wish", [{"lookUp": True}, {"reconcile": ["contact"]}, {"writeBack": True}])
def test_who_wants_to_ask_needs_an_api(wish: dict[str, object]) -> None:
    with pytest.raises(ValidationError, match="apiBase"):
        DataverseSettings.model_validate({**KEY, **wish})
    reachable = {"apiBase": BASE, "clientId": guid("c"), "managedIdentity": True}
    assert DataverseSettings.model_validate({**KEY, **wish, **reachable}).api_base == BASE


@pytest.mark.parametrize("table", ["Contact", "a b", "contact'", "", "1a"])
def test_a_table_is_named_as_dataverse_names_it(table: str) -> None:
    settings = {**KEY, "apiBase": BASE, "clientId": guid("c"), "managedIdentity": True, "reconcile": [table]}
    with pytest.raises(ValidationError):
        DataverseSettings.model_validate(settings)


def test_tokens_are_for_the_environment_and_nothing_else() -> None:
    secret = {"tenantId": guid("t"), "clientId": guid("c"), "clientSecret": "s"}
    by_secret = environment(DataverseSettings.model_validate({**KEY, "apiBase": BASE, **secret}))
    assert (by_secret.base, by_secret.app.scope) == (BASE, f"{BASE}/.default")
    assert by_secret.app.credential == ClientSecret("s")
    managed = {"clientId": guid("c"), "managedIdentity": True}
    by_azure = environment(DataverseSettings.model_validate({**KEY, "apiBase": BASE, **managed}))
    assert by_azure.app.credential == ManagedIdentity()
    assert "'s'" not in repr(by_secret)
