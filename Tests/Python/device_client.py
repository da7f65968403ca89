"""Authlib on a device without a browser: it asks for codes, polls, and gets the tokens that a person approved elsewhere."""

import asyncio
from typing import Any
from urllib.parse import urljoin

import httpx2
from authlib.integrations.base_client.errors import OAuthError
from authlib.integrations.httpx_client import AsyncOAuth2Client
from conversation import converse
from person import PATIENCE, Page

GRANT = "urn:ietf:params:oauth:grant-type:device_code"


async def decide(url: str, code: str, person: dict[str, str], decision: str) -> str:
    """Walks in a browser from the page for codes to the last page; gives its text."""
    async with httpx2.AsyncClient(follow_redirects=True, timeout=PATIENCE) as browser:
        response = await browser.get(url)
        for _ in range(6):
            page = Page(response.text)
            if form := page.form("username"):
                changes = {"username": person["username"], "password": person["password"]}
            elif form := page.form("decision"):
                changes = {"decision": decision}
            elif form := page.form("user_code"):
                # The page with the field comes first. The next one shows who asks, and has the code in a hidden field.
                is_first = 'value="find"' in response.text
                changes = {"user_code": code, "step": "find"} if is_first else {"step": "proceed"}
            else:
                return " ".join(" ".join(page.text).split())
            response = await browser.post(
                urljoin(str(response.url), form.action), data=dict(form.fields) | changes
            )
    raise RuntimeError("the pages go round in circles")


async def connect(request: dict[str, Any]) -> dict[str, Any]:
    """Discovers, starts, polls once, lets the person decide and polls again; gives what each poll was answered."""
    issuer, client = request["issuer"], request["client"]
    session = AsyncOAuth2Client(
        client["client_id"],
        client.get("client_secret"),
        token_endpoint_auth_method=request["authentication"],
        scope="files:read",
        timeout=PATIENCE,
    )

    async def poll() -> dict[str, Any]:
        try:
            return dict(
                await session.fetch_token(
                    metadata["token_endpoint"], grant_type=GRANT, device_code=started["device_code"]
                )
            )
        except OAuthError as refusal:
            return {"error": refusal.error}

    async with session:
        found = await session.request(
            "GET", issuer + "/.well-known/oauth-authorization-server", withhold_token=True
        )
        metadata = found.json()
        answer = await session.request(
            "POST",
            metadata["device_authorization_endpoint"],
            data={"scope": "files:read", "resource": request["resource"]},
            withhold_token=True,
            auth=session.client_auth(request["authentication"]),
        )
        if answer.status_code != 200:
            raise RuntimeError(f"{answer.status_code} {answer.text}")
        started = answer.json()
        before = await poll()
        page = await decide(
            started["verification_uri"], started["user_code"], request["person"], request["decision"]
        )
        return {"before": before, "page": page, "after": await poll()}


asyncio.run(converse({"connect": connect}))
