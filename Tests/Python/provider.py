"""A third party with accounts: Canaille, an authorization server of its own, with one client and one person."""

import asyncio
import json
from typing import Any

import httpx2
from conversation import converse
from openid_providers import Canaille, listen
from person import PATIENCE, Page, Person

PASSWORD = "the password at the provider"


class Provider:
    """The server on a thread of its own, an API that takes its tokens, and a person with accounts here and at Gatehouse."""

    async def listen(self, request: dict[str, Any]) -> dict[str, str]:
        """Starts it with a client for these redirect URIs; access tokens last `lifetime` seconds."""
        person = {"login": "lovelace", "name": "Ada L.", "email": "ada@hub.example", "password": PASSWORD}
        self.issuer = Canaille(request | {"users": [person]}).issuer
        self.account = {"issuer": self.issuer, "login": "lovelace", "password": PASSWORD, "answer": "accept"}
        return self.account

    async def connect(self, request: dict[str, Any]) -> dict[str, Any]:
        """Lets a person go the whole way: Gatehouse's page, the provider's pages, and back; the page where that ends."""
        elsewhere = {**self.account, "answer": request["decision"]}
        person = Person(request["username"], request["password"], elsewhere=elsewhere)
        status = await person.answer(request["url"])
        return {"status": status, "text": " ".join(" ".join(Page(person.pages[-1]).text).split())}

    async def publish(self, request: dict[str, Any]) -> None:
        """Starts an API beside it that lists pull requests, and asks the provider whose token it is shown."""
        listen(request["port"], self.pulls)

    def pulls(self, environ: dict[str, Any], start: Any) -> list[bytes]:
        shown = {"Authorization": environ.get("HTTP_AUTHORIZATION", "")}
        answer = httpx2.get(f"{self.issuer}/oauth/userinfo", headers=shown, timeout=PATIENCE)
        if answer.status_code != 200:
            start("401 Unauthorized", [("WWW-Authenticate", "Bearer")])
            return [b""]
        title = f"Notes on the engine, by {answer.json()['name']}"
        start("200 OK", [("Content-Type", "application/json")])
        return [json.dumps([{"number": 7, "title": title}]).encode()]

    async def ask(self, request: dict[str, Any]) -> dict[str, Any]:
        """Uses an access token as whoever holds it would."""
        async with httpx2.AsyncClient(timeout=PATIENCE) as browser:
            response = await browser.get(request["url"], headers={"Authorization": f"Bearer {request['token']}"})
        return {"status": response.status_code, "body": response.text}


provider = Provider()
asyncio.run(converse({name: getattr(provider, name) for name in ("listen", "connect", "publish", "ask")}))
