"""A Gatehouse in memory: it speaks the protocol of MCP servers, and the test is its user and its administrator."""

import asyncio
import time
import uuid
from typing import Any

import httpx2

from ..asking.canonical import digest
from ..credentials import SecretCredentials
from ..gate import Gatehouse
from .endpoints import Endpoints
from .records import Elicitation, User
from .signing import SigningKey

ISSUER = "https://gatehouse.test"


class MemoryGatehouse:
    """Issues tokens, answers elicitations as the test says, and revokes sessions. For tests only."""

    def __init__(self, resource: str = "http://127.0.0.1:9000/mcp") -> None:
        self.resource = resource
        self.issuer = ISSUER
        self.key = SigningKey()
        self.client_id, self.client_secret = "res_test", "secret-of-this-test"
        self.users: dict[str, User] = {}
        self.elicitations: list[Elicitation] = []
        self.accounts: dict[tuple[str, str], tuple[str, set[str]]] = {}
        self.jobs: dict[str, dict[str, Any]] = {}
        self.checkpoints: list[dict[str, Any]] = []
        self.required: dict[str, int] = {}
        self.decisions: dict[str, dict[str, Any]] = {}
        self.waiting_events: dict[str, str] = {}
        self.delivery: dict[str, Any] = {"delivery": "poll", "status": "enabled"}
        #: Set when an elicitation is created.
        self.news = asyncio.Event()
        #: The requests that this server got, as method and path.
        self.requests: list[tuple[str, str]] = []
        #: Seconds that a request waits for a user at most.
        self.longest_wait = 30.0
        #: Set to let every request fail as if nothing listened.
        self.is_down = False
        self._endpoints = Endpoints(self)

    def gate(self, secret: str | None = None) -> Gatehouse:
        """A `Gatehouse` that talks to this one."""
        credentials = SecretCredentials(self.client_id, secret or self.client_secret)
        return Gatehouse(self.issuer, self.resource, credentials, transport=httpx2.MockTransport(self.handle))

    # Users

    def sign_in(self, subject: str = "sub_ada", *, scopes: str = "", **more: Any) -> str:
        """A token for a user with a new session."""
        user = User(subject, scopes=scopes.split(), **more)
        return self.token(user)

    def token(self, user: User, **claims: Any) -> str:
        """Another token for a user."""
        content = {
            "iss": self.issuer,
            "aud": self.resource,
            "sub": user.subject,
            "client_id": user.client_id,
            "sid": user.session_id,
            "scope": " ".join(user.scopes),
            "auth_time": user.authenticated_at,
            "jti": uuid.uuid4().hex,
        }
        if user.is_client:
            content |= {"gatehouse:actor": "client"}
        token = self.key.sign("at+jwt", content | claims, lifetime=600)
        self.users[token] = user
        return token

    def revoke(self, token: str, *, event: bool = True) -> str:
        """Ends the session of a token. Returns the event that tells of it, which a poll fetches too."""
        user = self.users[token]
        user.has_session = False
        revoked = "https://schemas.openid.net/secevent/caep/event-type/session-revoked"
        subject = {"format": "complex", "session": {"format": "opaque", "id": user.session_id}}
        name, signed = self.event(revoked, {"event_timestamp": int(time.time())}, subject)
        if event:
            self.waiting_events[name] = signed
        return signed

    def event(self, kind: str, details: dict[str, Any], subject: dict[str, Any], **claims: Any) -> tuple[str, str]:
        """A signed event and its id."""
        name = f"evt_{uuid.uuid4().hex}"
        content = {"iss": self.issuer, "aud": self.resource, "jti": name, "sub_id": subject, "events": {kind: details}}
        return name, self.key.sign("secevent+jwt", content | claims)

    def connect_account(self, token: str, provider: str, scope: str = "") -> None:
        """Connects an account of a user."""
        user = self.users[token]
        known = self.accounts.get((user.subject, provider), ("", set()))[1]
        self.accounts[user.subject, provider] = (f"provider-token-{uuid.uuid4().hex}", known | set(scope.split()))

    # Answers of users

    @property
    def open(self) -> list[Elicitation]:
        """The elicitations that wait for their users."""
        return [each for each in self.elicitations if each.is_open]

    async def asked(self) -> Elicitation:
        """The next open elicitation; waits until there is one."""
        while not (waiting := self.open):
            self.news.clear()
            await self.news.wait()
        return waiting[0]

    def approve(self, elicitation: Elicitation | None = None) -> None:
        """The user approves, or connects the account, or finishes the step."""
        self.answer(elicitation or self.open[0], {})

    def submit(self, content: dict[str, Any], elicitation: Elicitation | None = None) -> None:
        """The user enters the values of a secret."""
        self.answer(elicitation or self.open[0], content)

    def decline(self, elicitation: Elicitation | None = None) -> None:
        """The user declines."""
        (elicitation or self.open[0]).end("declined")

    def expire(self, elicitation: Elicitation | None = None) -> None:
        """The time of the user is over."""
        (elicitation or self.open[0]).end("expired")

    def answer(self, elicitation: Elicitation, content: dict[str, Any]) -> None:
        """Completes an elicitation with the result of its kind."""
        body, user = elicitation.body, elicitation.user
        result: dict[str, Any] = {"id": elicitation.id, "kind": body["kind"]}
        if body["kind"] == "confirm":
            claims = {
                "iss": self.issuer, "aud": self.resource, "sub": user.subject, "client_id": user.client_id,
                "sid": user.session_id, "elicitation": elicitation.id, "action": body["action"]["name"],
                "digest": digest(body["action"]),
            }  # fmt: skip
            result["approval"] = self.key.sign("gatehouse-approval+jwt", claims)
        elif body["kind"] == "secret":
            result["content"] = content
        elif body["kind"] == "connect":
            token = next(token for token, known in self.users.items() if known is user)
            self.connect_account(token, body["provider"], body.get("scope", ""))
            result |= {"provider": body["provider"], "scope": body.get("scope", ""), "connection": "con_1"}
        else:
            result |= {"outcome": "completed", "reported_by": "server"}
        elicitation.end("completed", result)

    async def handle(self, request: httpx2.Request) -> httpx2.Response:
        """Answers a request of an MCP server."""
        self.requests.append((request.method, request.url.path))
        if self.is_down:
            raise httpx2.ConnectError("nothing listens", request=request)
        response = await self._endpoints.answer(request)
        if self.is_down:
            raise httpx2.ReadError("the connection was cut", request=request)
        return response
