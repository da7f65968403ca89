"""Authlib as a client that pushes its authorization requests: its own PKCE, its own client authentication, its own code exchange."""

import asyncio
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

from authlib.common.security import generate_token
from authlib.integrations.httpx_client import AsyncOAuth2Client
from conversation import converse
from person import PATIENCE, Person

REDIRECT = "http://127.0.0.1:53682/callback"


async def connect(request: dict[str, Any]) -> dict[str, Any]:
    """Discovers, pushes, sends the person to the pages and redeems; gives the token response."""
    issuer, client = request["issuer"], request["client"]
    person = Person(request["person"]["username"], request["person"]["password"])
    session = AsyncOAuth2Client(
        client["client_id"],
        client.get("client_secret"),
        token_endpoint_auth_method=request["authentication"],
        scope="files:read",
        redirect_uri=REDIRECT,
        code_challenge_method="S256",
        timeout=PATIENCE,
    )
    async with session:
        # Only `request` of Authlib's client knows that there is no token yet; `get` and `post` are those of httpx.
        found = await session.request(
            "GET", issuer + "/.well-known/oauth-authorization-server", withhold_token=True
        )
        metadata = found.json()
        verifier = generate_token(48)
        url, state = session.create_authorization_url(
            metadata["authorization_endpoint"], code_verifier=verifier, resource=request["resource"]
        )
        pushed = {name: values[0] for name, values in parse_qs(urlsplit(url).query).items()}
        if request["authentication"] != "client_secret_basic":
            # Authlib's authentication in the form adds it.
            del pushed["client_id"]
        answer = await session.request(
            "POST",
            metadata["pushed_authorization_request_endpoint"],
            data=pushed,
            withhold_token=True,
            auth=session.client_auth(request["authentication"]),
        )
        if answer.status_code != 201:
            raise RuntimeError(f"{answer.status_code} {answer.text}")
        short = {"client_id": client["client_id"], "request_uri": answer.json()["request_uri"]}
        back = await person.decide(metadata["authorization_endpoint"] + "?" + urlencode(short))
        if back.get("state") != state or back.get("iss") != issuer:
            raise RuntimeError(f"another answer came back: {sorted(back)}")
        return dict(
            await session.fetch_token(metadata["token_endpoint"], code=back["code"], code_verifier=verifier, state=state)
        )


asyncio.run(converse({"connect": connect}))
