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
from person import PATIENCE, Page
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
        return f"http://{host}"

    async def visit(self, request: dict[str, Any]) -> str:
        """Signs in at the provider and decides there; the address that the browser is sent back to."""
        browser = httpx2.AsyncClient(timeout=PATIENCE)
        response = await browser.get(request["url"])
        for _ in range(12):
            if location := response.headers.get("location"):
                target = urljoin(str(response.url), location)
                if target.startswith(request["back"]):
                    return target
                response = await browser.get(target)
                continue
            page = Page(response.text)
            if form := page.form("login"):
                answers = {"login": "lovelace"}
            elif form := page.form("password"):
                answers = {"password": PASSWORD}
            elif form := page.form("answer"):
                answers = {"answer": request["decision"]}
            else:
                raise RuntimeError(f"no way on from this page ({response.status_code}): {' '.join(' '.join(page.text).split())}")
            here = str(response.url)
            response = await browser.post(
                urljoin(here, form.action), data=dict(form.fields) | answers, headers={"Referer": here}
            )
        raise RuntimeError("the provider's pages go round in circles")

    async def ask(self, request: dict[str, Any]) -> dict[str, Any]:
        """Uses an access token as whoever holds it would."""
        async with httpx2.AsyncClient(timeout=PATIENCE) as browser:
            response = await browser.get(request["url"], headers={"Authorization": f"Bearer {request['token']}"})
        return {"status": response.status_code, "body": response.text}


provider = Provider()
asyncio.run(converse({"listen": provider.listen, "visit": provider.visit, "ask": provider.ask}))
