"""An OpenID provider that people sign in through, and Authlib as its client."""

import asyncio
import secrets
from typing import Any

import httpx2
from authlib.integrations.base_client import OAuthError
from authlib.integrations.httpx_client import AsyncOAuth2Client
from conversation import converse
from joserfc import jwt
from joserfc.jwk import KeySet
from openid_providers import Canaille, Lemonldap
from person import PATIENCE
from walker import Walker

CLIENT = "gatehouse"
SCOPE = "openid profile email groups"
PRODUCTS = {"canaille": Canaille, "lemonldap": Lemonldap}


class IdentityProvider:
    async def listen(self, request: dict[str, Any]) -> str:
        """Starts a provider and waits until discovery answers; returns its issuer."""
        self.request = request
        self.server = PRODUCTS[request["product"]](request)
        self.issuer = self.server.issuer
        await self.ready()
        return self.issuer

    async def ready(self) -> None:
        async with httpx2.AsyncClient(timeout=PATIENCE) as client:
            for _ in range(600):
                try:
                    response = await client.get(self.issuer + "/.well-known/openid-configuration")
                    if response.status_code == 200:
                        self.metadata = response.json()
                        return
                except httpx2.TransportError:
                    pass
                await asyncio.sleep(0.05)
        raise RuntimeError(f"{self.request['product']} was not ready within 30 seconds")

    async def join(self, request: dict[str, Any]) -> None:
        self.server.join(request["user"], request["group"])

    async def leave(self, request: dict[str, Any]) -> None:
        self.server.leave(request["user"], request["group"])

    async def trust(self, request: dict[str, Any]) -> None:
        self.server.trust(request["keys"])

    async def rotate(self, _: dict[str, Any]) -> None:
        self.server.rotate()
        await self.ready()

    async def age(self, request: dict[str, Any]) -> None:
        self.server.age(request["seconds"])

    async def stop(self, _: dict[str, Any]) -> None:
        self.server.stop()

    async def start(self, _: dict[str, Any]) -> None:
        self.server.start()
        await self.ready()

    async def walk(self, request: dict[str, Any]) -> str:
        """Signs a user in from an authentication request; returns the callback that the provider sends the browser to."""
        return await Walker(request["user"], beyond=self.request["redirects"][0]).leave(request["url"])

    async def token(self, request: dict[str, Any]) -> dict[str, Any]:
        """Runs the code flow by Authlib as the provider's client, with PKCE and a nonce, and verifies the ID token; returns its
        claims."""
        redirect = self.request["redirects"][0]
        client = AsyncOAuth2Client(
            CLIENT, self.request["secret"], scope=SCOPE, redirect_uri=redirect, code_challenge_method="S256",
            token_endpoint_auth_method="client_secret_basic",
        )
        verifier, nonce = secrets.token_urlsafe(48), secrets.token_urlsafe(16)
        url, state = client.create_authorization_url(
            self.metadata["authorization_endpoint"], code_verifier=verifier, nonce=nonce
        )
        location = await Walker(request["user"], beyond=redirect).leave(url)
        sent = verifier if not request.get("other_verifier") else secrets.token_urlsafe(48)
        try:
            tokens = await client.fetch_token(
                self.metadata["token_endpoint"], authorization_response=location, state=state, code_verifier=sent
            )
        except OAuthError as failure:
            return {"error": failure.error}
        async with httpx2.AsyncClient(timeout=PATIENCE) as anyone:
            keys = KeySet.import_key_set((await anyone.get(self.metadata["jwks_uri"])).json())
        claims = jwt.decode(tokens["id_token"], keys, algorithms=["RS256"]).claims
        expected = {"iss": self.issuer, "aud": [CLIENT], "nonce": nonce}
        return {"sub": claims["sub"], "groups": sorted(claims.get("groups", []))} | {
            "verified": expected == {name: claims.get(name) for name in expected}
        }


provider = IdentityProvider()
verbs = ("listen", "join", "leave", "age", "trust", "rotate", "stop", "start", "walk", "token")
asyncio.run(converse({name: getattr(provider, name) for name in verbs}))
