"""Browsers of people who sign in at Gatehouse through OpenID providers. Each has cookies of its own."""

import asyncio
from typing import Any
from urllib.parse import urljoin

from conversation import converse
from person import Page
from walker import Arrival, Walker


class Browser:
    def __init__(self, walker: Walker):
        self.walker = walker

    def show(self, arrival: Arrival) -> dict[str, Any]:
        """What the person sees, and what had to be filled in at the provider on the way there."""
        response = arrival.response
        self.url, self.page = str(response.url), Page(response.text)
        return {
            "status": response.status_code,
            "url": self.url,
            "text": " ".join(" ".join(self.page.text).split()),
            "controls": sorted({name for form in self.page.forms for name in form.names}),
            "filled": self.walker.filled,
            "beyond": arrival.beyond or "",
        }


class Browsers:
    def __init__(self) -> None:
        self.open_ones: dict[str, Browser] = {}

    async def open(self, request: dict[str, Any]) -> None:
        """A browser without cookies, for a user of the providers."""
        self.open_ones[request["browser"]] = Browser(Walker(request["user"], home=request["home"]))

    async def go(self, request: dict[str, Any]) -> dict[str, Any]:
        """Opens a URL. With `beyond` the walk ends before the first address that begins so, and with `looks` at the first page."""
        browser = self.prepare(request)
        return browser.show(await browser.walker.walk(request["url"]))

    async def press(self, request: dict[str, Any]) -> dict[str, Any]:
        """Sends the form with the control `name`, with this value, and with `fields`."""
        browser = self.prepare(request)
        name = request["name"]
        form = browser.page.form(name)
        if form is None:
            raise RuntimeError(f"the page has no control {name}: {' '.join(browser.page.text)}")
        data: dict[str, Any] = {}
        for field, value in form.fields:
            data.setdefault(field, []).append(value)
        data |= request.get("fields", {}) | {name: request["value"]}
        return browser.show(await browser.walker.walk(urljoin(browser.url, form.action), data))

    def prepare(self, request: dict[str, Any]) -> Browser:
        browser = self.open_ones[request["browser"]]
        browser.walker.beyond = request.get("beyond")
        browser.walker.user = request.get("user") or browser.walker.user
        browser.walker.fills_in = not request.get("looks")
        browser.walker.answer = request.get("answer") or "accept"
        return browser


browsers = Browsers()
asyncio.run(converse({name: getattr(browsers, name) for name in ("open", "go", "press")}))
