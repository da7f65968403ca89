"""The endpoints of a Gatehouse in memory."""

import asyncio
import base64
import json
import secrets
import uuid
from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs

import httpx2

from ..asking.canonical import digest
from .records import Elicitation, Refused, User

if TYPE_CHECKING:
    from .memory import MemoryGatehouse

Body = dict[str, Any]
Reply = tuple[int, Body]


class Endpoints:
    """Finds what a request asks for and answers as Gatehouse does."""

    def __init__(self, gatehouse: "MemoryGatehouse") -> None:
        self._gatehouse = gatehouse
        self._by_key: dict[str, Elicitation] = {}

    async def answer(self, request: httpx2.Request) -> httpx2.Response:
        """The response to a request."""
        try:
            status, body = await self._routed(request)
        except Refused as refused:
            return httpx2.Response(refused.status, json=refused.body)
        return httpx2.Response(status, json=body) if body or status != 204 else httpx2.Response(204)

    async def _routed(self, request: httpx2.Request) -> Reply:
        gatehouse, path = self._gatehouse, request.url.path
        if path == "/.well-known/oauth-authorization-server":
            return 200, {"issuer": gatehouse.issuer, "jwks_uri": f"{gatehouse.issuer}/jwks"}
        if path == "/jwks":
            return 200, gatehouse.key.published
        self._authenticate(request)
        parts = path.strip("/").split("/")
        handlers: dict[str, Callable[[httpx2.Request, list[str]], Awaitable[Reply]]] = {
            "introspect": self._introspect,
            "token": self._exchange,
            "elicitations": self._elicitations,
            "events": self._events,
            "jobs": self._jobs,
            "access": self._evaluate,
            "checkpoints": self._checkpoint,
            "sessions": self._sessions,
        }
        if (handler := handlers.get(parts[0])) is None:
            raise Refused(404, "not_found", "There is nothing here.")
        return await handler(request, parts)

    def _authenticate(self, request: httpx2.Request) -> None:
        scheme, _, text = request.headers.get("authorization", "").partition(" ")
        expected = f"{self._gatehouse.client_id}:{self._gatehouse.client_secret}"
        if scheme != "Basic" or not secrets.compare_digest(base64.b64decode(text).decode(), expected):
            raise Refused(401, "invalid_client", "The id or the secret is wrong.")

    async def _introspect(self, request: httpx2.Request, parts: list[str]) -> Reply:
        token = _form(request)["token"]
        user = self._gatehouse.users.get(token)
        if user is None or not user.has_session:
            return 200, {"active": False}
        return 200, {"active": True, **_claims(token)}

    async def _exchange(self, request: httpx2.Request, parts: list[str]) -> Reply:
        form = _form(request)
        user = self._user(form["subject_token"], "invalid_request")
        provider = form["audience"].removeprefix("urn:gatehouse:provider:")
        if (account := self._gatehouse.accounts.get((user.subject, provider))) is None:
            raise Refused(400, "invalid_grant", "Ask the user to connect an account.")
        token, granted = account
        if not set(form.get("scope", "").split()).issubset(granted):
            raise Refused(400, "invalid_scope", "Ask the user to connect the account again.")
        return 200, {"access_token": token, "token_type": "Bearer", "expires_in": 3600, "scope": " ".join(granted)}

    async def _elicitations(self, request: httpx2.Request, parts: list[str]) -> Reply:
        if len(parts) == 1:
            return self._created(_json(request))
        if parts[1] == "redeem":
            return 200, self._redeemed(_json(request)["ticket"])
        found = next((each for each in self._gatehouse.elicitations if each.id == parts[1]), None)
        if found is None:
            raise Refused(404, "not_found", "There is no such elicitation.")
        if len(parts) == 2:
            if request.method == "DELETE":
                found.end("cancelled")
            elif wait := request.url.params.get("wait"):
                await self._wait(found, float(wait))
            return 200, _state(found)
        if parts[2] == "complete":
            outcome = _json(request)["outcome"]
            found.end(outcome, {"id": found.id, "kind": "external", "outcome": outcome, "reported_by": "server"})
            return 200, _state(found)
        return self._result(request, found)

    def _created(self, body: Body) -> Reply:
        user = self._user(body.pop("subject_token"), "invalid_subject_token")
        name = body.pop("idempotency_key", None)
        body.pop("expires_in", None)
        if name in self._by_key:
            return 200, _created(self._by_key[name])
        found = Elicitation(user, body, digest(body["action"]) if body["kind"] == "confirm" else None)
        if found.digest is not None:
            for other in self._gatehouse.elicitations:
                is_equal = other.digest == found.digest and other.user.session_id == user.session_id
                if is_equal and (other.is_open or (other.status == "completed" and other.result is not None)):
                    return 200, _created(other)
        self._gatehouse.elicitations.append(found)
        self._gatehouse.news.set()
        if name is not None:
            self._by_key[name] = found
        return 201, _created(found)

    async def _wait(self, found: Elicitation, seconds: float) -> None:
        if not found.is_open:
            return
        try:
            await asyncio.wait_for(found.changed.wait(), min(seconds, self._gatehouse.longest_wait))
        except asyncio.TimeoutError:
            return

    def _result(self, request: httpx2.Request, found: Elicitation) -> Reply:
        if found.status != "completed":
            raise Refused(409, "not_completed", "There is no result; see status.", {"status": found.status})
        if not found.user.has_session:
            raise Refused(409, "session_ended", "The session has ended, and its results with it.")
        result, claim = found.result, request.url.params.get("claim")
        if request.method == "DELETE":
            if claim is not None and result is None and claim != found.claim:
                raise Refused(410, "already_collected", "Another call has the result.")
            found.result, found.claim = None, claim or found.claim
            return 204, {}
        if result is None:
            raise Refused(410, "already_collected", "The result was collected before.")
        return 200, result

    def _redeemed(self, ticket: str) -> Body:
        found = next((each for each in self._gatehouse.elicitations if ticket == f"ticket-{each.id}"), None)
        if found is None or not found.is_open:
            raise Refused(404, "not_found", "The ticket is unknown, used or expired.")
        user = found.user
        return {"id": found.id, "subject": user.subject, "client_id": user.client_id, "session_id": user.session_id}

    async def _events(self, request: httpx2.Request, parts: list[str]) -> Reply:
        gatehouse = self._gatehouse
        if parts[1] == "status":
            return 200, {**gatehouse.delivery, "aud": gatehouse.resource}
        if parts[1] == "verify":
            gatehouse.delivery["status"] = "enabled"
            return 204, {}
        body = _json(request)
        for name in [*body.get("ack", []), *body.get("setErrs", {})]:
            gatehouse.waiting_events.pop(name, None)
        for _ in range(20):
            if gatehouse.waiting_events or body.get("returnImmediately"):
                break
            await asyncio.sleep(0.01)
        return 200, {"sets": dict(gatehouse.waiting_events)}

    async def _jobs(self, request: httpx2.Request, parts: list[str]) -> Reply:
        jobs = self._gatehouse.jobs
        if len(parts) == 1:
            body = _json(request)
            user = self._user(body.pop("subject_token"), "invalid_subject_token")
            job = {"id": f"job_{uuid.uuid4().hex}", "status": "open", "scope": " ".join(user.scopes), **body}
            jobs[job["id"]] = job
            return 201, job
        if (found := jobs.get(parts[1])) is None:
            raise Refused(404, "not_found", "There is no such job.")
        if request.method == "DELETE":
            found |= {"status": "ended", "end_reason": "resource"}
        return 200, found

    async def _evaluate(self, request: httpx2.Request, parts: list[str]) -> Reply:
        body = _json(request)
        subject = body["subject"]
        if subject["type"] == "job":
            job = self._gatehouse.jobs.get(subject["id"])
            if job is None or job["status"] != "open":
                return 200, {"decision": False}
            if body["action"]["name"] not in job["actions"]:
                return 200, {"decision": False, "context": {"reason": "not_in_job"}}
        return 200, self._gatehouse.decisions.get(
            body["action"]["name"], {"decision": False, "context": {"reason": "not_allowed"}}
        )

    async def _checkpoint(self, request: httpx2.Request, parts: list[str]) -> Reply:
        body = _json(request)
        self._user(body.pop("subject_token"), "invalid_subject_token")
        self._gatehouse.checkpoints.append(body)
        return 201, {"record": digest(body)}

    async def _sessions(self, request: httpx2.Request, parts: list[str]) -> Reply:
        users = [user for user in self._gatehouse.users.values() if user.session_id == parts[1]]
        if not users:
            raise Refused(404, "not_found", "There is no such session.")
        if len(parts) == 3:
            self._gatehouse.required[parts[1]] = _json(request)["max_age"]
        else:
            for user in users:
                user.has_session = False
        return 204, {}

    def _user(self, token: str, code: str) -> User:
        user = self._gatehouse.users.get(token)
        if user is None or not user.has_session:
            raise Refused(400, code, "The token has expired or was revoked.")
        if user.is_client:
            raise Refused(403, "no_user", "The token belongs to a client that acts for itself.")
        return user


def _created(found: Elicitation) -> Body:
    return _state(found) | {"url": f"https://gatehouse.test/e/{found.id}", "digest": found.digest}


def _state(found: Elicitation) -> Body:
    return {"id": found.id, "kind": found.body["kind"], "status": found.status, "version": 1}


def _form(request: httpx2.Request) -> dict[str, str]:
    return {name: values[0] for name, values in parse_qs(request.content.decode()).items()}


def _json(request: httpx2.Request) -> Body:
    body = json.loads(request.content)
    return body if isinstance(body, dict) else {}


def _claims(token: str) -> Body:
    content = token.split(".")[1]
    claims = json.loads(base64.urlsafe_b64decode(content + "=" * (-len(content) % 4)))
    return claims if isinstance(claims, dict) else {}
