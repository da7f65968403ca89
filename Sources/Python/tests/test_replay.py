"""What a client gains by sending the same state again: nothing."""

import asyncio
from typing import Any

import httpx2
import pytest
from conftest import Scene
from mcp_types import InputRequiredResult
from pydantic import BaseModel
from test_guard import body

from gatehouse_mcp import Gatehouse, GatehouseServer
from gatehouse_mcp.testing import serve

HEADERS = {"Accept": "application/json, text/event-stream", "MCP-Protocol-Version": "2026-07-28"}


class Key(BaseModel):
    key: str


@pytest.fixture(autouse=True)
def tools(scene: Scene) -> None:
    add_tools(scene, scene.gate, scene.server)


def add_tools(scene: Scene, gate: Gatehouse, server: GatehouseServer) -> None:
    @server.tool()
    @gate.confirm("Delete a note for good", Note="{name}")
    async def delete_note(name: str) -> str:
        scene.done.append(name)
        return "deleted"

    @server.tool()
    @gate.confirm("Rotate")
    async def rotate() -> str:
        await gate.secret(Key, "The new key.")
        scene.done.append("rotated")
        return "rotated"

    @server.tool()
    @gate.confirm("Pay")
    @gate.account("hub")
    async def pay() -> str:
        scene.done.append("paid")
        return "paid"

    @server.tool()
    @gate.confirm("Store")
    async def store() -> str:
        if "stored" not in scene.done:
            await gate.secret(Key, "The key.")
        scene.done.append("stored")
        return "stored"

    @server.tool()
    @gate.confirm("Ask")
    async def ask() -> InputRequiredResult:
        return InputRequiredResult(request_state="own")


class Sender:
    """A client that sends what it likes."""

    def __init__(self, scene: Scene, http: httpx2.AsyncClient, token: str, url: str | None = None) -> None:
        self.scene, self.http, self.token, self.url = scene, http, token, url or scene.url

    async def call(self, tool: str, arguments: dict[str, Any], state: str | None = None, answer: str = "accept") -> Any:
        request = body(tool)
        request["params"]["arguments"] = arguments
        capabilities: dict[str, Any] = {"elicitation": {"url": {}}}
        request["params"]["_meta"]["io.modelcontextprotocol/clientCapabilities"] = capabilities
        if state is not None:
            request["params"] |= {"requestState": state, "inputResponses": {"gatehouse": {"action": answer}}}
        fields = HEADERS | {"MCP-Method": "tools/call", "MCP-Name": tool, "Authorization": f"Bearer {self.token}"}
        response = await self.http.post(self.url, headers=fields, json=request, timeout=40)
        lines = [line for line in response.text.splitlines() if line.startswith("data:")]
        return httpx2.Response(200, text=lines[-1][5:]).json() if lines else response.json()


async def test_a_state_with_one_approval_runs_the_action_once(scene: Scene) -> None:
    token = scene.memory.sign_in(scopes="notes:read")
    async with serve(scene.server.streamable_http_app(), scene.port), httpx2.AsyncClient() as http:
        sender = Sender(scene, http, token)
        first = await sender.call("delete_note", {"name": "plan"})
        assert first["result"]["resultType"] == "input_required"
        state = first["result"]["requestState"]
        assert "eli_" not in state
        scene.memory.approve()
        results = await asyncio.gather(*(sender.call("delete_note", {"name": "plan"}, state) for _ in range(8)))
    assert scene.done == ["plan"]
    assert sum(not answer["result"].get("isError") for answer in results) == 1


async def test_a_state_after_a_spent_approval_runs_the_action_once(scene: Scene) -> None:
    token = scene.memory.sign_in(scopes="notes:read")
    async with serve(scene.server.streamable_http_app(), scene.port), httpx2.AsyncClient() as http:
        sender = Sender(scene, http, token)
        first = await sender.call("rotate", {})
        scene.memory.approve()
        second = await sender.call("rotate", {}, first["result"]["requestState"])
        state = second["result"]["requestState"]
        scene.memory.submit({"key": "k"})
        await asyncio.gather(*(sender.call("rotate", {}, state) for _ in range(8)))
    assert scene.done == ["rotated"]


@pytest.mark.parametrize(("tool", "does"), [("pay", "paid"), ("store", "stored")])
async def test_a_state_after_a_spent_approval_runs_a_tool_once_that_does_not_ask_again(
    scene: Scene, tool: str, does: str
) -> None:
    token = scene.memory.sign_in(scopes="notes:read")
    async with serve(scene.server.streamable_http_app(), scene.port), httpx2.AsyncClient() as http:
        sender = Sender(scene, http, token)
        first = await sender.call(tool, {})
        scene.memory.approve()
        second = await sender.call(tool, {}, first["result"]["requestState"])
        state = second["result"]["requestState"]
        scene.memory.connect_account(token, "hub")
        scene.memory.submit({"key": "k"})
        results = [await sender.call(tool, {}, state) for _ in range(4)]
    assert scene.done == [does]
    assert [bool(answer["result"].get("isError")) for answer in results] == [False, True, True, True]


async def test_a_tool_that_asks_its_client_after_an_approval_is_refused(scene: Scene) -> None:
    token = scene.memory.sign_in(scopes="notes:read")
    async with serve(scene.server.streamable_http_app(), scene.port), httpx2.AsyncClient() as http:
        sender = Sender(scene, http, token)
        first = await sender.call("ask", {})
        scene.memory.approve()
        second = await sender.call("ask", {}, first["result"]["requestState"])
    assert "after an approval" in second["error"]["message"]


async def test_a_state_of_another_call_or_user_is_refused(scene: Scene) -> None:
    token, other = scene.memory.sign_in(scopes="notes:read"), scene.memory.sign_in("sub_eve", scopes="notes:read")
    async with serve(scene.server.streamable_http_app(), scene.port), httpx2.AsyncClient() as http:
        sender = Sender(scene, http, token)
        state = (await sender.call("delete_note", {"name": "plan"}))["result"]["requestState"]
        scene.memory.approve()
        altered = await sender.call("delete_note", {"name": "diary"}, state)
        stolen = await Sender(scene, http, other).call("delete_note", {"name": "plan"}, state)
        forged = await sender.call("delete_note", {"name": "plan"}, state[:-4] + "AAAA")
    assert {answer["error"]["code"] for answer in (altered, stolen, forged)} == {-32602}
    assert scene.done == []


async def test_another_worker_with_the_same_credentials_continues_the_call(scene: Scene) -> None:
    token = scene.memory.sign_in(scopes="notes:read")
    async with httpx2.AsyncClient() as http:
        async with serve(scene.server.streamable_http_app(), scene.port):
            first = await Sender(scene, http, token).call("delete_note", {"name": "plan"})
        scene.memory.approve()
        gate = scene.memory.gate()
        restarted = gate.server("notes", scopes=["notes:read"])
        add_tools(scene, gate, restarted)
        async with serve(restarted.streamable_http_app(), scene.port):
            state = first["result"]["requestState"]
            second = await Sender(scene, http, token).call("delete_note", {"name": "plan"}, state)
    assert second["result"]["content"][0]["text"] == "deleted"
    assert scene.done == ["plan"]


async def test_a_client_that_opens_no_links_gets_the_error_of_its_version(scene: Scene) -> None:
    token = scene.memory.sign_in(scopes="notes:read")
    fields = HEADERS | {"MCP-Method": "tools/call", "MCP-Name": "rotate", "Authorization": f"Bearer {token}"}
    async with serve(scene.server.streamable_http_app(), scene.port), httpx2.AsyncClient() as http:
        answer = await http.post(scene.url, headers=fields, json=body("rotate"))
    assert '"code":-32021' in answer.text.replace(" ", "")
    assert scene.memory.elicitations == []


async def test_an_old_client_that_opens_no_links_gets_a_failed_result(scene: Scene) -> None:
    token = scene.memory.sign_in(scopes="notes:read")
    async with scene.client(token, "2025-11-25", opens_links=False) as client:
        result = await client.call_tool("rotate", {})
    assert result.is_error
    assert scene.memory.open == []
