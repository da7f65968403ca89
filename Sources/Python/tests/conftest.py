"""A Gatehouse in memory, a server with tools of each kind, and the SDK's client in both eras."""

import contextlib
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field
from typing import Any

import pytest
from mcp import Client
from mcp_types import CallToolResult, ElicitRequestURLParams, ElicitResult, TextContent

from gatehouse_mcp import Gatehouse, GatehouseServer, connection
from gatehouse_mcp.testing import Elicitation, MemoryGatehouse, connect, free_port, serve

ERAS = ["2026-07-28", "2025-11-25"]


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"


@pytest.fixture(autouse=True)
def no_pauses(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(connection, "PAUSES", (0.0, 0.0, 0.0))


@pytest.fixture(params=ERAS)
def era(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@dataclass
class Scene:
    """One server that delegates to a Gatehouse in memory."""

    memory: MemoryGatehouse
    gate: Gatehouse
    server: GatehouseServer
    port: int
    #: What the user does with each elicitation once the client has shown its link.
    acts: Callable[[Elicitation], None] | None = None
    #: What the client does with a link.
    opens: str = "accept"
    links: list[str] = field(default_factory=list)
    #: Everything that tools of this scene did.
    done: list[Any] = field(default_factory=list)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}/mcp"

    async def _shown(self, _: Any, params: Any) -> ElicitResult:
        assert isinstance(params, ElicitRequestURLParams)
        self.links.append(params.url)
        shown = next(each for each in self.memory.elicitations if params.url.endswith(each.id))
        if self.acts is not None:
            self.acts(shown)
        return ElicitResult.model_validate({"action": self.opens})

    @contextlib.asynccontextmanager
    async def client(self, token: str, era: str, *, opens_links: bool = True) -> AsyncIterator[Client]:
        mode = "legacy" if era == "2025-11-25" else "auto"
        callback = self._shown if opens_links else None
        async with (
            serve(self.server.streamable_http_app(), self.port),
            connect(self.url, token=token, mode=mode, elicitation_callback=callback) as client,
        ):
            assert client.session.protocol_version == era
            yield client

    async def call(self, era: str, tool: str, token: str | None = None, **arguments: Any) -> CallToolResult:
        token = token or self.memory.sign_in(scopes="notes:read")
        async with self.client(token, era) as client:
            return await client.call_tool(tool, arguments)


@pytest.fixture
def scene() -> Scene:
    port = free_port()
    memory = MemoryGatehouse(f"http://127.0.0.1:{port}/mcp")
    gate = memory.gate()
    server = gate.server("notes", scopes=["notes:read"], optional=["notes:write"])
    return Scene(memory, gate, server, port)


def text(result: CallToolResult) -> str:
    return " ".join(part.text for part in result.content if isinstance(part, TextContent))
