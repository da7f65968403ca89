"""What protects one server: its verifier, its metadata, and what happens at its start and its end."""

import asyncio
import contextlib
import logging
from typing import Any
from urllib.parse import urlsplit

from mcp.server.auth.middleware.auth_context import get_access_token
from mcp.server.auth.provider import AccessToken, TokenVerifier
from starlette.types import ASGIApp

from ..connection import Connection
from ..errors import GatehouseError
from ..events import Events
from ..signatures import ALGORITHMS, Signatures
from ..startcheck import check
from .guard import Guard
from .requirements import Requirement, Requirements
from .tokens import Tokens

logger = logging.getLogger("gatehouse_mcp")


class Protection:
    """Makes guards that share a verifier and its events."""

    def __init__(
        self,
        connection: Connection,
        signatures: Signatures,
        events: Events,
        requirements: Requirements,
        *,
        resource: str,
        name: str | None,
        scopes: tuple[str, ...],
        optional: tuple[str, ...],
        is_local: bool,
        events_path: str | None,
        accept_clients: bool,
    ) -> None:
        self._connection = connection
        self._events = events
        self.requirements = requirements
        self.resource = resource
        self.scopes = scopes
        self._name = name
        self._optional = optional
        self._is_local = is_local
        self._events_path = events_path
        self._tokens = Tokens(
            connection,
            signatures,
            resource,
            revocations=events if is_local else None,
            accept_clients=accept_clients,
        )
        self._tasks: list[asyncio.Task[None]] = []

    @property
    def issuer(self) -> str:
        """The issuer whose tokens are accepted."""
        return self._connection.issuer

    @property
    def path(self) -> str:
        """The path of the endpoint, as clients reach it."""
        return urlsplit(self.resource).path or "/"

    @property
    def verifier(self) -> TokenVerifier:
        """The verifier for the SDK's own layer, behind the guard."""
        return Verified(self._tokens)

    def metadata(self) -> dict[str, Any]:
        """Spec: RFC 9728 §2."""
        document: dict[str, Any] = {
            "resource": self.resource,
            "authorization_servers": [self.issuer],
            "bearer_methods_supported": ["header"],
            "dpop_signing_alg_values_supported": list(ALGORITHMS),
        }
        if scopes := list(dict.fromkeys((*self.scopes, *self._optional, *self.requirements.scopes))):
            document["scopes_supported"] = scopes
        return document | ({"resource_name": self._name} if self._name else {})

    def guard(self, app: ASGIApp, path: str | None) -> Guard:
        """The application behind a guard."""
        return Guard(
            app,
            tokens=self._tokens,
            resource=self.resource,
            metadata=self.metadata,
            base=Requirement(scopes=self.scopes),
            requirements=self.requirements,
            path=path,
            events=(self._events_path, self._events) if self._events_path else None,
            stale=self._demand_sign_in,
            start=self._start,
            stop=self._stop,
        )

    async def _start(self) -> None:
        receives = self._events_path is not None
        await check(self._connection, self.resource, receives_events=receives)
        if receives:
            self._tasks.append(asyncio.create_task(self._ask_for_verification()))
        elif self._is_local:
            self._tasks.append(asyncio.create_task(self._events.poll()))

    async def _ask_for_verification(self) -> None:
        """Asks for the event that proves the endpoint, once this server listens."""
        await asyncio.sleep(1)
        try:
            if (await self._connection.get("/events/status")).get("status") == "paused":
                await self._connection.post("/events/verify", {}, repeatable=True)
        except GatehouseError as error:
            logger.warning("Gatehouse does not verify the events endpoint: %s", error)

    async def _stop(self) -> None:
        for task in self._tasks:
            task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await task
        self._tasks.clear()
        await self._connection.close()

    async def _demand_sign_in(self, session: str, max_age: int) -> None:
        """Tells Gatehouse too, because clients do not pass the age on. The challenge is sent whatever it answers."""
        try:
            await self._connection.post(f"/sessions/{session}/require", {"max_age": max_age}, repeatable=True)
        except GatehouseError as error:
            logger.warning("Gatehouse was not told that a sign-in is too old: %s", error)


class Verified(TokenVerifier):
    """Takes the word of the guard in front for the token of this request, and verifies every other token."""

    def __init__(self, tokens: Tokens) -> None:
        self._tokens = tokens

    async def verify_token(self, token: str) -> AccessToken | None:
        """The token if it may be used."""
        known = get_access_token()
        if known is not None and known.token == token:
            return known
        return await self._tokens.verify_token(token)
