"""Gatehouse as an MCP server sees it: one object for tokens, users, approvals and events."""

import functools
import inspect
import time
from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Any, Literal, ParamSpec, TypeVar

import anyio
import anyio.to_thread
import httpx2
from mcp.server.mcpserver import MCPServer
from mcp.server.request_state import RequestStateSecurity
from pydantic import BaseModel, SecretStr
from starlette.types import ASGIApp

from .access import Access, current_access, current_token
from .asking.account import Accounts
from .asking.call import CallTracker
from .asking.confirm import Approvals, bound, describe
from .asking.external import External, Outcome, Visitor
from .asking.results import Results
from .asking.secret import Secrets
from .asking.waiting import Waiting
from .configuration import checked_issuer, checked_url, credentials_from, environment_or, issuer_from, resource_from
from .connection import Connection
from .credentials import Credentials
from .errors import GatehouseError
from .events import Events
from .guarding.protection import Protection
from .guarding.requirements import Requirement, Requirements, mark
from .jobs import Job
from .server import GatehouseServer
from .signatures import Signatures

Parameters = ParamSpec("Parameters")
Model = TypeVar("Model", bound=BaseModel)
Verification = Literal["introspection", "local"]


class Gatehouse:
    """The authorization server to which one MCP server delegates."""

    def __init__(
        self,
        issuer: str,
        resource: str,
        credentials: Credentials,
        *,
        transport: httpx2.AsyncBaseTransport | None = None,
    ) -> None:
        self.issuer = checked_issuer(issuer, "The issuer")
        self.resource = checked_url(resource, "The URL of this server")
        self._connection = Connection(self.issuer, credentials, transport=transport)
        self._signatures = Signatures(self._connection)
        self._requirements = Requirements()
        waiting, results = Waiting(self._connection), Results(self._connection)
        self._approvals = Approvals(self._signatures, waiting, results, self.resource)
        self._secrets = Secrets(waiting, results)
        self._accounts = Accounts(self._connection, waiting, results)
        self._external = External(self._connection, waiting, results)
        self.tracker = CallTracker(results.acknowledge)
        self.events = Events(self._connection, self._signatures, self.resource)

    @classmethod
    def from_env(cls, environment: Mapping[str, str] | None = None) -> "Gatehouse":
        """Reads GATEHOUSE_ISSUER, _RESOURCE, _CLIENT_ID, and _CLIENT_SECRET or _KEY_FILE. The server asks at its start
        whether they fit."""
        given = environment_or(environment)
        return cls(issuer_from(given), resource_from(given), credentials_from(given))

    def __repr__(self) -> str:
        return f"Gatehouse({self.issuer!r}, {self.resource!r})"

    # Servers

    def server(
        self,
        name: str,
        *,
        scopes: Sequence[str] = (),
        optional: Sequence[str] = (),
        verify: Verification = "introspection",
        events: str | None = None,
        accept_clients: bool = False,
        **settings: Any,
    ) -> GatehouseServer:
        """An MCP server whose requests are verified.

        Every request has to hold `scopes`; `optional` ones are published too. `events` is the path at which this server
        receives pushed events. `verify="local"` saves a request for each token and needs events: pushed, or it polls.
        """
        protection = self.protection(name, scopes, optional, verify, events, accept_clients)
        return GatehouseServer(name, protection, self.tracker, self.request_state, settings)

    def protect(
        self,
        target: "MCPServer[Any] | ASGIApp",
        *,
        path: str | None = None,
        scopes: Sequence[str] = (),
        optional: Sequence[str] = (),
        verify: Verification = "introspection",
        events: str | None = None,
        accept_clients: bool = False,
    ) -> ASGIApp:
        """An application that verifies the requests to an existing server, or to any ASGI application.

        Of an `MCPServer` only the endpoint is protected; of another application everything, or the one `path`.
        """
        name = target.name if isinstance(target, MCPServer) else None
        protection = self.protection(name, scopes, optional, verify, events, accept_clients)
        if not isinstance(target, MCPServer):
            return protection.guard(target, path)
        target.middleware.append(self.tracker)
        path = path or protection.path
        return protection.guard(target.streamable_http_app(streamable_http_path=path), path)

    def protection(
        self,
        name: str | None,
        scopes: Sequence[str],
        optional: Sequence[str],
        verify: Verification,
        events: str | None,
        accept_clients: bool,
    ) -> Protection:
        """What protects one server; `server` and `protect` make it themselves."""
        return Protection(
            self._connection,
            self._signatures,
            self.events,
            self._requirements,
            resource=self.resource,
            name=name,
            scopes=tuple(scopes),
            optional=tuple(optional),
            is_local=verify == "local",
            events_path=events,
            accept_clients=accept_clients,
        )

    @property
    def request_state(self) -> RequestStateSecurity:
        """The seal of `requestState`: the same for each process of this server, and after a restart."""
        return RequestStateSecurity(keys=[self._connection.credentials.derive("request-state")], audience=self.resource)

    # Who is there

    @property
    def access(self) -> Access:
        """Who the current request acts for."""
        return current_access()

    # Demands of tools

    def scopes(self, *scopes: str) -> Callable[[Callable[Parameters, Any]], Callable[Parameters, Awaitable[Any]]]:
        """The tool needs these scopes; a client without them gets the 403 with which it asks its user for them."""

        async def check() -> None:
            if missing := set(scopes) - current_access().scopes:
                raise GatehouseError(f"This tool needs the scope {' '.join(sorted(missing))}.")

        return self._demanding(Requirement(scopes=scopes), check)

    def fresh(self, seconds: int) -> Callable[[Callable[Parameters, Any]], Callable[Parameters, Awaitable[Any]]]:
        """The tool needs a sign-in that is not older; a client gets the 401 with which it asks its user for one."""

        async def check() -> None:
            signed_in = current_access().authenticated_at
            if signed_in is None or time.time() - signed_in > seconds:
                raise GatehouseError(f"This tool needs a sign-in within the last {seconds} seconds; sign in again.")

        return self._demanding(Requirement(max_age=seconds), check)

    def confirm(
        self, summary: str, *, message: str | None = None, **details: str
    ) -> Callable[[Callable[Parameters, Any]], Callable[Parameters, Awaitable[Any]]]:
        """The tool runs after its user approved this action with these arguments, once.

        `summary` and the details are what the user reads; a name in braces stands for an argument.
        """

        def decorate(function: Callable[Parameters, Any]) -> Callable[Parameters, Awaitable[Any]]:
            name = function.__name__

            @functools.wraps(function)
            async def asking(*args: Parameters.args, **kwargs: Parameters.kwargs) -> Any:
                arguments = bound(function, args, kwargs)
                action = describe(name, summary, details, arguments)
                await self._approvals.require(action, message or f"Approve: {action['summary']}")
                return await run(function, *args, **kwargs)

            return asking

        return decorate

    def account(
        self, provider: str, scope: str = "", message: str | None = None
    ) -> Callable[[Callable[Parameters, Any]], Callable[Parameters, Awaitable[Any]]]:
        """The tool runs with an account of its user connected at a provider, whose token `gate.token` gives."""

        def decorate(function: Callable[Parameters, Any]) -> Callable[Parameters, Awaitable[Any]]:
            @functools.wraps(function)
            async def connecting(*args: Parameters.args, **kwargs: Parameters.kwargs) -> Any:
                await self._accounts.connected(provider, scope, message or f"Connect your account at {provider}.")
                return await run(function, *args, **kwargs)

            return connecting

        return decorate

    # What a tool asks for

    async def approve(self, name: str, summary: str, details: Mapping[str, str], message: str | None = None) -> None:
        """Asks the user of this call to approve an action that the tool describes. Ask before anything happens."""
        action = describe(name, summary, details, {})
        await self._approvals.require(action, message or f"Approve: {action['summary']}")

    async def secret(self, model: type[Model], message: str) -> Model:
        """The values that the user of this call enters for the fields of a model, past the client and the model.

        A call of 2026-07-28 runs again from its beginning once the user has answered: ask before anything happens.
        """
        return await self._secrets.ask(model, message)

    async def token(self, provider: str, scope: str = "", message: str | None = None) -> SecretStr:
        """The provider's token for the user of this call, who connects an account first if there is none.

        Do not store it: ask again in the next call.
        """
        return await self._accounts.connected(provider, scope, message or f"Connect your account at {provider}.")

    async def external(self, url: str, message: str) -> str:
        """Sends the user of this call to a page of this server, and returns the id of the step once it is completed.

        The link of that page gets a ticket; see `redeem`. Continue only if your own records say that the step is done.
        """
        return await self._external.ask(url, message)

    async def redeem(self, ticket: str) -> Visitor:
        """Who came to a page of this server with this ticket. A ticket works once, within a minute."""
        return await self._external.redeem(ticket)

    async def complete(self, step: str, outcome: Outcome = "completed", reference: str | None = None) -> None:
        """Reports what the visitor of a page of this server did."""
        await self._external.complete(step, outcome, reference)

    def job(self, actions: Sequence[str], purpose: str, *, hours: float | None = None) -> Job:
        """Authority for work that goes on after the call: `async with gate.job([…], "…") as job: await job.may(…)`."""
        return Job(self._connection, actions, purpose, hours)

    async def checkpoint(self, kind: Literal["sampling", "form"], **members: Any) -> str:
        """Reports a reviewed sampling request or a form of this call. Returns the receipt. Act only after that."""
        body = {"subject_token": current_token().token, "kind": kind, **members}
        return str((await self._connection.post("/checkpoints", body))["record"])

    async def end_session(self) -> None:
        """Revokes the session of the current request: its tokens end now, here and at Gatehouse."""
        if (session := current_access().session_id) is None:
            raise GatehouseError("This request has no session.")
        await self._connection.delete(f"/sessions/{session}")

    async def close(self) -> None:
        """Closes the connections to Gatehouse."""
        await self._connection.close()

    def _demanding(
        self, requirement: Requirement, check: Callable[[], Awaitable[None]]
    ) -> Callable[[Callable[..., Any]], Callable[..., Awaitable[Any]]]:
        def decorate(function: Callable[..., Any]) -> Callable[..., Awaitable[Any]]:
            @functools.wraps(function)
            async def demanding(*args: Any, **kwargs: Any) -> Any:
                await check()
                return await run(function, *args, **kwargs)

            mark(demanding, requirement)
            # A server that was made elsewhere tells nothing of its tools; most have the name of their function.
            self._requirements.add(function.__name__, requirement)
            return demanding

        return decorate


async def run(function: Callable[..., Any], *args: Any, **kwargs: Any) -> Any:
    """The result of a function; one that is not async runs in a thread, as the SDK runs it."""
    if inspect.iscoroutinefunction(function):
        return await function(*args, **kwargs)
    result = await anyio.to_thread.run_sync(functools.partial(function, *args, **kwargs))
    return await result if inspect.isawaitable(result) else result


__all__ = ["Gatehouse", "current_token"]
