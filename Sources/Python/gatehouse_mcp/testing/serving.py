"""Serves an application on loopback for a test, and connects the SDK's client to it."""

import asyncio
import contextlib
import socket
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any, Literal
from urllib.parse import urlsplit

import httpx2
import uvicorn
from mcp import Client
from mcp.client.auth import OAuthClientProvider
from mcp.client.streamable_http import streamable_http_client
from mcp.shared.auth import AuthorizationCodeResult, OAuthClientInformationFull, OAuthClientMetadata, OAuthToken
from mcp_types import ElicitRequestURLParams, ElicitResult
from starlette.types import ASGIApp

from ..guarding.guard import well_known
from ..startcheck import METADATA
from .person import Person, demand_loopback

#: What becomes of a link: the client opened it, or its user did not want that.
Answer = Literal["accept", "decline", "cancel"]
Opens = Callable[[str], Awaitable[Answer]]
REDIRECT = "http://127.0.0.1:53682/callback"


def free_port() -> int:
    """A port of loopback on which nothing listens."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@contextlib.asynccontextmanager
async def serve(app: ASGIApp, port: int) -> AsyncIterator[str]:
    """Serves an application at a port of loopback, and ends when the block does."""
    server = uvicorn.Server(uvicorn.Config(app, host="127.0.0.1", port=port, log_level="error", lifespan="on"))
    server.capture_signals = contextlib.nullcontext  # type: ignore[method-assign,assignment]
    running = asyncio.create_task(_run(server))
    try:
        while not server.started:
            if running.done():
                raise RuntimeError("the application did not start; its log says why")
            await asyncio.sleep(0.005)
        yield f"http://127.0.0.1:{port}"
    finally:
        server.should_exit = True
        await running


async def _run(server: uvicorn.Server) -> None:
    # It ends its process when the application does not start.
    with contextlib.suppress(SystemExit):
        await server.serve()


@contextlib.asynccontextmanager
async def connect(
    url: str,
    *,
    token: str | None = None,
    as_user: Person | None = None,
    client_id: str | None = None,
    redirect_uri: str = REDIRECT,
    opens: Opens | None = None,
    **settings: Any,
) -> AsyncIterator[Client]:
    """The SDK's client at an MCP server on this machine: with a token, or as a user who walks the pages of Gatehouse.

    A user signs in at a `gatehouse dev` only, as its own test client, or as `client_id` with this redirect URI.
    `opens` is called with each link, and says what becomes of it. `mode="legacy"` speaks 2025-11-25.
    """
    demand_loopback(url)
    headers = {"Authorization": f"Bearer {token}"} if token else {}
    auth = None
    if as_user is not None:
        issuer, document = await development_client(url)
        # A link, or another document of the server, may lead to a page of somebody else on this machine.
        as_user.issuers.add(issuer)
        auth = _sign_in(url, as_user, client_id, redirect_uri, document)
        opens = opens or as_user.open
    if opens is not None:
        settings["elicitation_callback"] = _shows(opens)
    async with (
        httpx2.AsyncClient(headers=headers, auth=auth, timeout=60) as http,
        Client(streamable_http_client(url, http_client=http), **settings) as client,
    ):
        yield client


async def development_client(url: str) -> tuple[str, str]:
    """The issuer of the `gatehouse dev` behind an MCP server, and its test client.

    Refuses every other issuer: a test types passwords there without a look at the page.
    """
    demand_loopback(url)
    parts = urlsplit(url)
    async with httpx2.AsyncClient(timeout=30) as http:
        resource = (await http.get(f"{parts.scheme}://{parts.netloc}{well_known(url)}")).json()
        issuer = str(resource["authorization_servers"][0])
        demand_loopback(issuer)
        metadata = (await http.get(issuer.rstrip("/") + METADATA)).json()
    found = metadata.get("gatehouse_dev")
    if not isinstance(found, dict) or metadata.get("issuer") != issuer:
        raise PermissionError(f"{issuer} is no `gatehouse dev`, and a test signs in nowhere else.")
    return issuer.rstrip("/"), str(found["client_id"])


def _sign_in(url: str, person: Person, client_id: str | None, redirect_uri: str, document: str) -> OAuthClientProvider:
    asked: list[str] = []

    async def remember(authorization_url: str) -> None:
        asked.append(authorization_url)

    async def decide() -> AuthorizationCodeResult:
        answer = await person.authorize(asked[-1])
        if error := answer.get("error"):
            raise PermissionError(f"the user was not let through: {error}")
        return AuthorizationCodeResult(code=answer["code"], state=answer.get("state"), iss=answer.get("iss"))

    return OAuthClientProvider(
        server_url=url,
        client_metadata=OAuthClientMetadata.model_validate({"client_name": "Test", "redirect_uris": [redirect_uri]}),
        storage=_Memory(client_id, redirect_uri),
        redirect_handler=remember,
        callback_handler=decide,
        client_metadata_url=None if client_id else document,
    )


def _shows(opens: Opens) -> Any:
    async def show(_: Any, params: Any) -> ElicitResult:
        if not isinstance(params, ElicitRequestURLParams):
            return ElicitResult(action="decline")
        return ElicitResult(action=await opens(params.url))

    return show


class _Memory:
    """What the SDK's client keeps, for the length of a test."""

    def __init__(self, client_id: str | None, redirect_uri: str) -> None:
        self._tokens: OAuthToken | None = None
        self._client: OAuthClientInformationFull | None = None
        if client_id is not None:
            known = {"client_id": client_id, "token_endpoint_auth_method": "none", "redirect_uris": [redirect_uri]}
            self._client = OAuthClientInformationFull.model_validate(known)

    async def get_tokens(self) -> OAuthToken | None:
        return self._tokens

    async def set_tokens(self, tokens: OAuthToken) -> None:
        self._tokens = tokens

    async def get_client_info(self) -> OAuthClientInformationFull | None:
        return self._client

    async def set_client_info(self, client_info: OAuthClientInformationFull) -> None:
        self._client = client_info
