"""What stands in the documentation runs as it stands there."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from conftest import Scene, text
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec

from gatehouse_mcp import Gatehouse
from gatehouse_mcp.testing import Elicitation

ROOT = Path(__file__).parents[3]


def blocks(page: str) -> list[str]:
    """The Python blocks of a page."""
    parts = (ROOT / page).read_text().split("```python\n")[1:]
    return [part.split("\n```")[0] for part in parts]


def server_of(block: str, scene: Scene, monkeypatch: pytest.MonkeyPatch) -> dict[str, Any]:
    """Runs a program up to the line that serves, with the Gatehouse of the scene."""
    monkeypatch.setattr(Gatehouse, "from_env", classmethod(lambda _: scene.gate))
    names: dict[str, Any] = {"__name__": "notes"}
    exec(compile(block.replace('\n\nserver.run("streamable-http")', ""), "notes.py", "exec"), names)
    scene.server = names["server"]
    return names


async def test_the_lines_of_the_readme(scene: Scene, era: str, monkeypatch: pytest.MonkeyPatch) -> None:
    [block] = blocks("README.md")
    assert block.endswith('\n\nserver.run("streamable-http")')
    server_of(block, scene, monkeypatch)
    scene.acts = scene.memory.approve
    assert text(await scene.call(era, "delete_note", name="plan")) == "Deleted plan."


def test_the_lines_of_the_readme_are_few() -> None:
    """At most six lines more than the SDK's own first program."""
    [block] = blocks("README.md")
    plain = [
        "from mcp.server.mcpserver import MCPServer",
        'server = MCPServer("notes")',
        "@server.tool()",
        "async def delete_note(name: str) -> str:",
        'return f"Deleted {name}."',
        'server.run("streamable-http")',
    ]
    lines = [line.strip() for line in block.splitlines() if line.strip()]
    assert len([line for line in lines if line not in plain]) <= 6
    assert len(lines) - len(plain) <= 2


RECIPES = [
    ("read_note", {"name": "plan"}, "ship it"),
    ("delete_note", {"name": "plan"}, "Deleted plan."),
    ("write_note", {"name": "list", "text": "milk"}, "Wrote list."),
    ("export_notes", {}, "ship it\ndear diary"),
    ("tidy", {}, "Deleted 0 notes."),
    ("connect_upstream", {}, "Stored a key of 8 characters."),
    ("hub_token_length", {}, "A token of 47 characters."),
    ("file_summary", {}, "Filed."),
    ("submit_expenses", {}, "Started."),
]


@pytest.fixture
def recipes(scene: Scene, monkeypatch: pytest.MonkeyPatch) -> dict[str, Any]:
    first, *rest = blocks("docs/python.md")
    program = "\n\n".join([first, *(block for block in rest if "@server.tool()" in block and "memory" not in block)])
    return server_of(program, scene, monkeypatch)


@pytest.mark.parametrize(("tool", "arguments", "expected"), RECIPES)
async def test_a_recipe(
    scene: Scene, recipes: dict[str, Any], era: str, tool: str, arguments: dict[str, str], expected: str
) -> None:
    def act(asked: Elicitation) -> None:
        scene.memory.answer(asked, {"api_key": "12345678", "region": None})

    scene.acts = act
    scene.memory.decisions["expenses.submit"] = {"decision": True}
    token = scene.memory.sign_in("sub_ada", scopes="notes:read notes:write")
    result = await scene.call(era, tool, token, **arguments)
    assert (text(result), result.is_error) == (expected, False)
    for task in list(recipes["running"]):
        await task
    if tool == "submit_expenses":
        assert recipes["filed"] == ["train", "hotel"]


def test_every_recipe_is_tried() -> None:
    page = "\n".join(blocks("docs/python.md"))
    tools = {line.split("def ")[1].split("(")[0] for line in page.splitlines() if line.startswith("async def ")}
    others = {"file_expenses", "filed_expenses", "hear", "test_a_note_is_deleted_after_an_approval"}
    assert tools - others == {tool for tool, _, _ in RECIPES}


async def test_the_example_of_a_test_passes() -> None:
    block = next(block for block in blocks("docs/python.md") if "MemoryGatehouse" in block)
    names: dict[str, Any] = {}
    exec(compile(block, "test_notes.py", "exec"), names)
    await names["test_a_note_is_deleted_after_an_approval"]()


async def test_the_receiver_of_events_hears(scene: Scene, capsys: pytest.CaptureFixture[str]) -> None:
    block = next(block for block in blocks("docs/python.md") if "on_event" in block)
    exec(compile(block, "notes.py", "exec"), {"gate": scene.gate})
    await scene.gate.events.process(scene.memory.revoke(scene.memory.sign_in()))
    assert "session-revoked ses_" in capsys.readouterr().out


def test_the_public_half_of_a_key_is_printed(tmp_path: Path) -> None:
    block = next(block for block in blocks("docs/python.md") if "load_pem_private_key" in block)
    key = ec.generate_private_key(ec.SECP256R1())
    pem = key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    (tmp_path / "notes.pem").write_bytes(pem)
    (tmp_path / "show.py").write_text(block)
    command = [sys.executable, "show.py", "notes.pem"]
    printed = subprocess.run(command, cwd=tmp_path, capture_output=True, check=True, text=True).stdout
    [shown] = json.loads(printed)["keys"]
    assert shown["alg"] == "ES256"
    assert "d" not in shown
