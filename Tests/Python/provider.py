"""A third party with accounts: Canaille, an authorization server of its own, in memory, with one client and one person."""

import asyncio
import datetime
import json
import os
import threading
from typing import Any

os.environ["AUTHLIB_INSECURE_TRANSPORT"] = "1"

import httpx2
from canaille import create_app
from canaille.app import models
from canaille.backends import Backend
from conversation import converse
from joserfc.jwk import RSAKey
from person import PATIENCE, Page, Person
from werkzeug.serving import make_server

PASSWORD = "the password at the provider"


class Provider:
    """The server on a thread of its own, an API that takes its tokens, and a person with accounts here and at Gatehouse."""

    async def listen(self, request: dict[str, Any]) -> dict[str, str]:
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
        server = make_server("127.0.0.1", request["port"], self.pulls, threaded=True)
        threading.Thread(target=server.serve_forever, daemon=True).start()

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
