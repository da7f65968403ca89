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
TAKES_CLICKS = """element => {
    const box = element.getBoundingClientRect()
    return element.contains(document.elementFromPoint(box.x + box.width / 2, box.y + box.height / 2))
}"""
DRAWN = """() => {
    const paint = performance.getEntriesByName("first-contentful-paint")[0]
    return paint ? performance.now() - paint.startTime : 0
}"""
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
        self.forms: list[str] = []
        self.tabs: list[Page] = []

    async def open(self, request: dict[str, Any]) -> None:
        """A fresh profile: nobody is signed in."""
        width = request.get("width") or 1000
        context = await self.chromium.new_context(
            java_script_enabled=request.get("scripts") or False,
            viewport={"width": width, "height": request.get("height") or 900},
            color_scheme="dark" if request.get("dark") else "light",
            device_scale_factor=request.get("scale") or 1,
            ignore_https_errors=request.get("trusting") or False,
            has_touch=request.get("touch") or False,
            is_mobile=request.get("touch") or False,
        )
        context.set_default_timeout(PATIENCE)
        self.complaints = []
        self.forms = []
        await self.use(await context.new_page())

    async def use(self, page: Page) -> None:
        self.page: Page = page
        page.on("console", self.hear)
        page.on("request", self.note)

    def note(self, request: Any) -> None:
        """Keeps where forms were sent."""
        if request.method == "POST":
            self.forms.append(urlsplit(request.url).path)

    async def sent(self, _: dict[str, Any]) -> list[str]:
        """Where forms were sent since the profile was opened."""
        return self.forms

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
                await self.rest(target)
                await (target.dblclick() if request.get("twice") else target.click())
        except Error as failure:
            # The second press, or a page that sends the browser on, may overtake the page that was on its way.
            if "ERR_ABORTED" not in failure.message:
                raise
        return await self.look({})

    async def rest(self, target: Any) -> None:
        """Leaves the pointer where it is going to press until the press would arrive: guarded buttons take a while."""
        await target.hover(force=True)
        clock = asyncio.get_running_loop()
        deadline = clock.time() + PATIENCE / 1000
        while not await target.evaluate(TAKES_CLICKS):
            if clock.time() > deadline:
                raise RuntimeError("something lies over what is to be pressed")
            await asyncio.sleep(0.05)

    async def center(self, selector: str) -> tuple[float, float]:
        """The middle of what the selector names, which is on the screen."""
        target = self.page.locator(selector).first
        await target.scroll_into_view_if_needed()
        box = await target.bounding_box()
        return box["x"] + box["width"] / 2, box["y"] + box["height"] / 2

    async def behind(self, request: dict[str, Any]) -> int:
        """A window in front closes under the first of two clicks; the second comes so many milliseconds later, and hits the
        page behind at the place of `selector`. Gives how long the pointer was over that page."""
        x, y = await self.center(request["selector"])
        await self.page.mouse.move(0, 0)
        front = await self.page.context.new_page()
        await front.mouse.click(x, y)
        await front.close()
        await self.page.bring_to_front()
        clock = asyncio.get_running_loop()
        arrived = clock.time()
        await self.page.mouse.move(x, y)
        await asyncio.sleep(request["after"] / 1000)
        await self.page.mouse.down()
        await self.page.mouse.up()
        return round((clock.time() - arrived) * 1000)

    async def under(self, request: dict[str, Any]) -> int:
        """The page is opened anew under a pointer that moves all the while over the place of `selector`, and is pressed as
        soon as something is drawn. Gives how long ago that was."""
        x, y = await self.center(request["selector"])
        opened = asyncio.create_task(self.page.reload(wait_until="commit"))
        step = 0
        while not opened.done() or not await self.drawn():
            step += 1
            await self.page.mouse.move(x + step % 5, y + step % 3)
        clock = asyncio.get_running_loop()
        seen = clock.time()
        before = await self.drawn()
        await self.page.mouse.down()
        await self.page.mouse.up()
        return round(before + (clock.time() - seen) * 1000)

    async def touch(self, request: dict[str, Any]) -> int:
        """The page is opened anew and touched at the place of `selector` as soon as it is drawn. Gives how long ago that was."""
        x, y = await self.center(request["selector"])
        await self.page.reload(wait_until="commit")
        while not await self.drawn():
            pass
        clock = asyncio.get_running_loop()
        seen = clock.time()
        before = await self.drawn()
        await self.page.touchscreen.tap(x, y)
        return round(before + (clock.time() - seen) * 1000)

    async def drawn(self) -> float:
        """How many milliseconds ago the page was drawn first; 0 when it was not."""
        try:
            return await self.page.evaluate(DRAWN)
        except Error:
            return 0

    async def tap(self, request: dict[str, Any]) -> dict[str, Any]:
        """Touches what the selector names as soon as it takes a touch, and waits for the page that follows."""
        async with self.page.expect_navigation(wait_until="domcontentloaded"):
            await self.page.locator(request["selector"]).first.tap()
        return await self.look({})

    async def enter(self, request: dict[str, Any]) -> dict[str, Any]:
        """Presses Enter on what the selector names, at once, and waits for the page that follows."""
        async with self.page.expect_navigation(wait_until="domcontentloaded"):
            await self.page.locator(request["selector"]).first.press("Enter")
        return await self.look({})

    async def tab(self, _: dict[str, Any]) -> str:
        await self.page.keyboard.press("Tab")
        return await self.page.evaluate(FOCUSED)

    async def rush(self, request: dict[str, Any]) -> None:
        """Opens addresses at the same moment, each in a tab of its own."""
        self.tabs = [await self.page.context.new_page() for _ in request["urls"]]
        await asyncio.gather(*(tab.goto(url) for tab, url in zip(self.tabs, request["urls"])))

    async def popup(self, request: dict[str, Any]) -> dict[str, Any]:
        """A script of the client's page opens an address in a window of its own; goes on there."""
        self.opener = self.page
        async with self.opener.expect_popup() as opened:
            await self.opener.evaluate("url => { window.other = window.open(url, 'other', 'popup') }", request["url"])
        await self.use(await opened.value)
        await self.page.wait_for_url(lambda url: not url.startswith("about:"), wait_until="load")
        return await self.look({})

    async def bond(self, _: dict[str, Any]) -> dict[str, bool]:
        """Whether the window knows who opened it, and whether it is closed for the one that did."""
        return {
            "opener": await self.page.evaluate("window.opener !== null"),
            "closed": await self.opener.evaluate("window.other.closed"),
        }

    async def turn(self, request: dict[str, Any]) -> dict[str, Any]:
        """Goes to one of these tabs."""
        self.page = self.tabs[request["tab"]]
        await self.page.bring_to_front()
        return await self.look({})

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
        names = (
            "open", "listen", "pretend", "visited", "received", "go", "fill", "check", "press",
            "behind", "under", "touch", "tap", "enter", "sent", "rush", "turn", "popup", "bond", "tab", "back", "arrive", "look", "shoot",
        )
        await converse({name: getattr(browser, name) for name in names})
        await chromium.close()


asyncio.run(main())
