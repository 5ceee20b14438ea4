"""Rows read again, and how the Web API's values are written."""

import pytest
from aiohttp import web
from pydantic import JsonValue

from functions.channels.records.change import RecordValue
from functions.dataverse.reader import WebApiReader
from functions.dataverse.values import attributes
from functions.errors import NotFound, Unavailable
from local.simulators.state import Behaviour
from tests.dataverse.house import ACCOUNT, House, guid

SHOWN = "OData.Community.Display.V1.FormattedValue"
TARGET = "Microsoft.Dynamics.CRM.lookuplogicalname"


async def test_a_row_is_read_as_webhooks_would_tell_it(house: House) -> None:
    aino = house.put("contacts", "aino", fullname="Aino Virtanen")
    bind = f"/contacts({aino})"
    case = house.put("incidents", "case", title="Lasku", prioritycode=1, customerid_contact__bind=bind)
    found = await WebApiReader(house.environments).read(ACCOUNT, "incident", case)
    assert found is not None
    assert found["incidentid"].value == case
    assert found["customerid"] == RecordValue(value=aino, name="Aino Virtanen", entity="contact")
    assert found["statecode"] == RecordValue(value="0", name="Active")
    assert (found["prioritycode"].value, "ticketnumber" in found) == ("1", False)


async def test_a_row_that_is_gone_is_none(house: House) -> None:
    reader = WebApiReader(house.environments)
    assert await reader.read(ACCOUNT, "contact", guid("nobody")) is None


async def test_what_cannot_be_asked_is_not_found(house: House) -> None:
    reader = WebApiReader(house.environments)
    for entity, id_ in (("nosuch", guid("x")), ("contact", "aino"), ("contact", "")):
        with pytest.raises(NotFound):
            await reader.read(ACCOUNT, entity, id_)
    house.answers = [web.json_response({"error": {"code": "0x80040220"}}, status=403)]
    with pytest.raises(NotFound, match="0x80040220"):
        await reader.read(ACCOUNT, "contact", guid("aino"))
    house.settings = {"clientSecret": "wrong"}
    with pytest.raises(NotFound):
        await reader.read(ACCOUNT, "contact", guid("aino"))


async def test_a_busy_environment_is_unavailable(house: House) -> None:
    house.order(Behaviour.TOO_MANY)
    with pytest.raises(Unavailable):
        await WebApiReader(house.environments).read(ACCOUNT, "contact", guid("aino"))


def test_values() -> None:
    row: dict[str, JsonValue] = {
        "@odata.etag": 'W/"1"',
        "fullname": "Aino",
        "_ownerid_value": guid("o").upper(),
        f"_ownerid_value@{SHOWN}": "Liisa",
        f"_ownerid_value@{TARGET}": "systemuser",
        "statecode": 0,
        f"statecode@{SHOWN}": "Active",
        "donotphone": False,
        "totalamount": 1250.50,
        "small": 1e-7,
        "modifiedon": "2026-08-01T12:00:00Z",
        "nothing": None,
        "nested": {"a": 1},
        "many": [1],
        "long": "x" * 5000,
    }
    found = {name: (one.value, one.name, one.entity) for name, one in attributes(row).items()}
    assert found.pop("long") == ("x" * 4000, "", "")
    assert found == {
        "fullname": ("Aino", "", ""),
        "ownerid": (guid("o"), "Liisa", "systemuser"),
        "statecode": ("0", "Active", ""),
        "donotphone": ("false", "", ""),
        "totalamount": ("1250.5", "", ""),
        "small": ("0.0000001", "", ""),
        "modifiedon": ("2026-08-01T12:00:00Z", "", ""),
    }
