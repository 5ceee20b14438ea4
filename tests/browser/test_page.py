"""The page by itself: languages, colours, keys and screen readers, and what it says when things go wrong."""

import re
from collections.abc import AsyncIterator
from typing import Any

import pytest
import pytest_asyncio
from playwright.async_api import FilePayload, expect

from functions.channels.chat import UPLOAD_LIMIT
from functions.directline.limits import WINDOW
from tests.browser.browsing import Customer, customer, faults
from tests.browser.house import POLLING, House, house
from tests.waiting import early_in

GREETINGS = {
    "fi": "Hei! Miten voimme auttaa?",
    "sv": "Hej! Hur kan vi hjälpa?",
    "en": "Hello! How can we help?",
}
EYES: dict[str, dict[str, Any]] = {
    "light": {"color_scheme": "light"},
    "dark": {"color_scheme": "dark"},
    "contrast": {"forced_colors": "active", "contrast": "more", "reduced_motion": "reduce"},
}
SAVED = "monikanava:open"
SPOIL = """key => {
    const saved = JSON.parse(localStorage[key]);
    localStorage[key] = JSON.stringify({...saved, token: 'x'});
}"""


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def home(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[House]:
    async with house(tmp_path_factory.mktemp("browser"), POLLING) as found:
        yield found


@pytest.mark.parametrize(
    ("locale", "name", "begin", "box"),
    [
        ("fi", "Nimesi", "Aloita keskustelu", "Viestin syöttöruutu"),
        ("sv", "Ditt namn", "Starta chatten", "Inmatningsruta för meddelande"),
        ("en", "Your name", "Start the chat", "Message input box"),
    ],
)
async def test_speaks_the_customers_language(
    home: House, locale: str, name: str, begin: str, box: str
) -> None:
    async with customer(home.browser, locale=f"{locale}-FI") as aino:
        await aino.page.goto(home.page("asked"))
        await aino.page.get_by_label(name).fill("Aino")
        await aino.button(begin).click()
        await aino.sees(GREETINGS[locale])
        await expect(aino.box).to_have_attribute("aria-label", box)
        assert await aino.page.evaluate("document.documentElement.lang") == locale


async def test_the_link_may_choose_the_language(home: House) -> None:
    async with customer(home.browser, locale="en-GB") as aino:
        await aino.page.goto(home.page("asked", "?locale=sv"))
        await expect(aino.page.get_by_label("Ditt namn")).to_be_visible()


@pytest.mark.parametrize("scheme", EYES)
async def test_is_for_every_eye(home: House, scheme: str) -> None:
    async with customer(home.browser, **EYES[scheme], locale="fi-FI") as aino:
        await aino.page.goto(home.page("asked"))
        await aino.button("Aloita keskustelu").click()
        name = aino.page.get_by_label("Nimesi")
        await expect(name).to_be_focused()
        await expect(name).to_have_accessible_description("Vastaa tähän, ole hyvä.")
        assert await faults(aino.page) == []
        await aino.picture(f"survey-{scheme}")
        await name.fill("Aino")
        await aino.button("Aloita keskustelu").click()
        await aino.say(f"Missä tilaukseni on? ({scheme})")
        conversation = await home.conversation_of(f"Missä tilaukseni on? ({scheme})")
        choices = [{"title": "Kiitos", "payload": "thanks"}, {"title": "Muuta asiaa", "payload": "more"}]
        await home.reply(conversation, "Matkalla: https://example.com/tilaus", choices=choices)
        await aino.sees("Matkalla")
        offered = aino.page.get_by_role("toolbar", name="Ehdotetut toiminnot")
        await expect(offered.get_by_role("button", name="Muuta asiaa")).to_be_visible()
        assert await faults(aino.page) == []
        await aino.picture(f"conversation-{scheme}")
        await aino.button("Lopeta keskustelu").click()
        assert await faults(aino.page) == []
        await aino.picture(f"ending-{scheme}")
        await aino.page.get_by_role("dialog").get_by_role("button", name="Lopeta keskustelu").click()
        await expect(aino.button("Aloita uusi keskustelu")).to_be_focused()
        assert await faults(aino.page) == []
        await aino.picture(f"ended-{scheme}")
        paper = await aino.page.evaluate("getComputedStyle(document.body).backgroundColor")
        assert (paper == "rgb(20, 24, 28)") is (scheme == "dark")


async def test_a_keyboard_is_enough(home: House) -> None:
    async with customer(home.browser) as aino:
        keys = aino.page.keyboard
        await aino.page.goto(home.page("asked"))
        await expect(aino.page.get_by_label("Your name")).to_be_visible()
        await keys.press("Tab")
        await keys.type("Aino")
        await keys.press("Tab")
        await keys.press("ArrowDown")
        await keys.press("Tab")
        await keys.press("Enter")
        await expect(aino.box).to_be_focused()
        await aino.sees(GREETINGS["en"])
        await keys.type("Only keys")
        await keys.press("Enter")
        conversation = await home.conversation_of("Only keys")
        assert (await home.desk.get(f"conversations/{conversation}"))["context"]["topic"] == "invoice"
        await tab_to(aino, "End chat", "Shift+Tab")
        await keys.press("Enter")
        dialog = aino.page.get_by_role("dialog", name="Do you want to end the chat?")
        await expect(dialog).to_be_visible()
        await keys.press("Escape")
        await expect(dialog).to_be_hidden()
        await expect(aino.button("End chat")).to_be_focused()
        await keys.press("Enter")
        await tab_to(aino, "End chat", "Tab")
        await keys.press("Enter")
        await expect(aino.button("Start a new chat")).to_be_focused()
        await home.until_state(conversation, "wrapUp", "closed")


async def tab_to(aino: Customer, name: str, key: str) -> None:
    focused = "document.activeElement.ariaLabel || document.activeElement.textContent"
    for _ in range(20):
        await aino.page.keyboard.press(key)
        if await aino.page.evaluate(focused) == name:
            return
    raise AssertionError(f"no key leads to {name!r}")


async def test_a_token_that_is_over_starts_anew_and_says_so(home: House) -> None:
    async with customer(home.browser) as aino:
        await aino.page.goto(home.page("open"))
        await aino.sees(GREETINGS["en"])
        await aino.page.evaluate(SPOIL, SAVED)
        await aino.page.reload()
        await expect(aino.page.get_by_role("alert").first).to_contain_text(
            "Your earlier chat is no longer open"
        )
        await aino.sees(GREETINGS["en"])
        aino.forgive("401")


async def test_a_token_that_runs_out_in_the_middle_starts_anew(home: House) -> None:
    async with customer(home.browser) as aino:
        await aino.page.goto(home.page("open"))
        await aino.say("Is anybody there?")
        await home.conversation_of("Is anybody there?")
        await aino.sees("Is anybody there?")
        polls = re.compile("/activities[?]watermark=")
        await aino.page.route(polls, lambda route: route.fulfill(status=403, json={"error": {}}))
        await expect(aino.page.get_by_text("Your earlier chat is no longer open")).to_be_visible()
        await aino.page.unroute(polls)
        await expect(aino.bubble("Is anybody there?")).to_have_count(0)
        await aino.sees(GREETINGS["en"])
        await expect(aino.status).to_have_text("Connected")
        aino.forgive("403")


async def test_a_file_that_is_too_large_is_said_to_be_unsent(home: House) -> None:
    async with customer(home.browser) as aino:
        await aino.page.goto(home.page("open"))
        film = bytes(UPLOAD_LIMIT + 1)
        file = FilePayload(name="film.bin", mimeType="application/octet-stream", buffer=film)
        await aino.page.locator("input[type=file]").set_input_files(files=[file])
        await aino.say("Here it is")
        await expect(aino.page.get_by_text("Send failed.").first).to_be_visible()
        aino.forgive("413", "Failed to post activity")


async def test_a_network_that_has_begun_too_many_is_told_so(home: House) -> None:
    await early_in(WINDOW)
    async with customer(home.browser) as aino, customer(home.browser) as eino:
        await aino.page.goto(home.page("crowded"))
        await aino.sees(GREETINGS["en"])
        await eino.page.goto(home.page("crowded"))
        await expect(eino.page.get_by_text("Many chats were just started from your network.")).to_be_visible()
        eino.forgive("429")


async def test_a_server_out_of_reach_can_be_tried_again(home: House) -> None:
    async with customer(home.browser) as aino:
        await aino.page.route("**/session", lambda route: route.abort())
        await aino.page.goto(home.page("open"))
        await expect(aino.page.get_by_text("The chat cannot be reached.")).to_be_visible()
        await aino.page.unroute("**/session")
        await aino.button("Try again").click()
        await aino.sees(GREETINGS["en"])
        await expect(aino.page.get_by_text("The chat cannot be reached.")).to_be_hidden()
        aino.forgive("ERR_FAILED")


async def test_nothing_but_our_own_scripts_may_run(home: House) -> None:
    async with customer(home.browser) as aino:
        await aino.page.goto(home.page("open"))
        await aino.sees(GREETINGS["en"])
        ran = await aino.page.evaluate(
            """() => {
                const script = document.createElement('script');
                script.textContent = 'window.stranger = true';
                document.body.append(script);
                return Boolean(window.stranger);
            }"""
        )
        assert not ran
        aino.forgive("Content Security Policy")
