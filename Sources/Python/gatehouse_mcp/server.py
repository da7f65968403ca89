"""The SDK's server behind a guard."""

from collections.abc import Callable
from typing import Any
from urllib.parse import urlsplit

from mcp.server.auth.settings import AuthSettings
from mcp.server.mcpserver import MCPServer
from mcp.server.request_state import RequestStateSecurity
from mcp.server.transport_security import TransportSecuritySettings
from starlette.applications import Starlette
from starlette.types import ASGIApp, Receive, Scope, Send

from .asking.call import CallTracker
from .guarding.protection import Protection
from .guarding.requirements import requirement_of

LOOPBACK = ("127.0.0.1", "localhost", "[::1]")


class GatehouseServer(MCPServer[Any]):
    """An `MCPServer` that verifies every request, by its own layer and by that of the SDK behind it."""

    def __init__(
        self,
        name: str,
        protection: Protection,
        tracker: CallTracker,
        request_state: RequestStateSecurity,
        settings: dict[str, Any],
    ) -> None:
        # Before the SDK's own part, which may add tools.
        self._protection = protection
        super().__init__(
            name,
            token_verifier=protection.verifier,
            auth=AuthSettings.model_validate(
                {
                    "issuer_url": protection.issuer,
                    "resource_server_url": protection.resource,
                    "required_scopes": list(protection.scopes),
                    "validate_token_resource": True,
                }
            ),
            request_state_security=request_state,
            **settings,
        )
        self.middleware.append(tracker)

    def add_tool(self, fn: Callable[..., Any], name: str | None = None, *args: Any, **settings: Any) -> None:
        """Adds a tool with the demands that its decorators name."""
        self._protection.requirements.add(name or fn.__name__, requirement_of(fn))
        super().add_tool(fn, name, *args, **settings)

    def streamable_http_app(self, *, streamable_http_path: str | None = None, **settings: Any) -> Starlette:
        """The application, at the path of the URL that clients use."""
        path = streamable_http_path or self._protection.path
        if settings.get("transport_security") is None and settings.get("host", LOOPBACK[0]) in LOOPBACK:
            settings["transport_security"] = self._reachable()
        app = super().streamable_http_app(streamable_http_path=path, **settings)
        app.add_middleware(Layer, protection=self._protection, path=path)
        return app

    async def run_streamable_http_async(self, **settings: Any) -> None:
        """Serves at the path of the URL that clients use, and on loopback at its port."""
        parts = urlsplit(self._protection.resource)
        settings.setdefault("streamable_http_path", self._protection.path)
        if parts.port is not None and parts.hostname in ("127.0.0.1", "localhost", "::1"):
            settings.setdefault("port", parts.port)
        await super().run_streamable_http_async(**settings)

    def sse_app(self, *args: Any, **settings: Any) -> Starlette:
        """The transport that MCP replaced by streamable HTTP."""
        raise NotImplementedError("Serve streamable HTTP: the guard does not protect the transport that it replaced.")

    def _reachable(self) -> TransportSecuritySettings:
        """The names under which a server on loopback is reached: its own, and that of its URL through a proxy."""
        parts = urlsplit(self._protection.resource)
        return TransportSecuritySettings(
            enable_dns_rebinding_protection=True,
            allowed_hosts=[*(f"{host}:*" for host in LOOPBACK), parts.netloc],
            allowed_origins=[*(f"http://{host}:*" for host in LOOPBACK), f"{parts.scheme}://{parts.netloc}"],
        )


class Layer:
    """The guard as a layer of Starlette."""

    def __init__(self, app: ASGIApp, protection: Protection, path: str) -> None:
        self._guard = protection.guard(app, path)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        await self._guard(scope, receive, send)
