"""A browser, and a customer's chat in it: what a customer would see, said in roles and names."""

import asyncio
import os
import shutil
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from playwright.async_api import Browser, Locator, Page, async_playwright, expect

from local.child import ROOT

NAMES = ("chromium", "chromium-browser", "google-chrome")
FLAGS = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)
AXE = ROOT / "web" / "node_modules" / "axe-core" / "axe.min.js"
ARTEFACTS = Path(os.environ.get("ARTEFACTS", ".data/artefacts"))
PATIENCE = 20_000  # milliseconds; the machine may be busy

expect.set_options(timeout=PATIENCE)


def executable() -> str:
    found = os.environ.get("CHROMIUM") or next(filter(None, map(shutil.which, NAMES)), "")
    assert found, "no browser: `make browser` finds or installs one"
    return found


@asynccontextmanager
async def chromium() -> AsyncIterator[Browser]:
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=executable(), args=list(FLAGS))
        yield browser
        await browser.close()


class Customer:
    """A browser window of a customer; what its console complains of is kept, and must be nothing."""

    def __init__(self, page: Page) -> None:
        self.page = page
        self.complaints: list[str] = []
        page.set_default_timeout(PATIENCE)
        page.on("console", lambda said: self._note(said.type, said.text))
        page.on("pageerror", lambda error: self.complaints.append(str(error)))
        # A frame inside the page has the same elements.
        self.view: Any = page

    def _note(self, kind: str, text: str) -> None:
        if kind in {"error", "warning"}:
            self.complaints.append(text)

    def forgive(self, *words: str) -> None:
        """Forget complaints that the test was after: the browser's own, with these words in them."""
        for word in words:
            assert any(word in one for one in self.complaints), self.complaints
            self.complaints = [one for one in self.complaints if word not in one]

    @property
    def box(self) -> Locator:
        return self._at('[data-id="webchat-sendbox-input"]')

    @property
    def status(self) -> Locator:
        return self._at("p.status")

    def button(self, name: str) -> Locator:
        found: Locator = self.view.get_by_role("button", name=name, exact=True)
        return found

    def bubble(self, text: str) -> Locator:
        return self._at(".webchat__bubble__content").filter(has_text=text)

    async def say(self, text: str) -> None:
        """Write once the greeting is there: before that nothing can be sent, and it stays in the box."""
        await expect(self._at(".webchat__bubble__content").first).to_be_visible()
        await self.box.fill(text)
        await self.box.press("Enter")

    async def sees(self, text: str) -> None:
        await expect(self.bubble(text)).to_have_count(1)
        await expect(self.bubble(text)).to_be_visible()

    async def picture(self, name: str) -> None:
        await self.page.screenshot(path=ARTEFACTS / f"{name}.png", animations="disabled")

    def _at(self, selector: str) -> Locator:
        found: Locator = self.view.locator(selector)
        return found


@asynccontextmanager
async def customer(browser: Browser, **context: Any) -> AsyncIterator[Customer]:
    """Open a window of a customer who has never been here."""
    options = {"locale": "en-GB", "viewport": {"width": 480, "height": 720}, **context}
    opened = await browser.new_context(**options)
    found = Customer(await opened.new_page())
    try:
        yield found
    except BaseException:
        await found.picture("failed")
        print("the console said:", *found.complaints, sep="\n")
        raise
    finally:
        await opened.close()
    assert not found.complaints, found.complaints


async def faults(page: Page) -> list[str]:
    """Give what axe-core finds on the page, of those that shut people out."""
    await page.evaluate(await asyncio.to_thread(AXE.read_text))
    found: list[dict[str, Any]] = await page.evaluate("axe.run().then(found => found.violations)")
    grave = [one for one in found if one["impact"] in {"serious", "critical"}]
    return [f"{one['id']}: {one['help']}: {[node['html'] for node in one['nodes']]}" for one in grave]
