"""The embed script on other people's pages: those that may, and those that may not."""

from collections.abc import AsyncIterator

import pytest
import pytest_asyncio
from playwright.async_api import Page, expect

from tests.browser.browsing import Customer, customer, faults
from tests.browser.house import House, house

GREETING = "Hei! Miten voimme auttaa?"
SIZE = {"width": 900, "height": 760}


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def home(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[House]:
    async with house(tmp_path_factory.mktemp("browser")) as found:
        yield found


def embed(home: House, account: str, attributes: str = "") -> str:
    return f'<script src="{home.page(account)}/widget.js" {attributes} async></script>'


def inside(aino: Customer) -> None:
    """From now on look into the widget's frame."""
    aino.view = aino.page.frame_locator("iframe")


async def test_a_customer_of_an_allowed_site(home: House) -> None:
    home.sites[home.allowed] = embed(home, "open", 'data-locale="fi"')
    async with customer(home.browser, viewport=SIZE) as aino:
        await aino.page.goto(home.allowed)
        launcher = aino.page.get_by_role("button", name="Avaa keskustelu")
        await expect(launcher).to_have_attribute("aria-expanded", "false")
        await launcher.focus()
        await aino.page.keyboard.press("Enter")
        inside(aino)
        await aino.sees(GREETING)
        await expect(aino.box).to_be_focused()
        close = aino.page.get_by_role("button", name="Sulje keskustelu")
        await expect(close).to_have_attribute("aria-expanded", "true")
        await aino.page.keyboard.type("Tilaus verkkokaupasta")
        await aino.page.keyboard.press("Enter")
        conversation = await home.conversation_of("Tilaus verkkokaupasta")
        await home.reply(conversation, "Heti!")
        await aino.sees("Heti!")
        await aino.picture("widget")

        await aino.page.keyboard.press("Escape")
        await expect(launcher).to_be_focused()
        await expect(aino.page.locator("iframe")).to_be_hidden()
        reply = await home.reply(conversation, "Vielä yksi asia")
        await home.until_delivery(conversation, reply["id"], "sent")
        await expect(
            aino.page.get_by_role("button", name="Avaa keskustelu, 1 lukematon viesti")
        ).to_be_visible()
        await aino.picture("widget-unread")
        assert await faults(aino.page) == []
        await launcher.click()
        await aino.sees("Vielä yksi asia")
        await aino.page.get_by_role("button", name="Sulje keskustelu", exact=True).wait_for()
        await home.until_delivery(conversation, reply["id"], "read")

        await aino.page.get_by_role("link", name="Etusivu").click(no_wait_after=True)
        await aino.sees("Vielä yksi asia")
        await aino.button("Pienennä").click()
        await expect(aino.page.get_by_role("button", name="Avaa keskustelu", exact=True)).to_be_focused()


async def test_the_attributes_of_the_script(home: House) -> None:
    home.sites[home.allowed] = embed(home, "asked", 'data-locale="sv" data-position="left" data-survey="off"')
    async with customer(home.browser, viewport=SIZE) as aino:
        await aino.page.goto(home.allowed)
        launcher = aino.page.get_by_role("button", name="Öppna chatten")
        await launcher.click()
        place = await launcher.or_(aino.page.get_by_role("button", name="Stäng chatten")).bounding_box()
        assert place is not None
        assert place["x"] < SIZE["width"] / 2
        inside(aino)
        # What must be answered is asked all the same.
        await expect(aino.view.get_by_label("Ditt namn")).to_be_focused()
        await expect(aino.view.get_by_label("Vad gäller det?")).to_have_count(0)


async def test_a_small_screen_is_filled(home: House) -> None:
    home.sites[home.allowed] = embed(home, "open")
    async with customer(home.browser, viewport={"width": 390, "height": 700}, locale="sv-FI") as aino:
        await aino.page.goto(home.allowed)
        await aino.page.get_by_role("button", name="Avaa keskustelu").click()  # the page is in Finnish
        inside(aino)
        await aino.sees(GREETING)
        place = await aino.page.locator("iframe").bounding_box()
        assert place == {"x": 0, "y": 0, "width": 390, "height": 700}
        await aino.picture("widget-phone")
        await aino.button("Pienennä").click()
        await expect(aino.page.locator("iframe")).to_be_hidden()


def members(home: House, name: str) -> str:
    token = home.platform.issuer.token("Customer", name)
    asked = f"<script>function whoIsIt() {{ return Promise.resolve('{token}'); }}</script>"
    return asked + embed(home, "members", 'data-locale="fi" data-sign-in="whoIsIt"')


async def opened(home: House, aino: Customer) -> None:
    await aino.page.goto(home.allowed)
    await aino.page.get_by_role("button", name="Avaa keskustelu").click()
    inside(aino)
    await aino.sees(GREETING)


async def test_who_is_signed_in_has_one_conversation_everywhere(home: House) -> None:
    home.sites[home.allowed] = members(home, "aino")
    async with customer(home.browser, viewport=SIZE) as aino:
        await opened(home, aino)
        await aino.say("Koneelta")
        conversation = await home.conversation_of("Koneelta")
        context = (await home.desk.get(f"conversations/{conversation}"))["context"]
        assert context["signedIn"] == "true"
        await expect(aino.button("Lopeta keskustelu")).to_have_count(0)  # it goes on for good

    async with customer(home.browser, viewport={"width": 390, "height": 700}) as aino:
        await opened(home, aino)
        await aino.sees("Koneelta")
        await aino.say("Puhelimelta")
        assert await home.conversation_of("Puhelimelta") == conversation

        home.sites[home.allowed] = members(home, "matti")  # signs in on the same phone
        await aino.page.reload()
        await aino.sees(GREETING)
        await aino.say("Hei, Matti tässä")
        assert await home.conversation_of("Hei, Matti tässä") != conversation
        await expect(aino.bubble("Koneelta")).to_have_count(0)


async def test_a_site_that_is_not_allowed_gets_nothing(home: House) -> None:
    home.sites[home.stranger] = embed(home, "open")
    async with customer(home.browser, viewport=SIZE, locale="fi-FI") as aino:
        await aino.page.goto(home.stranger)
        async with aino.page.expect_console_message(lambda said: "frame-ancestors" in said.text):
            await aino.page.get_by_role("button", name="Avaa keskustelu").click()
        await expect(aino.page.frame_locator("iframe").locator("header")).to_have_count(0)
        assert await session_from(aino.page, home.page("open")) == 403
        aino.forgive("frame-ancestors", "403")


async def test_an_allowed_site_may_start_a_session_itself(home: House) -> None:
    async with customer(home.browser) as aino:
        await aino.page.goto(home.allowed)
        assert await session_from(aino.page, home.page("open")) == 201


async def session_from(page: Page, chat: str) -> int:
    headers = '{"Content-Type": "application/json"}'
    call = f"fetch('{chat}/session', {{method: 'POST', body: '{{}}', headers: {headers}}})"
    status: int = await page.evaluate(f"{call}.then(answer => answer.status)")
    return status
