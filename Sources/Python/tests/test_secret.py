"""Secrets and connected accounts, in both eras of the protocol, alone and after an approval."""

import enum
import logging
from typing import Any

import pytest
from conftest import Scene, text
from pydantic import BaseModel, Field, SecretStr

from gatehouse_mcp.asking.secret import form
from gatehouse_mcp.testing import Elicitation


class Region(enum.Enum):
    NORTH = "north"
    SOUTH = "south"


class Upstream(BaseModel):
    api_key: SecretStr = Field(title="API key", min_length=4)
    region: Region | None = None
    retries: int = 3


def test_a_model_becomes_a_flat_form() -> None:
    schema = form(Upstream)
    assert schema["required"] == ["api_key"]
    assert schema["properties"]["api_key"] == {
        "title": "API key",
        "type": "string",
        "format": "password",
        "minLength": 4,
    }
    assert schema["properties"]["region"]["enum"] == ["north", "south"]
    assert schema["properties"]["retries"]["default"] == 3


def test_a_model_within_a_model_is_refused() -> None:
    class Nested(BaseModel):
        inner: Upstream

    with pytest.raises(TypeError, match=r"Nested.inner is no field"):
        form(Nested)


@pytest.fixture(autouse=True)
def tools(scene: Scene) -> None:
    @scene.server.tool()
    async def store() -> str:
        values = await scene.gate.secret(Upstream, "The upstream needs a key.")
        scene.done.append(values.api_key.get_secret_value())
        return f"stored {values}"

    @scene.server.tool()
    @scene.gate.account("hub", "repo", "Connect your account.")
    async def pulls() -> str:
        token = await scene.gate.token("hub")
        scene.done.append(token.get_secret_value())
        return f"with {token}"

    @scene.server.tool()
    @scene.gate.confirm("Rotate the key")
    async def rotate() -> str:
        values = await scene.gate.secret(Upstream, "The new key.")
        scene.done.append(values.api_key.get_secret_value())
        return "rotated"

    @scene.server.tool()
    @scene.gate.confirm("Merge")
    @scene.gate.account("hub", "repo", "Connect your account.")
    def merge() -> str:
        scene.done.append("merged")
        return "merged"


def answers(scene: Scene, **values: Any) -> None:
    def act(asked: Elicitation) -> None:
        scene.memory.answer(asked, values)

    scene.acts = act


async def test_the_values_reach_the_tool_alone(scene: Scene, era: str, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    answers(scene, api_key="k-123456")
    result = await scene.call(era, "store")
    assert not result.is_error, text(result)
    assert scene.done == ["k-123456"]
    assert "k-123456" not in text(result) + caplog.text
    [asked] = scene.memory.elicitations
    assert asked.result is None  # acknowledged
    assert ("DELETE", f"/elicitations/{asked.id}/result") in scene.memory.requests


async def test_values_that_do_not_fit_are_named_and_not_shown(
    scene: Scene, era: str, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    answers(scene, api_key="k-123456", region="moon-base")
    result = await scene.call(era, "store")
    assert result.is_error
    assert "region" in text(result)
    assert "moon-base" not in text(result) + caplog.text
    assert scene.done == []
    assert scene.memory.elicitations[0].result is not None  # not acknowledged


async def test_an_account_is_connected_when_missing_and_then_used(scene: Scene, era: str) -> None:
    answers(scene)
    token = scene.memory.sign_in(scopes="notes:read")
    first = await scene.call(era, "pulls", token)
    assert not first.is_error, text(first)
    again = await scene.call(era, "pulls", token)
    assert not again.is_error
    assert len(scene.memory.elicitations) == 1
    assert scene.memory.elicitations[0].body["scope"] == "repo"
    assert scene.done[0].startswith("provider-token-")
    assert scene.done[0] not in text(first)


async def test_an_account_without_the_scope_is_connected_again(scene: Scene) -> None:
    answers(scene)
    token = scene.memory.sign_in(scopes="notes:read")
    scene.memory.connect_account(token, "hub", "email")
    assert not (await scene.call("2026-07-28", "pulls", token)).is_error
    assert len(scene.memory.elicitations) == 1


async def test_a_tool_may_ask_several_times(scene: Scene, era: str) -> None:
    answers(scene, api_key="k-123456")
    result = await scene.call(era, "rotate")
    assert not result.is_error, text(result)
    assert scene.done == ["k-123456"]
    assert [asked.body["kind"] for asked in scene.memory.elicitations] == ["confirm", "secret"]
    assert all(asked.result is None for asked in scene.memory.elicitations)


async def test_an_approval_and_an_account_in_one_call(scene: Scene, era: str) -> None:
    answers(scene)
    result = await scene.call(era, "merge")
    assert not result.is_error, text(result)
    assert scene.done == ["merged"]
    assert [asked.body["kind"] for asked in scene.memory.elicitations] == ["confirm", "connect"]
