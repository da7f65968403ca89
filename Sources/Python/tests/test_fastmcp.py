"""A server on FastMCP, if it is installed."""

from typing import Any

import pytest
from conftest import text
from test_documentation import blocks

from gatehouse_mcp.testing import Answer, MemoryGatehouse, connect, free_port, serve

pytest.importorskip("fastmcp", reason="FastMCP is not installed")


async def test_a_tool_of_fastmcp_asks_its_user(era: str) -> None:
    port = free_port()
    memory = MemoryGatehouse(f"http://127.0.0.1:{port}/mcp")
    gate = memory.gate()
    [block] = [block for block in blocks("docs/python.md") if "import FastMCP" in block]
    names: dict[str, Any] = {"gate": gate}
    exec(compile(block, "notes.py", "exec"), names)
    server = names["fast"]

    @server.tool
    @gate.confirm("Delete a note for good", Note="{name}")
    async def delete_note(name: str) -> str:
        return f"Deleted {name}."

    @server.tool
    @gate.scopes("notes:write")
    async def write_note(name: str) -> str:
        return f"Wrote {name}."

    async def decide(_: str) -> Answer:
        memory.decline() if declines else memory.approve()
        return "accept"

    mode = "legacy" if era == "2025-11-25" else "auto"
    token = memory.sign_in("sub_ada", scopes="notes:read")
    async with serve(server.http_app(), port), connect(memory.resource, token=token, opens=decide, mode=mode) as client:
        declines = False
        assert text(await client.call_tool("delete_note", {"name": "plan"})) == "Deleted plan."
        declines = True
        result = await client.call_tool("delete_note", {"name": "diary"})
        assert result.is_error
        assert "The user declined" in text(result)
        result = await client.call_tool("delete_note", {"name": "diary"})
    assert [asked.status for asked in memory.elicitations] == ["completed", "declined", "declined"]
