"""A third party with accounts: Canaille, an authorization server of its own, in memory, with one client and one person."""

import asyncio
import datetime
import os
import threading
from typing import Any
from urllib.parse import urljoin

os.environ["AUTHLIB_INSECURE_TRANSPORT"] = "1"

import httpx2
from canaille import create_app
from canaille.app import models
from canaille.backends import Backend
from conversation import converse
from joserfc.jwk import RSAKey
from person import PATIENCE, Form, Page
from werkzeug.serving import make_server

PASSWORD = "the password at the provider"


class Provider:
    """The server on a thread of its own, and the way of its person through its pages."""

    async def listen(self, request: dict[str, Any]) -> str:
        """Starts it with a client for these redirect URIs; access tokens last `lifetime` seconds."""
        server = make_server("127.0.0.1", 0, lambda environ, start: self.app(environ, start), threaded=True)
        host = f"127.0.0.1:{server.server_port}"
        self.app = create_app(
            config={
                "SECRET_KEY": os.urandom(16).hex(),
                "SERVER_NAME": host,
                "PREFERRED_URL_SCHEME": "http",
                "OAUTH2_TOKEN_EXPIRES_IN": {"authorization_code": request["lifetime"], "refresh_token": 3600},
                "CANAILLE": {"DATABASE": "memory", "JAVASCRIPT": False, "HTMX": False},
                "CANAILLE_OIDC": {"ACTIVE_JWKS": [RSAKey.generate_key(2048, auto_kid=True).as_dict(private=True)]},
            }
        )
        with self.app.app_context():
            person = models.User(
                user_name="lovelace", formatted_name="Ada L.", family_name="L.", emails=["ada@hub.example"], password=PASSWORD
            )
            client = models.Client(
                client_id="gatehouse",
                client_name="Gatehouse",
                client_secret=request["secret"],
                client_id_issued_at=datetime.datetime.now(datetime.timezone.utc),
                redirect_uris=request["redirects"],
                grant_types=["authorization_code", "refresh_token"],
                response_types=["code"],
                scope=["openid", "profile", "email"],
                token_endpoint_auth_method=request["authentication"],
            )
            Backend.instance.save(person)
            Backend.instance.save(client)
        threading.Thread(target=server.serve_forever, daemon=True).start()
        self.issuer = f"http://{host}"
        return self.issuer

    async def connect(self, request: dict[str, Any]) -> dict[str, Any]:
        """Goes the whole way in one browser: Gatehouse's page, the provider's pages, and back; the page where that ends."""
        browser = httpx2.AsyncClient(timeout=PATIENCE)
        response = await browser.get(request["url"])
        for _ in range(20):
            here = str(response.url)
            if location := response.headers.get("location"):
                response = await browser.get(urljoin(here, location))
                continue
            page = Page(response.text)
            answers: dict[str, str]
            if here.startswith(self.issuer):
                form, answers = self.answer(page, request["decision"])
            elif page.goes_on:
                response = await browser.get(page.goes_on)
                continue
            elif form := page.form("username"):
                answers = {"username": request["username"], "password": request["password"]}
            elif form := page.form("decision"):
                answers = {"decision": "approve"}
            else:
                return {"status": response.status_code, "url": here, "text": " ".join(" ".join(page.text).split())}
            response = await browser.post(
                urljoin(here, form.action), data=dict(form.fields) | answers, headers={"Referer": here}
            )
        raise RuntimeError("the pages go round in circles")

    def answer(self, page: Page, decision: str) -> tuple[Form, dict[str, str]]:
        """What a person does on a page of the provider."""
        if form := page.form("login"):
            return form, {"login": "lovelace"}
        if form := page.form("password"):
            return form, {"password": PASSWORD}
        if form := page.form("answer"):
            return form, {"answer": decision}
        raise RuntimeError(f"no way on from this page: {' '.join(' '.join(page.text).split())}")

    async def ask(self, request: dict[str, Any]) -> dict[str, Any]:
        """Uses an access token as whoever holds it would."""
        async with httpx2.AsyncClient(timeout=PATIENCE) as browser:
            response = await browser.get(request["url"], headers={"Authorization": f"Bearer {request['token']}"})
        return {"status": response.status_code, "body": response.text}


provider = Provider()
asyncio.run(converse({"listen": provider.listen, "connect": provider.connect, "ask": provider.ask}))
