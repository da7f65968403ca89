"""A person at the pages of Gatehouse: signs in and decides by plain form posts, as a script may."""

from dataclasses import dataclass, field
from html.parser import HTMLParser
from urllib.parse import parse_qs, urljoin, urlsplit

import httpx2

PATIENCE = 60


@dataclass
class Form:
    action: str
    fields: list[tuple[str, str]] = field(default_factory=list)
    names: set[str] = field(default_factory=set)


class Page(HTMLParser):
    """The forms of a page with what a browser would send, and the link of a hand-off page."""

    def __init__(self, text: str):
        super().__init__()
        self.forms: list[Form] = []
        self.inside: Form | None = None
        self.goes_on: str | None = None
        self.text: list[str] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        given = dict(attributes)
        if tag == "form":
            self.inside = Form(given.get("action") or "")
            self.forms.append(self.inside)
        elif self.inside and (name := given.get("name")):
            self.inside.names.add(name)
            kind = given.get("type", "text")
            if tag == "input" and kind != "submit" and (kind not in ("checkbox", "radio") or "checked" in given):
                self.inside.fields.append((name, given.get("value") or ""))
        elif tag == "a" and given.get("id") == "continue":
            self.goes_on = given.get("href")

    def handle_endtag(self, tag: str) -> None:
        if tag == "form":
            self.inside = None

    def handle_data(self, data: str) -> None:
        self.text.append(data)

    def form(self, name: str) -> Form | None:
        """The first form with a control of this name."""
        return next((form for form in self.forms if name in form.names), None)


@dataclass
class Person:
    """Who signs in, what they decide, and what they type into empty fields. `scopes` of None leaves every box as it is.

    `elsewhere` is their account at a third party: `issuer`, `login`, `password` and `answer`, what they decide over there.
    """

    username: str
    password: str
    decision: str = "approve"
    scopes: list[str] | None = None
    lifetime: str | None = None
    types: str = ""
    elsewhere: dict[str, str] = field(default_factory=dict)
    pages: list[str] = field(default_factory=list)
    browser: httpx2.AsyncClient = field(default_factory=lambda: httpx2.AsyncClient(follow_redirects=True, timeout=PATIENCE))

    async def decide(self, authorization_url: str) -> dict[str, str]:
        """Walks from the authorization request to the parameters that the client's callback gets."""
        response = await self.browser.get(authorization_url)
        for _ in range(6):
            self.pages.append(response.text)
            page = Page(response.text)
            if page.goes_on:
                target = urljoin(str(response.url), page.goes_on)
                return {name: values[0] for name, values in parse_qs(urlsplit(target).query).items()}
            if form := page.form("username"):
                changes = {"username": [self.username], "password": [self.password]}
            elif form := page.form("decision"):
                changes = {"decision": [self.decision]}
                if self.scopes is not None:
                    changes["scope"] = self.scopes
                if self.lifetime is not None:
                    changes["lifetime"] = [self.lifetime]
            else:
                raise RuntimeError(f"no way on from this page ({response.status_code}): {' '.join(' '.join(page.text).split())}")
            data: dict[str, list[str]] = {}
            for name, value in form.fields:
                data.setdefault(name, []).append(value)
            response = await self.browser.post(urljoin(str(response.url), form.action), data=data | changes)
        raise RuntimeError("the pages go round in circles")

    async def answer(self, url: str, decision: str = "approve") -> int:
        """Opens the link of an elicitation, signs in where that is asked, decides, and goes on to other sites and back; gives
        the status of the page where that ends."""
        response = await self.browser.get(url)
        for _ in range(12):
            self.pages.append(response.text)
            here = str(response.url)
            page = Page(response.text)
            if page.goes_on:
                response = await self.browser.get(urljoin(here, page.goes_on))
                continue
            if self.elsewhere and here.startswith(self.elsewhere["issuer"]):
                form, changes = self.answer_elsewhere(page)
            elif form := page.form("decision"):
                changes = {name: self.types for name, value in form.fields if not value} | {"decision": decision}
            elif response.status_code == 200 and (form := page.form("username")):
                changes = {"username": self.username, "password": self.password}
            else:
                return response.status_code
            response = await self.browser.post(
                urljoin(here, form.action), data=dict(form.fields) | changes, headers={"Referer": here}
            )
        raise RuntimeError("the pages go round in circles")

    def answer_elsewhere(self, page: Page) -> tuple[Form, dict[str, str]]:
        """What the person does on a page of the third party, one field a page."""
        for name in ("login", "password", "answer"):
            if form := page.form(name):
                return form, {name: self.elsewhere[name]}
        raise RuntimeError(f"no way on from this page: {' '.join(' '.join(page.text).split())}")
