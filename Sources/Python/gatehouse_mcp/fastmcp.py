"""Gatehouse for FastMCP: `pip install 'gatehouse-mcp[fastmcp]'`."""

from collections.abc import Sequence
from typing import Any

from fastmcp import FastMCP
from fastmcp.server.auth.auth import AccessToken, AuthProvider
from starlette.middleware import Middleware

from .gate import Gatehouse, Verification
from .server import Layer


class GatehouseProvider(AuthProvider):
    """Verifies the requests to a FastMCP server: `FastMCP("notes", auth=provider)`, then `provider.install(server)`."""

    def __init__(
        self,
        gate: Gatehouse,
        *,
        scopes: Sequence[str] = (),
        optional: Sequence[str] = (),
        verify: Verification = "introspection",
        events: str | None = None,
        accept_clients: bool = False,
    ) -> None:
        super().__init__(base_url=gate.resource, required_scopes=list(scopes))
        self._gate = gate
        self._protection = gate.protection(None, scopes, optional, verify, events, accept_clients)

    def install(self, server: FastMCP[Any]) -> None:
        """Lets the tools of a server ask their users; pass `request_state_security=gate.request_state` to it, too."""
        server._mcp_server.middleware.append(self._gate.tracker)

    async def verify_token(self, token: str) -> AccessToken | None:
        """The token that the guard in front has verified."""
        known = await self._protection.verifier.verify_token(token)
        return None if known is None else AccessToken.model_validate(known.model_dump())

    def get_middleware(self) -> list[Any]:
        """The guard, and behind it FastMCP's own layers."""
        guard: Any = Middleware(Layer, protection=self._protection, path=self._protection.path)
        return [guard, *super().get_middleware()]
