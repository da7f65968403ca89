"""Approvals, in both eras of the protocol."""

import pytest
from conftest import Scene, text

from gatehouse_mcp.testing import Elicitation


@pytest.fixture(autouse=True)
def tool(scene: Scene) -> None:
    @scene.server.tool()
    @scene.gate.confirm("Delete a note for good", Note="{name}")
    async def delete_note(name: str) -> str:
        scene.done.append(name)
        return f"Deleted {name}."


async def test_the_user_approves_and_the_action_runs_once(scene: Scene, era: str) -> None:
    scene.acts = scene.memory.approve
    result = await scene.call(era, "delete_note", name="plan")
    assert (text(result), result.is_error) == ("Deleted plan.", False)
    assert scene.done == ["plan"]
    assert len(scene.links) == 1
    [asked] = scene.memory.elicitations
    assert asked.body["action"] == {
        "name": "delete_note",
        "summary": "Delete a note for good",
        "details": [{"label": "Note", "value": "plan"}],
        "arguments": {"name": "plan"},
    }
    assert asked.result is None  # spent


async def test_the_user_declines_and_nothing_runs(scene: Scene, era: str) -> None:
    scene.acts = scene.memory.decline
    result = await scene.call(era, "delete_note", name="plan")
    assert result.is_error
    assert "declined" in text(result)
    assert scene.done == []
    assert len(scene.memory.elicitations) == 1


async def test_a_client_that_does_not_open_the_link_ends_the_call(scene: Scene, era: str) -> None:
    scene.opens = "decline"
    result = await scene.call(era, "delete_note", name="plan")
    assert result.is_error
    assert scene.done == []
    assert scene.memory.elicitations[0].status == "cancelled"


async def test_an_approval_of_another_action_runs_nothing(scene: Scene, era: str) -> None:
    def other(asked: Elicitation) -> None:
        asked.body["action"]["arguments"]["name"] = "diary"
        scene.memory.approve(asked)

    scene.acts = other
    result = await scene.call(era, "delete_note", name="plan")
    assert result.is_error
    assert "another call" in text(result)
    assert scene.done == []


async def test_a_value_with_braces_is_shown_as_it_is(scene: Scene) -> None:
    scene.acts = scene.memory.approve
    await scene.call("2026-07-28", "delete_note", name="{name} or {other}")
    assert scene.memory.elicitations[0].body["action"]["details"][0]["value"] == "{name} or {other}"
