"""Stands in front of an MCP server: publishes its metadata, verifies each request, and names what a request lacks."""

import json
import logging
import time
from collections.abc import Awaitable, Callable
from typing import Any
from urllib.parse import urlsplit

from mcp.server.auth.middleware.auth_context import AuthContextMiddleware
from mcp.server.auth.middleware.bearer_auth import AuthenticatedUser
from mcp.server.auth.provider import AccessToken
from starlette.authentication import AuthCredentials
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from ..access import access_of
from ..errors import GatehouseError, Unreachable, WrongCredentials
from ..signatures import ALGORITHMS
from .challenges import Challenge, Challenges, malformed, misconfigured, unavailable
from .proofs import InvalidProof, Proofs
from .requirements import Requirement, Requirements
from .tokens import Tokens

logger = logging.getLogger("gatehouse_mcp")

# The largest request in which the name of the tool is looked up. The SDK takes no larger one either.
LARGEST = 4 * 1024 * 1024


class Guard:
    """Verifies the requests to one path of an application, or to all of them without a path."""

    def __init__(
        self,
        app: ASGIApp,
        *,
        tokens: Tokens,
        resource: str,
        metadata: Callable[[], dict[str, Any]],
        base: Requirement,
        requirements: Requirements,
        path: str | None,
        events: tuple[str, ASGIApp] | None,
        stale: Callable[[str, int], Awaitable[None]],
        start: Callable[[], Awaitable[None]],
        stop: Callable[[], Awaitable[None]],
    ) -> None:
        self._app = AuthContextMiddleware(app)
        self._tokens = tokens
        self._proofs = Proofs(resource)
        self._metadata = metadata
        self._base = base
        self._requirements = requirements
        self._path = path
        self._events = events
        self._stale = stale
        self._start, self._stop = start, stop
        self._well_known = well_known(resource)
        parts = urlsplit(resource)
        self._challenges = Challenges(f"{parts.scheme}://{parts.netloc}{self._well_known}", base.scopes)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan":
            return await self._live(scope, receive, send)
        path = scope["path"].removeprefix(scope.get("root_path", ""))
        if "\n" in path:
            # A router whose pattern ends with `$` also takes such a path for the one without the line break.
            return await _refuse_path(scope, send)
        if scope["type"] == "http" and path == self._well_known and scope["method"] == "GET":
            return await self._publish(send)
        if scope["type"] == "http" and self._events and path == self._events[0]:
            await self._events[1](scope, receive, send)
            return
        if self._path is not None and path.rstrip("/") != self._path.rstrip("/"):
            await self._app(scope, receive, send)
            return
        if scope["type"] != "http":
            return await _refuse_path(scope, send)
        try:
            scope, receive = await self._admitted(scope, receive)
        except Challenge as challenge:
            return await challenge.send(send)
        await self._app(scope, receive, send)

    async def _admitted(self, scope: Scope, receive: Receive) -> tuple[Scope, Receive]:
        """The request with its user; raises the challenge that answers it otherwise."""
        token = await self._verified(scope)
        requirement = self._base
        if scope["method"] == "POST" and self._requirements:
            body, receive = await _read(receive)
            for tool in _tools(body):
                requirement = requirement.joined(self._requirements.of(tool))
        held = set(token.scopes)
        if not held.issuperset(requirement.scopes):
            raise self._challenges.insufficient_scope(requirement.scopes)
        if requirement.max_age is not None:
            await self._demand_fresh(token, requirement.max_age, requirement)
        # The layers within see a bearer token that has been verified already.
        headers = [field for field in scope["headers"] if field[0] not in (b"authorization", b"dpop")]
        headers.append((b"authorization", b"Bearer " + token.token.encode()))
        verified = {"user": AuthenticatedUser(token), "auth": AuthCredentials(token.scopes)}
        return {**scope, **verified, "headers": headers}, receive

    async def _verified(self, scope: Scope) -> AccessToken:
        fields = [value.decode("latin-1") for name, value in scope["headers"] if name == b"authorization"]
        if not fields:
            raise self._challenges.no_token()
        if len(fields) > 1:
            raise malformed("Send one Authorization header.")
        scheme, _, text = fields[0].partition(" ")
        text = text.strip()
        if scheme.lower() not in ("bearer", "dpop") or not text:
            raise self._challenges.no_token()
        try:
            token = await self._tokens.verify(text)
        except Unreachable as error:
            logger.warning("A request was refused: %s", error)
            raise unavailable("This server cannot verify tokens at the moment; try again.") from None
        except WrongCredentials as error:
            logger.error("A request was refused: %s", error)
            raise misconfigured() from None
        except GatehouseError as error:
            logger.warning("A request was refused: %s", error)
            raise unavailable("This server cannot verify tokens at the moment; try again.") from None
        if token is None:
            raise self._challenges.invalid_token("DPoP" if scheme.lower() == "dpop" else "Bearer")
        self._demand_key(scope, scheme.lower(), token)
        return token

    def _demand_key(self, scope: Scope, scheme: str, token: AccessToken) -> None:
        """Refuses a bound token without a proof of its key, and a bearer token that comes with one.

        Spec: RFC 9449 §7.1
        """
        bound = (token.claims or {}).get("cnf")
        if bound is None and scheme == "bearer":
            return
        if scheme == "bearer":
            raise self._challenges.bound_token(ALGORITHMS)
        proofs = [value.decode("latin-1") for name, value in scope["headers"] if name == b"dpop"]
        try:
            if len(proofs) != 1 or not isinstance(bound, dict):
                raise InvalidProof("not one proof for a token that is bound to a key")
            proof = self._proofs.verify(proofs[0], method=scope["method"], token=token.token)
            if bound != {"jkt": proof.thumbprint} or not self._proofs.spend(proof):
                raise InvalidProof("of another key, or used before")
        except InvalidProof as error:
            logger.info("A proof was refused: %s", error)
            raise self._challenges.invalid_proof(ALGORITHMS) from None

    async def _demand_fresh(self, token: AccessToken, max_age: int, requirement: Requirement) -> None:
        """Spec: RFC 9470 §3."""
        access = access_of(token.claims or {})
        if access.authenticated_at is not None and time.time() - access.authenticated_at <= max_age:
            return
        if access.session_id is not None:
            await self._stale(access.session_id, max_age)
        raise self._challenges.old_sign_in(max_age, requirement.scopes)

    async def _publish(self, send: Send) -> None:
        """Spec: RFC 9728 §3.2."""
        body = json.dumps(self._metadata()).encode()
        headers = [
            (b"content-type", b"application/json"),
            (b"content-length", str(len(body)).encode()),
            (b"access-control-allow-origin", b"*"),
            (b"cache-control", b"max-age=300"),
        ]
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        await send({"type": "http.response.body", "body": body})

    async def _live(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Asks Gatehouse at the start whether everything fits, and stops the server with one sentence if not."""
        first = await receive()
        try:
            await self._start()
        except GatehouseError as fault:
            return await send({"type": "lifespan.startup.failed", "message": f"gatehouse-mcp: {fault}"})
        handed = False

        async def again() -> Message:
            nonlocal handed
            if not handed:
                handed = True
                return first
            return await receive()

        try:
            await self._app(scope, again, send)
        finally:
            await self._stop()


def well_known(resource: str) -> str:
    """The path of the metadata of a protected resource.

    Spec: RFC 9728 §3.1
    """
    path = urlsplit(resource).path
    return "/.well-known/oauth-protected-resource" + ("" if path == "/" else path)


async def _refuse_path(scope: Scope, send: Send) -> None:
    """Ends a request to a path that is none, or a web socket where MCP has none."""
    if scope["type"] == "http":
        return await malformed("The path of the request has a line break.").send(send)
    await send({"type": "websocket.close", "code": 1008})


async def _read(receive: Receive) -> tuple[bytes, Receive]:
    """The whole body, and a way to read the request once more."""
    messages: list[Message] = []
    body = b""
    while True:
        message = await receive()
        messages.append(message)
        if message["type"] != "http.request":
            break
        body += message.get("body", b"")
        if len(body) > LARGEST:
            raise Challenge(413, "invalid_request", "The request is too large.", scheme=None)
        if not message.get("more_body", False):
            break

    async def again() -> Message:
        return messages.pop(0) if messages else await receive()

    return body, again


def _tools(body: bytes) -> list[str]:
    """The names of the tools that a request calls."""
    try:
        parsed = json.loads(body)
    except ValueError:
        return []
    names: list[str] = []
    for message in parsed if isinstance(parsed, list) else [parsed]:
        if isinstance(message, dict) and message.get("method") == "tools/call":
            params = message.get("params")
            if isinstance(params, dict) and isinstance(params.get("name"), str):
                names.append(params["name"])
    return names
