"""Chromium at the pages of Gatehouse, and the loopback servers that clients would wait at. No page script ever runs."""

import asyncio
import os
from typing import Any
from urllib.parse import parse_qs, urlsplit

from conversation import converse
from playwright.async_api import Error, Page, async_playwright

CHROMIUM = os.environ.get("TEST_CHROMIUM", "/usr/bin/chromium")
PATIENCE = 60_000
SEEN = """() => ({
    url: location.href,
    title: document.title,
    text: document.body ? document.body.innerText : "",
    language: document.documentElement.lang,
    fields: [...document.querySelectorAll("input:not([type=hidden]), select, button[name]")].map(e => e.name),
    unlabelled: [...document.querySelectorAll("input:not([type=hidden]):not([type=submit]), select")]
        .filter(e => !e.labels.length && !e.getAttribute("aria-label")).map(e => e.name),
    overflow: document.documentElement.scrollWidth - innerWidth,
    background: getComputedStyle(document.body).backgroundColor,
})"""
FOCUSED = """() => {
    const element = document.activeElement
    const text = element.labels && element.labels.length ? element.labels[0].textContent : element.textContent
    return element === document.body ? "" : text.replace(/\\s+/g, " ").trim()
}"""


class Callback:
    """A client that waits on loopback for its answer; with `onward` it sends the browser to yet another place."""

    def __init__(self, onward: str | None):
        self.onward = onward
        self.received: asyncio.Queue[dict[str, str]] = asyncio.Queue()

    async def listen(self, host: str) -> int:
        self.server = await asyncio.start_server(self.answer, host, 0)
        return self.server.sockets[0].getsockname()[1]

    async def answer(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = (await reader.readuntil(b"\r\n\r\n")).decode()
        path = urlsplit(head.split(" ")[1])
        if path.path == "/callback":
            self.received.put_nowait({name: values[0] for name, values in parse_qs(path.query).items()})
        if path.path == "/callback" and self.onward:
            lines = ["HTTP/1.1 302 Found", f"Location: {self.onward}", "Content-Length: 0"]
            body = ""
        else:
            body = "<!doctype html><title>Back at the client</title><p>Back at the client."
            lines = ["HTTP/1.1 200 OK", "Content-Type: text/html", f"Content-Length: {len(body)}"]
        writer.write("\r\n".join([*lines, "Connection: close", "", body]).encode())
        await writer.drain()
        writer.close()


class Browser:
    """One browser with one person's cookies, one page at a time."""

    def __init__(self, chromium: Any):
        self.chromium = chromium
        self.callbacks: dict[int, Callback] = {}
        self.complaints: list[str] = []
        self.visits: list[dict[str, str]] = []

    async def open(self, request: dict[str, Any]) -> None:
        """A fresh profile: nobody is signed in."""
        width = request.get("width") or 1000
        context = await self.chromium.new_context(
            java_script_enabled=False,
            viewport={"width": width, "height": request.get("height") or 900},
            color_scheme="dark" if request.get("dark") else "light",
            device_scale_factor=request.get("scale") or 1,
            ignore_https_errors=request.get("trusting") or False,
        )
        context.set_default_timeout(PATIENCE)
        self.page: Page = await context.new_page()
        self.complaints = []
        self.page.on("console", self.hear)

    def hear(self, message: Any) -> None:
        """A page's own status is no complaint, nor is a missing icon; a stylesheet that does not come is one."""
        status = message.text.startswith("Failed to load resource") and "/assets/" not in message.location["url"]
        if message.type == "error" and not status:
            self.complaints.append(message.text)

    async def listen(self, request: dict[str, Any]) -> int:
        callback = Callback(request.get("onward"))
        port = await callback.listen(request["host"])
        self.callbacks[port] = callback
        return port

    async def pretend(self, request: dict[str, Any]) -> None:
        """Answers for a site that no test machine reaches; `visits` tells who came, and with which referrer."""

        async def answer(route: Any) -> None:
            headers = await route.request.all_headers()
            self.visits.append({"url": route.request.url, "referrer": headers.get("referer", "")})
            await route.fulfill(content_type="text/html", body="<!doctype html><title>Elsewhere</title><p>Elsewhere.")

        self.visits = []
        await self.page.context.route(request["prefix"] + "**", answer)

    async def visited(self, _: dict[str, Any]) -> list[dict[str, str]]:
        return self.visits

    async def received(self, request: dict[str, Any]) -> dict[str, str]:
        """What the next browser brought to the callback at this port."""
        return await asyncio.wait_for(self.callbacks[request["port"]].received.get(), PATIENCE / 1000)

    async def go(self, request: dict[str, Any]) -> dict[str, Any]:
        await self.page.goto(request["url"])
        return await self.look({})

    async def fill(self, request: dict[str, Any]) -> None:
        await self.page.fill(f"[name={request['name']}]", request["value"])

    async def check(self, request: dict[str, Any]) -> None:
        box = self.page.locator(f"[name={request['name']}][value='{request['value']}']")
        await box.set_checked(request.get("on", True))

    async def press(self, request: dict[str, Any]) -> dict[str, Any]:
        """Presses what the selector names, perhaps twice, and waits for the page that follows."""
        target = self.page.locator(request["selector"]).first
        try:
            async with self.page.expect_navigation(wait_until="domcontentloaded"):
                await (target.dblclick() if request.get("twice") else target.click())
        except Error as failure:
            # The second press, or a page that sends the browser on, may overtake the page that was on its way.
            if "ERR_ABORTED" not in failure.message:
                raise
        return await self.look({})

    async def tab(self, _: dict[str, Any]) -> str:
        await self.page.keyboard.press("Tab")
        return await self.page.evaluate(FOCUSED)

    async def back(self, _: dict[str, Any]) -> dict[str, Any]:
        await self.page.go_back(wait_until="domcontentloaded")
        return await self.look({})

    async def arrive(self, request: dict[str, Any]) -> dict[str, Any]:
        """Waits until the address begins with `prefix`."""
        await self.page.wait_for_url(lambda url: url.startswith(request["prefix"]), wait_until="domcontentloaded")
        return await self.look({})

    async def look(self, _: dict[str, Any]) -> dict[str, Any]:
        """What the page shows; a page that sends the browser on while it is read is read again where that ends."""
        clock = asyncio.get_running_loop()
        deadline = clock.time() + PATIENCE / 1000
        while True:
            try:
                await self.page.wait_for_load_state("load")
                return await self.page.evaluate(SEEN) | {"complaints": self.complaints}
            except Error as failure:
                if "Execution context was destroyed" not in failure.message:
                    raise
                if clock.time() > deadline:
                    raise RuntimeError("the pages send the browser round in circles") from failure
                # The next page is on its way; a busy machine needs a while to bring it.
                await asyncio.sleep(0.05)

    async def shoot(self, request: dict[str, Any]) -> None:
        await self.page.screenshot(path=request["path"], full_page=True)


async def main() -> None:
    async with async_playwright() as playwright:
        chromium = await playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"], timeout=PATIENCE)
        browser = Browser(chromium)
        names = ("open", "listen", "pretend", "visited", "received", "go", "fill", "check", "press", "tab", "back", "arrive", "look", "shoot")
        await converse({name: getattr(browser, name) for name in names})
        await chromium.close()


asyncio.run(main())
