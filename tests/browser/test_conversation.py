"""A whole conversation of a customer with an agent, over WebSocket and by polling."""

import re
from collections.abc import AsyncIterator

import pytest
import pytest_asyncio
from playwright.async_api import WebSocketRoute, expect

from tests.browser.browsing import Customer, customer
from tests.browser.house import POLLING, House, house

PICTURE = bytes.fromhex(  # a PNG of one pixel
    "89504e470d0a1a0a0000000d49484452000000010000000108060000001f15c4890000000d49444154789c63f8cfc0f01f00"
    "05000201d5ff8d2b0000000049454e44ae426082"
)


@pytest_asyncio.fixture(scope="module", loop_scope="session", params=["websocket", "polling"])
async def home(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[House]:
    environment = POLLING if request.param == "polling" else {}
    async with house(tmp_path_factory.mktemp("browser"), environment) as found:
        yield found


async def answered(who: Customer, name: str) -> None:
    await who.view.get_by_label("Your name").fill(name)
    await who.view.get_by_label("What is it about?").select_option(label="An invoice")
    await who.button("Start the chat").click()


async def test_from_the_survey_to_the_end(home: House, request: pytest.FixtureRequest) -> None:
    way = request.node.callspec.params["home"]
    async with customer(home.browser) as aino:
        await aino.page.goto(home.page("asked"))
        await answered(aino, "Aino")
        await aino.sees("Hello! How can we help?")
        await aino.say(f"Two rows are the same ({way})")
        conversation = await home.conversation_of(f"Two rows are the same ({way})")
        await expect(aino.status).to_have_text("Connected")
        context = (await home.desk.get(f"conversations/{conversation}"))["context"]
        assert (context["name"], context["topic"]) == ("Aino", "invoice")

        await home.desk.post(f"conversations/{conversation}/accept", {})
        await expect(aino.status).to_have_text("An agent is with you")
        await home.desk.send_text("POST", f"conversations/{conversation}/typing")
        await expect(aino.view.locator(".webchat__typing-indicator")).to_be_visible()
        await home.reply(conversation, "I see <it>. Look at https://example.com/invoice, please")
        await aino.sees("I see <it>. Look at")
        link = aino.view.get_by_role("link", name="https://example.com/invoice")
        await expect(link).to_have_attribute("href", "https://example.com/invoice")
        await shared_a_picture(home, aino, conversation)
        await aino.picture(f"conversation-{way}")

        await aino.page.reload()
        await aino.sees(f"Two rows are the same ({way})")
        await aino.sees("I see <it>. Look at")
        await aino.say("I am back")
        assert await home.conversation_of("I am back") == conversation
        await aino.sees("I am back")
        await ended_by_the_customer(home, aino, conversation)


async def shared_a_picture(home: House, aino: Customer, conversation: str) -> None:
    file = {"name": "damage.png", "mimeType": "image/png", "buffer": PICTURE}
    await aino.view.locator("input[type=file]").set_input_files(files=[file])
    await aino.say("A picture of it")
    assert await home.conversation_of("A picture of it") == conversation
    message = next(one for one in await home.messages(conversation) if one.get("text") == "A picture of it")
    assert [one["name"] for one in message["attachments"]] == ["damage.png"]
    place = f"conversations/{conversation}/messages/{message['id']}/attachments/0"
    assert await home.desk.file(place) == PICTURE
    shown = aino.view.locator(".webchat__bubble img")
    await expect(shown).to_have_count(1)
    await expect(shown).to_have_js_property("naturalWidth", 1)


async def ended_by_the_customer(home: House, aino: Customer, conversation: str) -> None:
    async with aino.page.expect_download() as download:
        await aino.button("Download transcript").click()
    transcript = (await (await download.value).path()).read_text()
    assert "I am back" in transcript
    await aino.button("End chat").click()
    dialog = aino.view.get_by_role("dialog", name="Do you want to end the chat?")
    await dialog.get_by_role("button", name="Cancel").click()
    await expect(dialog).to_be_hidden()
    await aino.button("End chat").click()
    await dialog.get_by_role("button", name="End chat").click()
    await expect(aino.status).to_have_text("The chat has ended")
    await expect(aino.box).to_have_count(0)
    await home.until_state(conversation, "wrapUp", "closed")
    await aino.button("Start a new chat").click()
    await expect(aino.view.get_by_label("Your name")).to_be_visible()


async def test_the_agent_ends_it(home: House, request: pytest.FixtureRequest) -> None:
    said = f"Thank you, that was all ({request.node.callspec.params['home']})"
    async with customer(home.browser) as aino:
        await aino.page.goto(home.page("open"))
        await aino.sees("Hello! How can we help?")
        await aino.say(said)
        conversation = await home.conversation_of(said)
        await home.reply(conversation, "Have a nice day!")
        await aino.sees("Have a nice day!")
        await home.desk.post(f"conversations/{conversation}/end", {})
        await expect(aino.status).to_have_text("The chat has ended")
        await aino.sees("Have a nice day!")
        await aino.button("Start a new chat").click()
        await aino.sees("Hello! How can we help?")
        await expect(aino.bubble("Have a nice day!")).to_have_count(0)
        await aino.say(f"One more thing: {said}")
        assert await home.conversation_of(f"One more thing: {said}") != conversation


async def test_a_lost_connection_is_told_and_mended(home: House, request: pytest.FixtureRequest) -> None:
    way = request.node.callspec.params["home"]
    async with customer(home.browser) as aino:
        sockets: list[WebSocketRoute] = []
        await aino.page.route_web_socket(re.compile("/client/hubs/"), lambda found: through(found, sockets))
        await aino.page.goto(home.page("open"))
        await aino.say(f"Before the tunnel ({way})")
        conversation = await home.conversation_of(f"Before the tunnel ({way})")
        await aino.sees("Before the tunnel")
        if way == "websocket":
            await sockets.pop().close(code=1011, reason="the tunnel")
        else:
            await aino.page.context.set_offline(True)
        await expect(aino.status).to_have_text("The connection broke. Trying again…")
        await home.reply(conversation, "After the tunnel")
        await aino.page.context.set_offline(False)
        await expect(aino.bubble("After the tunnel")).to_have_count(
            1, timeout=60_000
        )  # the client waits up to 15 s
        await expect(aino.status).to_have_text("An agent is with you")
        await expect(aino.bubble("Before the tunnel")).to_have_count(1)
        assert bool(sockets) is (way == "websocket")
        if way == "polling":
            aino.forgive("ERR_INTERNET_DISCONNECTED")


def through(socket: WebSocketRoute, opened: list[WebSocketRoute]) -> None:
    opened.append(socket)
    socket.connect_to_server()
