"""Authlib as a client that proves a key: its own PKCE and token requests, with DPoP proofs (RFC 9449) that joserfc signs."""

import asyncio
import hashlib
import json
import time
import uuid
from base64 import urlsafe_b64encode
from typing import Any

import httpx2
from authlib.common.security import generate_token
from authlib.integrations.base_client.errors import OAuthError
from authlib.integrations.httpx_client import AsyncOAuth2Client
from conversation import converse
from joserfc import jws
from key_client import generate
from person import PATIENCE, Person

REDIRECT = "http://127.0.0.1:53682/callback"
FORM = {"Content-Type": "application/x-www-form-urlencoded", "Accept": "application/json"}
INITIALIZE = {
    "jsonrpc": "2.0",
    "id": 1,
    "method": "initialize",
    "params": {"protocolVersion": "2025-11-25", "capabilities": {}, "clientInfo": {"name": "test", "version": "1"}},
}


class Prover:
    """A key, and the latest nonce of each server."""

    def __init__(self, algorithm: str):
        self.algorithm, self.key = algorithm, generate(algorithm)
        self.nonces: dict[str, str] = {}
        self.challenges = 0

    def proof(self, method: str, url: str, token: str | None = None) -> str:
        header = {"typ": "dpop+jwt", "alg": self.algorithm, "jwk": self.key.as_dict(private=False)}
        # A client may write its time with a fraction.
        claims: dict[str, Any] = {"jti": str(uuid.uuid4()), "htm": method, "htu": url, "iat": time.time()}
        if nonce := self.nonces.get(url):
            claims["nonce"] = nonce
        if token:
            claims["ath"] = urlsafe_b64encode(hashlib.sha256(token.encode()).digest()).rstrip(b"=").decode()
        return jws.serialize_compact(header, json.dumps(claims), self.key, algorithms=[self.algorithm])

    def learn(self, url: str, response):
        if nonce := response.headers.get("DPoP-Nonce"):
            self.nonces[url] = nonce
        return response


class Holding:
    """A client with its tokens."""

    prover: Prover
    session: AsyncOAuth2Client
    endpoint: str

    async def begin(self, request: dict[str, Any]) -> dict[str, Any]:
        issuer, client = request["issuer"], request["client"]
        self.prover, self.endpoint = Prover(request["algorithm"]), issuer + "/token"
        person = Person(request["person"]["username"], request["person"]["password"])
        self.session = AsyncOAuth2Client(
            client["client_id"],
            client.get("client_secret"),
            token_endpoint_auth_method=request["authentication"],
            scope=request["scope"],
            redirect_uri=REDIRECT,
            code_challenge_method="S256",
            timeout=PATIENCE,
        )
        for hook in ["access_token_response", "refresh_token_response"]:
            self.session.register_compliance_hook(hook, lambda response: self.prover.learn(self.endpoint, response))
        verifier = generate_token(48)
        url, state = self.session.create_authorization_url(
            issuer + "/authorize",
            code_verifier=verifier,
            resource=request["resource"],
            dpop_jkt=self.prover.key.thumbprint(),
        )
        back = await person.decide(url)
        if back.get("state") != state:
            raise RuntimeError(f"another answer came back: {sorted(back)}")
        return await self.asking(
            lambda headers: self.session.fetch_token(
                self.endpoint, code=back["code"], code_verifier=verifier, state=state, headers=headers
            )
        )

    async def asking(self, send) -> dict[str, Any]:
        """Sends a token request with a proof, and once more where the server asks for its nonce."""
        for _ in range(2):
            try:
                return dict(await send(FORM | {"DPoP": self.prover.proof("POST", self.endpoint)}))
            except OAuthError as error:
                if error.error != "use_dpop_nonce":
                    return {"error": error.error}
                self.prover.challenges += 1
        raise RuntimeError("the nonce of the server is not accepted")

    async def refresh(self, request: dict[str, Any]) -> dict[str, Any]:
        """Refreshes; as a `thief` with another key."""
        token = self.session.token["refresh_token"]
        mine, theirs = self.prover, Prover("ES256")
        theirs.nonces = dict(mine.nonces)
        self.prover = theirs if request["thief"] else mine
        try:
            return await self.asking(
                lambda headers: self.session.refresh_token(self.endpoint, refresh_token=token, headers=headers)
            )
        finally:
            self.prover = mine

    async def call(self, request: dict[str, Any]) -> dict[str, Any]:
        """Calls an MCP server; as a `thief` with another key, as `bearer` without a proof, `twice` with one proof."""
        url, token = request["url"], self.session.token["access_token"]
        prover = Prover("ES256") if request["how"] == "thief" else self.prover
        headers = {"Accept": "application/json, text/event-stream"}
        async with httpx2.AsyncClient(timeout=PATIENCE) as http:
            for _ in range(2):
                scheme = "Bearer" if request["how"] == "bearer" else "DPoP"
                headers |= {"Authorization": f"{scheme} {token}"}
                if request["how"] != "bearer":
                    headers |= {"DPoP": prover.proof("POST", url, token)}
                response = prover.learn(url, await http.post(url, json=INITIALIZE, headers=headers))
                if "use_dpop_nonce" not in response.headers.get("WWW-Authenticate", ""):
                    break
            if request["how"] == "twice":
                response = await http.post(url, json=INITIALIZE, headers=headers)
        return {"status": response.status_code, "challenge": response.headers.get("WWW-Authenticate", "")}

    async def challenges(self, _: dict[str, Any]) -> int:
        """How often a token request had to be sent again with a nonce."""
        return self.prover.challenges


if __name__ == "__main__":
    holding = Holding()
    asyncio.run(
        converse(
            {
                "begin": holding.begin,
                "refresh": holding.refresh,
                "call": holding.call,
                "challenges": holding.challenges,
            }
        )
    )
