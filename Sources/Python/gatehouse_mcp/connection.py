"""The one HTTP client to Gatehouse: time-outs, safe retries, and errors with the server's own sentence."""

import asyncio
import random
from collections.abc import Mapping
from typing import Any
from weakref import WeakKeyDictionary

import httpx2

from .credentials import Credentials, TokenRefused
from .errors import Refusal, Unreachable, WrongCredentials

# Seconds: longer than the longest wait that a request asks for.
READ, CONNECT = 40.0, 5.0
# Seconds between the tries of a request that may be repeated.
PAUSES = (0.2, 0.6, 1.8)
# Answers that say "later".
LATER = (502, 503, 504)


class Connection:
    """Sends requests to Gatehouse with the credentials of this MCP server."""

    def __init__(
        self, issuer: str, credentials: Credentials, *, transport: httpx2.AsyncBaseTransport | None = None
    ) -> None:
        self.issuer = issuer
        self.credentials = credentials
        self._transport = transport
        # A pool belongs to the event loop in which it was opened.
        self._clients: WeakKeyDictionary[asyncio.AbstractEventLoop, httpx2.AsyncClient] = WeakKeyDictionary()

    def __repr__(self) -> str:
        return f"Connection({self.issuer!r}, {self.credentials!r})"

    async def get(self, path: str) -> dict[str, Any]:
        """Reads something."""
        return _body(await self.send("GET", path, repeatable=True))

    async def post(self, path: str, body: Mapping[str, Any], *, repeatable: bool = False) -> dict[str, Any]:
        """Sends JSON. `repeatable` says that sending it twice does no more than sending it once."""
        return _body(await self.send("POST", path, json=dict(body), repeatable=repeatable))

    async def form(self, path: str, fields: Mapping[str, str], *, repeatable: bool = False) -> dict[str, Any]:
        """Sends a form."""
        return _body(await self.send("POST", path, data=dict(fields), repeatable=repeatable))

    async def delete(self, path: str) -> dict[str, Any]:
        """Deletes something."""
        return _body(await self.send("DELETE", path, repeatable=True))

    async def public(self, path: str) -> dict[str, Any]:
        """Reads a document that needs no credentials."""
        return _body(await self.send("GET", path, repeatable=True, anonymous=True))

    async def send(
        self,
        method: str,
        path: str,
        *,
        repeatable: bool,
        anonymous: bool = False,
        json: dict[str, Any] | None = None,
        data: dict[str, str] | None = None,
    ) -> httpx2.Response:
        """Sends a request, again where that is safe, and raises what Gatehouse refused."""
        auth = None if anonymous else self.credentials
        pauses = list(PAUSES)
        renewed = False
        while True:
            try:
                response = await self._once(method, path, json=json, data=data, auth=auth)
            except httpx2.ConnectError:
                # Nothing was sent, so that every request may be repeated.
                if not pauses:
                    raise Unreachable(f"Gatehouse does not answer at {self.issuer}; check that it runs.") from None
            except httpx2.TransportError as error:
                if not (repeatable and pauses):
                    kind = "in time" if isinstance(error, httpx2.TimeoutException) else "completely"
                    raise Unreachable(f"Gatehouse at {self.issuer} did not answer {kind}; try again.") from None
            else:
                if response.status_code == 401 and not anonymous and not renewed and self.credentials.reset():
                    renewed = True
                    continue
                if not (response.status_code in LATER and repeatable and pauses):
                    return _checked(response, self.credentials)
            await asyncio.sleep(pauses.pop(0) * random.uniform(0.8, 1.2))  # noqa: S311

    async def _once(self, method: str, path: str, **parts: Any) -> httpx2.Response:
        """One response; the one that refused a token for the key if there is none."""
        try:
            return await self._client().request(method, self.issuer + path, **parts)
        except TokenRefused as refused:
            return refused.response

    async def close(self) -> None:
        """Closes the pool of this event loop."""
        if client := self._clients.pop(asyncio.get_running_loop(), None):
            await client.aclose()

    def _client(self) -> httpx2.AsyncClient:
        loop = asyncio.get_running_loop()
        if (client := self._clients.get(loop)) is None:
            timeout = httpx2.Timeout(READ, connect=CONNECT)
            client = httpx2.AsyncClient(timeout=timeout, transport=self._transport, follow_redirects=False)
            self._clients[loop] = client
        return client


def _checked(response: httpx2.Response, credentials: Credentials) -> httpx2.Response:
    """The response if it is a success; raises what it says otherwise."""
    if response.is_success:
        return response
    try:
        body = response.json()
    except ValueError:
        body = {}
    code = str(body.get("error", "")) if isinstance(body, dict) else ""
    sentence = str(body.get("error_description", "")) if isinstance(body, dict) else ""
    status = response.status_code
    if status == 401 or code == "invalid_client":
        noun = credentials.noun
        raise WrongCredentials(
            code or "invalid_client",
            f"Gatehouse refuses the id {credentials.client_id} with this {noun}; "
            f"take both from `gatehouse resources add`, or make a new {noun}.",
            status,
        )
    if status in LATER and code != "temporarily_unavailable":
        raise Unreachable(f"Gatehouse answers {status} at the moment; try again.")
    after = response.headers.get("retry-after", "")
    raise Refusal(
        code or "unexpected_answer",
        sentence or f"Gatehouse answered {status} without a reason.",
        status,
        retry_after=int(after) if after.isdigit() else None,
    )


def _body(response: httpx2.Response) -> dict[str, Any]:
    """The JSON object of a response; empty without content."""
    if not response.content:
        return {}
    try:
        body = response.json()
    except ValueError:
        body = None
    if not isinstance(body, dict):
        raise Unreachable("The answer is not from Gatehouse: it is not a JSON object. Check the issuer.")
    return body
