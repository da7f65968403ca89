"""Jobs, decisions, checkpoints, own pages and the end of a session."""

import asyncio
from typing import Any

import pytest
from conftest import Scene, text

from gatehouse_mcp import NotAllowed, Refusal
from gatehouse_mcp.jobs import Job
from gatehouse_mcp.testing import Elicitation, User


@pytest.fixture(autouse=True)
def tools(scene: Scene) -> None:
    gate = scene.gate

    @scene.server.tool()
    async def submit() -> str:
        async with gate.job(["expenses.submit"], "File the expenses", hours=2) as job:
            await job.may("expenses.submit", summary="File one expense")
            scene.done.append("filed")
        return "filed"

    @scene.server.tool()
    async def summarize() -> str:
        return await gate.checkpoint("sampling", outcome="approved", model="model-1")

    @scene.server.tool()
    async def pay() -> str:
        step = await gate.external("https://pay.example/cart", "Pay for the order.")
        scene.done.append(step)
        return "paid"

    @scene.server.tool()
    async def leave() -> str:
        await gate.end_session()
        return "bye"


async def test_a_job_asks_before_it_acts_and_ends_with_its_block(scene: Scene) -> None:
    scene.memory.decisions["expenses.submit"] = {"decision": True}
    result = await scene.call("2026-07-28", "submit")
    assert not result.is_error, text(result)
    assert scene.done == ["filed"]
    [job] = scene.memory.jobs.values()
    assert job["purpose"] == "File the expenses"
    assert job["expires_at"].endswith("Z")
    assert job["status"] == "ended"


async def test_an_action_that_is_not_listed_is_not_done(scene: Scene) -> None:
    result = await scene.call("2026-07-28", "submit")
    assert result.is_error
    assert "has not listed this action" in text(result)
    assert scene.done == []
    assert next(iter(scene.memory.jobs.values()))["status"] == "ended"


async def test_a_job_waits_for_its_user(scene: Scene) -> None:
    job = Job(scene.gate._connection, ["expenses.submit"], "File", None)
    job.id = "job_1"
    scene.memory.jobs["job_1"] = {"id": "job_1", "status": "open", "actions": ["expenses.submit"]}
    user = User("sub_ada")
    asked = Elicitation(user, {"kind": "confirm", "action": {"name": "expenses.submit"}}, None)
    scene.memory.elicitations.append(asked)
    waiting: dict[str, Any] = {"reason": "approval_required", "elicitation": {"id": asked.id, "url": "http://x"}}
    scene.memory.decisions["expenses.submit"] = {"decision": False, "context": waiting}
    asking = asyncio.create_task(job.may("expenses.submit"))
    while ("GET", f"/elicitations/{asked.id}") not in scene.memory.requests:
        await asyncio.sleep(0.005)
    assert not asking.done()
    scene.memory.decisions["expenses.submit"] = {"decision": True, "context": {"reason": "approved"}}
    asked.end("completed", {})
    await asking


async def test_a_job_whose_user_declines_does_nothing(scene: Scene) -> None:
    job = Job(scene.gate._connection, ["expenses.submit"], "File", None)
    job.id = "job_1"
    scene.memory.jobs["job_1"] = {"id": "job_1", "status": "open", "actions": ["expenses.submit"]}
    asked = Elicitation(User("sub_ada"), {"kind": "confirm"}, None, status="declined")
    scene.memory.elicitations.append(asked)
    waiting: dict[str, Any] = {"reason": "approval_required", "elicitation": {"id": asked.id, "url": "http://x"}}
    scene.memory.decisions["expenses.submit"] = {"decision": False, "context": waiting}
    with pytest.raises(NotAllowed, match="declined"):
        await job.may("expenses.submit")


async def test_an_ended_job_does_nothing(scene: Scene) -> None:
    job = Job(scene.gate._connection, ["expenses.submit"], "File", None)
    job.id = "job_unknown"
    with pytest.raises(NotAllowed, match="no longer active") as caught:
        await job.may("expenses.submit")
    assert caught.value.reason is None


async def test_a_checkpoint_returns_its_receipt(scene: Scene) -> None:
    result = await scene.call("2026-07-28", "summarize")
    assert not result.is_error, text(result)
    assert scene.memory.checkpoints == [{"kind": "sampling", "outcome": "approved", "model": "model-1"}]


async def test_a_page_of_this_server_finishes_the_step(scene: Scene, era: str) -> None:
    def act(asked: Elicitation) -> None:
        asked.status = "opened"
        acting.append(asyncio.create_task(visit(asked)))

    async def visit(asked: Elicitation) -> None:
        visitor = await scene.gate.redeem(f"ticket-{asked.id}")
        assert (visitor.subject, visitor.client_id) == ("sub_ada", "test-client")
        await scene.gate.complete(visitor.step, reference="4711")

    acting: list[asyncio.Task[None]] = []
    scene.acts = act
    result = await scene.call(era, "pay")
    assert not result.is_error, text(result)
    assert scene.done == [scene.memory.elicitations[0].id]
    with pytest.raises(Refusal) as caught:
        await scene.gate.redeem(f"ticket-{scene.done[0]}")
    assert caught.value.code == "not_found"


async def test_a_server_ends_the_session_of_its_user(scene: Scene) -> None:
    token = scene.memory.sign_in(scopes="notes:read")
    async with scene.client(token, "2026-07-28") as client:
        await client.list_tools()  # before the session ends, since the client looks for the schema of the result
        assert not (await client.call_tool("leave", {})).is_error
    assert not scene.memory.users[token].has_session


async def test_a_user_is_demanded_where_there_is_none(scene: Scene) -> None:
    server = scene.gate.server("notes", scopes=["notes:read"], accept_clients=True)

    @server.tool()
    async def ask() -> str:
        await scene.gate.approve("wipe", "Wipe the disk", {})
        return "wiped"

    scene.server = server
    token = scene.memory.token(User("test-client", scopes=["notes:read"], is_client=True))
    result = await scene.call("2026-07-28", "ask", token)
    assert result.is_error
    assert "needs a user" in text(result)
    assert scene.memory.elicitations == []
