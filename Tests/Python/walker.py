"""A person with a browser who signs in through OpenID providers: plain requests, and a form post a page, without scripts."""

from dataclasses import dataclass
from typing import Any
from urllib.parse import urljoin

import httpx2
from person import PATIENCE, Form, Page


@dataclass
class Arrival:
    """Where a walk ended: a page, or the redirect to an address that the walk was not to open."""

    response: httpx2.Response
    beyond: str | None = None


class Walker:
    """Walks through redirects, pages that send the browser on, and the pages of providers, whose forms the person fills in.

    A provider is everything that is not below `home`. The person's login name at every provider is also the password. The walk does not
    open an address below `beyond`.
    """

    def __init__(self, user: str, home: str | None = None, beyond: str | None = None):
        self.user = user
        self.home = home
        self.beyond = beyond
        self.answer = "accept"
        self.fills_in = True
        self.client = httpx2.AsyncClient(timeout=PATIENCE)
        # The names of the fields that the person filled in at providers since the last request of the test.
        self.filled: list[str] = []

    async def leave(self, url: str) -> str:
        """Walks from a URL to the first address below `beyond`, and returns it."""
        if (end := (await self.walk(url)).beyond) is None:
            raise RuntimeError("the walk ended at a page")
        return end

    async def walk(self, url: str, form: dict[str, Any] | None = None, referrer: str = "") -> Arrival:
        """Sends a request, and goes on until a page of `home`, a page that knows no way on, or an address below `beyond`."""
        self.filled = []
        for _ in range(32):
            headers = {"Referer": referrer} if referrer else {}
            response = await self.client.request("POST" if form is not None else "GET", url, data=form, headers=headers)
            here, page = str(response.url), Page(response.text)
            if onward := response.headers.get("location") if response.is_redirect else page.goes_on:
                url, form, referrer = urljoin(here, onward), None, ""
                if self.beyond and url.startswith(self.beyond):
                    return Arrival(response, url)
                continue
            if (self.home and here.startswith(self.home)) or not (known := self.known(page)):
                return Arrival(response)
            target, fields = known
            self.filled += fields
            url, form, referrer = urljoin(here, target.action), dict(target.fields) | fields, here
        raise RuntimeError("the pages go round in circles")

    def known(self, page: Page) -> tuple[Form, dict[str, str]] | None:
        """The first form of a provider's page that the person can fill in, and with what: a sign-in, or else the consent."""
        if not self.fills_in:
            return None
        sign_in = dict.fromkeys(("login", "user", "password"), self.user)
        consent = {"answer": self.answer, "confirm": "1" if self.answer == "accept" else "-1"}
        for answers in (sign_in, consent):
            for form in page.forms:
                if fields := {name: answers[name] for name in answers if name in form.names}:
                    return form, fields
        return None
