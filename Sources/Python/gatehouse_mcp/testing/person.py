"""A person at the pages of a Gatehouse on this machine: signs in and decides by plain form posts, without a browser."""

import ipaddress
from dataclasses import dataclass, field
from html.parser import HTMLParser
from typing import Literal
from urllib.parse import parse_qs, urljoin, urlsplit

import httpx2

# Pages of one walk, and seconds for each.
LONGEST, PATIENCE = 12, 60


class LostWay(Exception):
    """A page offers nothing that this person knows how to do; the text is what stands on it."""


@dataclass
class Form:
    """A form of a page: where it goes, and what a browser would send."""

    action: str
    fields: list[tuple[str, str]] = field(default_factory=list)
    names: set[str] = field(default_factory=set)

    def filled(self, values: dict[str, str]) -> dict[str, list[str]]:
        """What the form sends after the person entered values."""
        sent: dict[str, list[str]] = {}
        for name, value in self.fields:
            sent.setdefault(name, []).append(value)
        return sent | {name: [value] for name, value in values.items()}


class Page(HTMLParser):
    """The forms of a page, and the link of one that only leads on."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.forms: list[Form] = []
        self.leads_to: str | None = None
        self.words: list[str] = []
        # The names of fields by the labels that stand above them.
        self.labels: dict[str, str] = {}
        self._labels: str | None = None
        self._inside: Form | None = None
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        if tag == "form":
            self._inside = Form(given.get("action") or "")
            self.forms.append(self._inside)
        elif tag == "label":
            self._labels = given.get("for")
        elif tag == "a" and given.get("id") == "continue":
            self.leads_to = given.get("href")
        elif self._inside is not None and (name := given.get("name")):
            self._inside.names.add(name)
            kind = given.get("type") or "text"
            is_left_out = kind in ("checkbox", "radio") and "checked" not in given
            if tag == "input" and kind != "submit" and not is_left_out:
                self._inside.fields.append((name, given.get("value") or ""))

    def handle_endtag(self, tag: str) -> None:
        if tag == "form":
            self._inside = None

    def handle_data(self, data: str) -> None:
        self.words.append(data)
        if self._labels is not None and data.strip():
            self.labels[data.strip()] = self._labels
            self._labels = None

    def form(self, name: str) -> Form | None:
        """The first form with a control of this name."""
        return next((form for form in self.forms if name in form.names), None)


@dataclass
class Person:
    """Who signs in, and what they decide: `approve` or `decline`. `enters` are the values of secrets by their label."""

    name: str
    password: str = field(repr=False)
    decides: str = "approve"
    enters: dict[str, str] = field(default_factory=dict, repr=False)
    #: The links of elicitations that a client showed to this person.
    links: list[str] = field(default_factory=list)
    #: The issuers at which this person types a password; any on this machine if none is known.
    issuers: set[str] = field(default_factory=set)
    _browser: httpx2.AsyncClient = field(
        default_factory=lambda: httpx2.AsyncClient(follow_redirects=True, timeout=PATIENCE), repr=False
    )

    async def authorize(self, url: str) -> dict[str, str]:
        """Walks from an authorization request to the parameters of the client's callback."""
        response = await self._open(url)
        for _ in range(LONGEST):
            page = Page(response.text)
            if page.leads_to is not None:
                query = urlsplit(urljoin(str(response.url), page.leads_to)).query
                return {name: values[0] for name, values in parse_qs(query).items()}
            response = await self._answer_page(response, page)
        raise LostWay("the pages go round in circles")

    async def open(self, url: str) -> Literal["accept"]:
        """Opens the link of an elicitation and answers it."""
        self.links.append(url)
        response = await self._open(url)
        for _ in range(LONGEST):
            page = Page(response.text)
            if page.leads_to is not None:
                response = await self._open(urljoin(str(response.url), page.leads_to))
            elif page.form("decision") or (response.status_code == 200 and page.form("username")):
                response = await self._answer_page(response, page)
            else:
                return "accept"
        raise LostWay("the pages go round in circles")

    async def close(self) -> None:
        """Closes the browser."""
        await self._browser.aclose()

    async def _open(self, url: str) -> httpx2.Response:
        demand_loopback(url)
        return await self._browser.get(url)

    async def _answer_page(self, response: httpx2.Response, page: Page) -> httpx2.Response:
        values: dict[str, str]
        if form := page.form("username"):
            values = {"username": self.name, "password": self.password}
        elif form := page.form("decision"):
            entered = {page.labels[label]: value for label, value in self.enters.items() if label in page.labels}
            values = entered | {"decision": self.decides}
        else:
            words = " ".join(" ".join(page.words).split())
            raise LostWay(f"no way on from this page ({response.status_code}): {words}")
        target = urljoin(str(response.url), form.action)
        demand_loopback(target)
        if "password" in values and self.issuers and not any(target.startswith(f"{one}/") for one in self.issuers):
            raise PermissionError(f"{target} belongs to no `gatehouse dev`, and a test types no password there.")
        return await self._browser.post(target, data=form.filled(values), headers={"Referer": str(response.url)})


def demand_loopback(url: str) -> None:
    """Refuses every site that is not on this machine: a password is typed there without a look at the page."""
    host = urlsplit(url).hostname or ""
    try:
        is_here = ipaddress.ip_address(host).is_loopback
    except ValueError:
        is_here = host == "localhost" or host.endswith(".localhost")
    if not is_here:
        raise PermissionError(f"{host} is not on this machine, and a test does not sign in anywhere else.")
