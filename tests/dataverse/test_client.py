"""The client against the simulated Web API: msal for the tokens, and nothing in between."""

from datetime import timedelta

import pytest
from aiohttp import ClientSession, web

from functions.dataverse import odata
from functions.dataverse.client import Refused
from functions.dataverse.http import ANSWER_LIMIT
from functions.dataverse.odata import Op, Query, compared
from functions.errors import Forbidden, NotFound, NotGranted, TooLarge, Unavailable
from local.simulators.state import Behaviour
from tests.dataverse.house import ACCOUNT, House, guid


def named(text: str) -> Query:
    return Query(("fullname",), compared("fullname", Op.EQUAL, text))


async def test_a_row_is_read_with_what_people_read(house: House) -> None:
    aino = house.put("contacts", "aino", fullname="Aino Virtanen", mobilephone="040 123 4567")
    case = house.put("incidents", "case", title="Lasku", customerid_contact__bind=f"/contacts({aino})")
    row = await (await house.client()).read(odata.row("incidents", case))
    assert (row["title"], row["_customerid_value"]) == ("Lasku", aino)
    assert row["_customerid_value@OData.Community.Display.V1.FormattedValue"] == "Aino Virtanen"
    assert row["_customerid_value@Microsoft.Dynamics.CRM.lookuplogicalname"] == "contact"


async def test_a_query_finds_what_it_names_and_nothing_else(house: House) -> None:
    names = ["O'Brien' or 1 eq 1 or 'a", "100%27 + #1 & co?", "Ääkkönen \\ / \u2028 日本"]
    for number, name in enumerate(names):
        house.put("contacts", f"odd {number}", fullname=name)
    client = await house.client()
    for name in names:
        page = await client.page(named(name).address("contacts"))
        assert [row["fullname"] for row in page.rows] == [name]


async def test_pages_follow_each_other(house: House) -> None:
    names = {house.put("contacts", f"c{number}", fullname=f"C {number}") for number in range(1201)}
    client, found, sizes = await house.client(), list[object](), list[int]()
    where = Query(("fullname",)).address("contacts")
    while where:
        page = await client.page(where)
        found += [row["contactid"] for row in page.rows]
        sizes.append(len(page.rows))
        where = page.next
    assert sizes == [500, 500, 201]
    assert set(found) == names
    assert len(found) == len(names)


@pytest.mark.parametrize(
    "link",
    [
        "{base}/sent",
        "{base}/dataverse/api/data/v9.1/contacts",
        "http://127.0.0.1:9/dataverse/api/data/v9.2/contacts",
        "{base}/dataverse/api/data/v9.2/../../../../sent",
        "{base}/dataverse/api/data/v9.2/%2e%2e/x",
        "{base}.evil.example/dataverse/api/data/v9.2/contacts",
        "https://contoso.crm4.dynamics.com/api/data/v9.2/contacts",
    ],
)
async def test_a_link_to_somewhere_else_gets_no_token(house: House, link: str) -> None:
    client, link = await house.client(), link.format(base=house.base)
    house.answers = [web.json_response({"value": [], "@odata.nextLink": link})]
    page = await client.page("contacts")
    assert len(house.authorizations) == 1
    with pytest.raises(Forbidden):
        await client.page(page.next)
    assert len(house.authorizations) == 1


async def test_several_queries_are_one_request(house: House) -> None:
    house.put("contacts", "aino", fullname="Aino")
    house.put("accounts", "leipomo", name="Leipomo Oy")
    accounts = Query(("name",)).address("accounts")
    wrong = Query(("nosuch",)).address("contacts")
    found = await (await house.client()).batch([named("Aino").address("contacts"), wrong, accounts])
    assert [None if rows is None else len(rows) for rows in found] == [1, None, 1]
    assert found[2] is not None
    assert found[2][0]["name"] == "Leipomo Oy"
    assert house.dataverse.asked == ["POST /dataverse/api/data/v9.2/$batch"]


async def test_a_batch_that_is_none_or_too_short_is_not_believed(house: House) -> None:
    client = await house.client()
    house.answers = [web.Response(text="<html>", content_type="text/html")]
    with pytest.raises(Unavailable):
        await client.batch(["contacts"])
    house.answers = [web.Response(body=b"--x--\r\n", headers={"Content-Type": "multipart/mixed; boundary=x"})]
    with pytest.raises(Unavailable):
        await client.batch(["contacts"])


async def test_a_token_is_kept_and_renewed_once_when_it_has_ended(house: House) -> None:
    client = await house.client()
    for _ in range(2):
        await client.page("contacts")
    assert len(set(house.authorizations)) == 1
    async with ClientSession() as http, http.post(f"{house.base}/dataverse/expire") as answer:
        assert answer.status == 204
    await client.page("contacts")
    assert len(house.authorizations) == 4
    assert len(set(house.authorizations)) == 2


async def test_who_is_refused_twice_is_told(house: House) -> None:
    house.answers = [web.Response(status=401), web.Response(status=401)]
    with pytest.raises(Refused) as refused:
        await (await house.client()).page("contacts")
    assert (refused.value.answered, len(house.authorizations)) == (401, 2)


async def test_a_token_is_for_one_environment(house: House) -> None:
    await (await house.client()).page("contacts")
    house.settings = {"apiBase": f"{house.base.replace('127.0.0.1', 'localhost')}/dataverse"}
    await (await house.client()).page("contacts")
    assert len(set(house.authorizations)) == 2


async def test_a_wrong_secret_asks_nobody(house: House) -> None:
    house.settings = {"clientSecret": "wrong"}
    with pytest.raises(NotGranted, match="the client secret is wrong"):
        await (await house.client()).page("contacts")
    assert house.authorizations == []


async def test_a_busy_environment_is_left_alone_for_as_long_as_it_says(house: House) -> None:
    client = await house.client()
    house.order(Behaviour.TOO_MANY)
    with pytest.raises(Unavailable) as busy:
        await client.page("contacts")
    assert busy.value.retry_after == 7
    house.now += timedelta(seconds=6)
    with pytest.raises(Unavailable) as waiting:
        await client.page("contacts")
    assert waiting.value.retry_after == 1
    assert len(house.dataverse.asked) == 1
    house.now += timedelta(seconds=1)
    await client.page("contacts")
    assert len(house.dataverse.asked) == 2


@pytest.mark.parametrize(
    ("status", "headers", "seconds"),
    [(503, {"Retry-After": "99999999"}, 600), (429, {}, 5), (429, {"Retry-After": "soon"}, 5), (500, {}, 5)],
)
async def test_other_failures_pass(house: House, status: int, headers: dict[str, str], seconds: int) -> None:
    house.answers = [web.Response(status=status, headers=headers)]
    with pytest.raises(Unavailable) as error:
        await (await house.client()).page("contacts")
    assert error.value.retry_after == seconds


async def test_refusals_name_the_code_and_nothing_that_was_asked(house: House) -> None:
    client = await house.client()
    with pytest.raises(Refused) as refused:
        await client.page(Query(("secretcolumn",)).address("contacts"))
    assert (refused.value.answered, refused.value.code) == (400, "0x80060888")
    assert "secretcolumn" not in str(refused.value)
    with pytest.raises(NotFound):
        await client.read(odata.row("contacts", guid("nobody")))
    with pytest.raises(NotFound):
        await client.page("nosuchtable")
    house.answers = [web.Response(status=302, headers={"Location": f"{house.base}/sent"})]
    with pytest.raises(Refused):
        await client.page("contacts")


async def test_what_is_no_json_or_too_long_is_not_read(house: House) -> None:
    client = await house.client()
    house.answers = [web.Response(text="<html>")]
    with pytest.raises(Unavailable):
        await client.page("contacts")
    house.answers = [web.Response(body=b" " * (ANSWER_LIMIT + 1))]
    with pytest.raises(TooLarge):
        await client.page("contacts")


async def test_a_row_is_created_once_for_its_id(house: House) -> None:
    client, address = await house.client(), odata.row("annotations", guid("note"))
    assert await client.create(address, {"subject": "first", "notetext": "Hei 👋"})
    assert not await client.create(address, {"subject": "second"})
    assert house.row("annotations", guid("note"))["notetext"] == "Hei 👋"
    with pytest.raises(Refused):
        await client.create(odata.row("annotations", guid("other")), {"nosuch": 1})
    bound = {"objectid_contact@odata.bind": f"/contacts({guid('nobody')})"}
    with pytest.raises(NotFound):
        await client.create(odata.row("annotations", guid("other")), {"subject": "x", **bound})


async def test_nobody_there_is_unavailable(house: House) -> None:
    house.settings = {"apiBase": "http://127.0.0.1:9"}
    with pytest.raises(Unavailable):
        await (await house.client()).page("contacts")


async def test_an_account_without_an_api_has_no_client(house: House) -> None:
    nothing = dict.fromkeys(("apiBase", "tenantId", "clientId", "clientSecret"), "")
    house.settings = nothing
    with pytest.raises(NotFound):
        await house.environments.of(ACCOUNT)
    with pytest.raises(NotFound):
        await house.environments.of("another")
