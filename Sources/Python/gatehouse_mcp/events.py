"""Receives the events of Gatehouse, pushed or polled: verified, each once, and ended sessions refused from then on."""

import json
import logging
import time
from collections import OrderedDict
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any

import anyio
from starlette.types import Receive, Scope, Send

from .connection import Connection
from .errors import GatehouseError, Unreachable
from .signatures import SKEW, NotGenuine, Signatures

logger = logging.getLogger("gatehouse_mcp")

VERIFICATION = "https://schemas.openid.net/secevent/ssf/event-type/verification"
REVOKED = "https://schemas.openid.net/secevent/caep/event-type/session-revoked"
# Seconds: how long an ended session is remembered (no token lives longer), and how long silence is no doubt.
REMEMBERED, CALM = 3600 + 2 * SKEW, 60
# How many ended sessions and handled events one process remembers, the events of one poll, and the bytes of one event.
MOST, EACH, LARGEST = 100_000, 100, 64 * 1024


@dataclass(frozen=True)
class Event:
    """A verified event. `kind` is its type, and `details` what it says."""

    id: str
    kind: str
    subject: dict[str, Any]
    details: dict[str, Any]

    @property
    def session_id(self) -> str | None:
        """The session that this event is about."""
        session = self.subject.get("session")
        return session.get("id") if isinstance(session, dict) else self.details.get("sid")


Handler = Callable[[Event], Awaitable[None]]


class Events:
    """An ASGI application for the endpoint of pushed events, and the poll where there is none."""

    def __init__(self, connection: Connection, signatures: Signatures, resource: str) -> None:
        self._connection = connection
        self._signatures = signatures
        self._resource = resource
        self._handlers: list[Handler] = []
        self._ended: OrderedDict[str, float] = OrderedDict()
        self._handled: OrderedDict[str, None] = OrderedDict()
        self._busy: set[str] = set()
        # Tokens from before this time may belong to a session whose end nobody heard of.
        self._blind_until = time.time() + SKEW
        self._heard = -float(CALM)
        self._asked = -float(CALM)
        self._polls = False

    def on_event(self, handler: Handler) -> Handler:
        """Calls a function with each event, once as far as this process knows. If it raises, the event comes again."""
        self._handlers.append(handler)
        return handler

    # Ended sessions

    def has_ended(self, session: str) -> bool:
        """Whether an event told that this session ended."""
        return session in self._ended

    async def covers(self, issued_at: int) -> bool:
        """Whether this process would know if the session of a token of that time had ended.

        It does not know for tokens from before it listened, and while events do not arrive.
        """
        if issued_at <= self._blind_until:
            return False
        now = time.monotonic()
        if now - self._heard < CALM:
            return True
        if self._polls or now - self._asked < CALM / 4:
            return False
        self._asked = now
        try:
            status = await self._connection.get("/events/status")
        except GatehouseError:
            return False
        if status.get("delivery") != "push" or status.get("status") != "enabled" or status.get("waiting_since"):
            return False
        # What happened before the endpoint was verified was sent to nobody.
        self._blind_until = max(self._blind_until, float(status.get("since") or 0) + SKEW)
        self._heard = now
        return issued_at > self._blind_until

    def _doubt(self) -> None:
        """An event was unusable. It may have told of the end of a session."""
        self._blind_until = time.time() + SKEW

    def _remember(self, session: str) -> None:
        now = time.monotonic()
        while self._ended and next(iter(self._ended.values())) < now - REMEMBERED:
            self._ended.popitem(last=False)
        if len(self._ended) >= MOST:
            self._ended.popitem(last=False)
            self._doubt()
        self._ended[session] = now

    # One event

    async def process(self, token: str) -> tuple[str, str] | None:
        """Handles one event. Returns error and reason for one that is refused; raises if it has to come again."""
        try:
            claims = await self._signatures.claims(token, typ="secevent+jwt", audience=self._resource)
            event = _event(claims)
        except NotGenuine as error:
            self._doubt()
            return "invalid_request", str(error)
        if event.id in self._handled:
            return None
        if event.id in self._busy:
            raise Unreachable("The event is being handled.")
        self._busy.add(event.id)
        try:
            await self._act(event)
        finally:
            self._busy.discard(event.id)
        self._handled[event.id] = None
        if len(self._handled) > MOST:
            self._handled.popitem(last=False)
        return None

    async def _act(self, event: Event) -> None:
        if event.kind == VERIFICATION:
            await self._connection.post("/events/verify", {"state": event.details.get("state")}, repeatable=True)
            return
        if event.kind == REVOKED:
            # Before the handlers run, so that no token of the session is accepted meanwhile.
            if (session := event.session_id) is not None:
                self._remember(session)
            else:
                self._doubt()
        for handler in self._handlers:
            await handler(event)

    # Push

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answers a POST of one event.

        Spec: RFC 8935 §2
        """
        if scope["type"] != "http":
            return
        if scope["method"] != "POST":
            return await _answer(send, 405)
        kind = next((value for name, value in scope["headers"] if name == b"content-type"), b"").decode("latin-1")
        if kind.split(";")[0].strip().lower() != "application/secevent+jwt":
            return await _answer(send, 400, ("invalid_request", "Send one event, as application/secevent+jwt."))
        if (body := await _body(receive)) is None:
            return await _answer(send, 413)
        try:
            refused = await self.process(body.decode("ascii", "replace"))
        except Exception as error:
            logger.warning("An event has to come again: %s", error)
            return await _answer(send, 503)
        await _answer(send, 400 if refused else 202, refused)

    # Poll

    async def poll(self) -> None:
        """Fetches events until it is cancelled.

        Spec: RFC 8936 §2
        """
        self._polls = True
        acknowledged: list[str] = []
        refused: dict[str, Any] = {}
        pause = 1.0
        while True:
            body = {"maxEvents": EACH, "returnImmediately": False, "ack": acknowledged, "setErrs": refused}
            try:
                answer = await self._connection.post("/events/poll", body, repeatable=True)
            except GatehouseError as error:
                logger.warning("Events cannot be fetched, so that every token is introspected: %s", error)
                await anyio.sleep(pause)
                pause = min(pause * 2, 30)
                continue
            tokens = answer.get("sets") or {}
            acknowledged, refused = await self._process_all(tokens)
            if len(acknowledged) + len(refused) < len(tokens):
                # What is left over may be the end of a session, and comes again at once.
                await anyio.sleep(pause)
                pause = min(pause * 2, 30)
                continue
            pause = 1.0
            if not answer.get("moreAvailable"):
                self._heard = time.monotonic()

    async def _process_all(self, tokens: dict[str, str]) -> tuple[list[str], dict[str, Any]]:
        acknowledged: list[str] = []
        refused: dict[str, Any] = {}
        for name, token in tokens.items():
            try:
                problem = await self.process(token)
            except Exception as error:
                logger.warning("An event has to come again: %s", error)
                continue
            if problem is None:
                acknowledged.append(name)
            else:
                refused[name] = {"err": problem[0], "description": problem[1]}
        return acknowledged, refused


def _event(claims: dict[str, Any]) -> Event:
    name, subject, events = claims.get("jti"), claims.get("sub_id"), claims.get("events")
    if not isinstance(name, str) or not isinstance(events, dict) or len(events) != 1:
        raise NotGenuine("the event lacks a claim")
    [(kind, details)] = events.items()
    return Event(
        name, str(kind), subject if isinstance(subject, dict) else {}, details if isinstance(details, dict) else {}
    )


async def _body(receive: Receive) -> bytes | None:
    """The body of a request; None if it is too large or the sender went away."""
    body = b""
    while True:
        message = await receive()
        if message["type"] != "http.request":
            return None
        body += bytes(message.get("body", b""))
        if len(body) > LARGEST:
            return None
        if not message.get("more_body", False):
            return body


async def _answer(send: Send, status: int, refused: tuple[str, str] | None = None) -> None:
    body = json.dumps({"err": refused[0], "description": refused[1]}).encode() if refused else b""
    headers = [(b"content-type", b"application/json")] if body else []
    headers.append((b"content-length", str(len(body)).encode()))
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": body})
