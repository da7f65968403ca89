"""What a request needs before it reaches a tool."""

import base64
import hashlib
import json
import time
import uuid
from collections.abc import Callable
from typing import Any

import httpx2
import jwt
import pytest
from conftest import Scene
from cryptography.hazmat.primitives.asymmetric import ec
from mcp.server.mcpserver import MCPServer

from gatehouse_mcp.guarding.proofs import thumbprint
from gatehouse_mcp.testing import User, serve

KEY = ec.generate_private_key(ec.SECP256R1())
JWK = {
    name: value
    for name, value in json.loads(jwt.get_algorithm_by_name("ES256").to_jwk(KEY.public_key())).items()
    if name in ("kty", "crv", "x", "y")
}


@pytest.fixture(autouse=True)
def tools(scene: Scene) -> None:
    @scene.server.tool()
    async def read() -> str:
        scene.done.append("read")
        return scene.gate.access.subject

    @scene.server.tool(name="write_note")
    @scene.gate.scopes("notes:write")
    async def write() -> str:
        scene.done.append("write")
        return "written"

    @scene.server.tool()
    @scene.gate.fresh(300)
    async def purge() -> str:
        scene.done.append("purge")
        return "purged"


def body(tool: str) -> dict[str, Any]:
    meta = {
        "io.modelcontextprotocol/protocolVersion": "2026-07-28",
        "io.modelcontextprotocol/clientCapabilities": {},
        "io.modelcontextprotocol/clientInfo": {"name": "test", "version": "1"},
    }
    return {"jsonrpc": "2.0", "id": 1, "method": "tools/call", "params": {"name": tool, "arguments": {}, "_meta": meta}}


async def post(
    scene: Scene, tool: str = "read", *headers: tuple[str, str], token: str | None = None, content: Any = None
) -> httpx2.Response:
    fields = [
        ("Accept", "application/json, text/event-stream"),
        ("MCP-Protocol-Version", "2026-07-28"),
        ("MCP-Method", "tools/call"),
        ("MCP-Name", tool),
        *headers,
    ]
    if token is not None:
        fields.append(("Authorization", f"Bearer {token}"))
    async with serve(scene.server.streamable_http_app(), scene.port), httpx2.AsyncClient() as http:
        response: httpx2.Response = await http.post(scene.url, headers=fields, json=content or body(tool))
        return response


def challenge(response: httpx2.Response) -> str:
    return str(response.headers["www-authenticate"])


async def test_the_metadata_names_the_issuer_and_every_scope(scene: Scene) -> None:
    async with serve(scene.server.streamable_http_app(), scene.port), httpx2.AsyncClient() as http:
        answer = await http.get(f"http://127.0.0.1:{scene.port}/.well-known/oauth-protected-resource/mcp")
    document = answer.json()
    assert document["resource"] == scene.url
    assert document["authorization_servers"] == ["https://gatehouse.test"]
    assert document["scopes_supported"] == ["notes:read", "notes:write"]
    assert document["resource_name"] == "notes"


async def test_a_valid_token_reaches_the_tool(scene: Scene) -> None:
    answer = await post(scene, token=scene.memory.sign_in("sub_ada", scopes="notes:read"))
    assert answer.status_code == 200, answer.text
    assert "sub_ada" in answer.text
    # The layers behind the guard take its word, so that a request costs one introspection; the start costs another.
    assert scene.memory.requests.count(("POST", "/introspect")) == 2


async def test_a_request_without_a_token_is_told_where_to_get_one(scene: Scene) -> None:
    answer = await post(scene)
    assert answer.status_code == 401
    metadata = f"http://127.0.0.1:{scene.port}/.well-known/oauth-protected-resource/mcp"
    assert challenge(answer) == f'Bearer scope="notes:read", resource_metadata="{metadata}"'


@pytest.mark.parametrize("case", ["unknown", "revoked", "elsewhere", "issuer", "expired", "client", "actor"])
async def test_a_token_that_is_not_a_users_here_is_refused(scene: Scene, case: str) -> None:
    memory, user = scene.memory, User("sub_ada", scopes=["notes:read"])
    tokens: dict[str, Callable[[], str]] = {
        "unknown": lambda: "not-a-token",
        "revoked": lambda: memory.token(user),
        "elsewhere": lambda: memory.token(user, aud="http://127.0.0.1:1/mcp"),
        "issuer": lambda: memory.token(user, iss="http://elsewhere.test"),
        "expired": lambda: memory.token(user, exp=int(time.time()) - 120),
        "client": lambda: memory.token(User("test-client", scopes=["notes:read"], is_client=True)),
        "actor": lambda: memory.token(user, **{"gatehouse:actor": "robot"}),
    }
    token = tokens[case]()
    if case == "revoked":
        memory.revoke(token)
    answer = await post(scene, token=token)
    assert answer.status_code == 401
    assert 'error="invalid_token"' in challenge(answer)
    assert scene.done == []


async def test_a_missing_scope_of_a_tool_is_a_403_that_names_all_it_needs(scene: Scene) -> None:
    answer = await post(scene, "write_note", token=scene.memory.sign_in(scopes="notes:read"))
    assert answer.status_code == 403
    assert 'error="insufficient_scope"' in challenge(answer)
    assert 'scope="notes:read notes:write"' in challenge(answer)
    assert scene.done == []


async def test_a_batch_does_not_hide_a_tool(scene: Scene) -> None:
    token = scene.memory.sign_in(scopes="notes:read")
    answer = await post(scene, token=token, content=[body("read"), body("write_note")])
    assert answer.status_code == 403
    assert scene.done == []


async def test_the_tool_itself_checks_scopes_too(scene: Scene) -> None:
    @scene.gate.scopes("notes:purge")
    async def hidden() -> str:
        scene.done.append("hidden")
        return ""

    # A name of which the guard knows nothing.
    scene.server._protection.requirements._of.pop("hidden")
    scene.server._tool_manager.add_tool(hidden)
    answer = await post(scene, "hidden", token=scene.memory.sign_in(scopes="notes:read"))
    assert "This tool needs the scope notes:purge." in answer.text
    assert scene.done == []


async def test_an_old_sign_in_is_a_401_and_gatehouse_is_told(scene: Scene) -> None:
    old = User("sub_ada", scopes=["notes:read"], authenticated_at=int(time.time()) - 400)
    answer = await post(scene, "purge", token=scene.memory.token(old))
    assert answer.status_code == 401
    assert 'error="insufficient_user_authentication"' in challenge(answer)
    assert 'max_age="300"' in challenge(answer)
    assert scene.memory.required == {old.session_id: 300}
    assert scene.done == []
    answer = await post(scene, "purge", token=scene.memory.sign_in(scopes="notes:read"))
    assert scene.done == ["purge"]


async def test_nothing_passes_while_gatehouse_is_down(scene: Scene) -> None:
    token = scene.memory.sign_in(scopes="notes:read")
    fields = {"Authorization": f"Bearer {token}"}
    async with serve(scene.server.streamable_http_app(), scene.port), httpx2.AsyncClient() as http:
        scene.memory.is_down = True
        answer = await http.post(scene.url, headers=fields, json=body("read"), timeout=20)
    assert answer.status_code == 503
    assert answer.headers["retry-after"] == "5"
    assert scene.done == []


async def test_two_authorization_headers_are_refused(scene: Scene) -> None:
    token = scene.memory.sign_in(scopes="notes:read")
    answer = await post(scene, "read", ("Authorization", "Bearer other"), token=token)
    assert answer.status_code == 400
    assert scene.done == []


def proof(token: str, url: str, **claims: Any) -> str:
    spent = base64.urlsafe_b64encode(hashlib.sha256(token.encode()).digest()).rstrip(b"=").decode()
    content = {"jti": uuid.uuid4().hex, "htm": "POST", "htu": url, "iat": time.time(), "ath": spent}
    return jwt.encode(content | claims, KEY, algorithm="ES256", headers={"typ": "dpop+jwt", "jwk": JWK})


def bound(scene: Scene) -> str:
    user = User("sub_ada", scopes=["notes:read"])
    return scene.memory.token(user, cnf={"jkt": thumbprint(JWK)})


async def test_a_bound_token_with_a_proof_of_its_key_reaches_the_tool_once(scene: Scene) -> None:
    token = bound(scene)
    fields = [("Authorization", f"DPoP {token}"), ("DPoP", proof(token, scene.url))]
    headers = [*fields, ("Accept", "application/json, text/event-stream"), ("MCP-Protocol-Version", "2026-07-28")]
    headers += [("MCP-Method", "tools/call"), ("MCP-Name", "read")]
    async with serve(scene.server.streamable_http_app(), scene.port), httpx2.AsyncClient() as http:
        first = await http.post(scene.url, headers=headers, json=body("read"))
        second = await http.post(scene.url, headers=headers, json=body("read"))
    assert (first.status_code, second.status_code) == (200, 401)
    assert challenge(second).startswith('DPoP error="invalid_dpop_proof"')
    assert scene.done == ["read"]


async def test_a_bound_token_without_its_proof_is_refused(scene: Scene) -> None:
    answer = await post(scene, token=bound(scene))
    assert answer.status_code == 401
    assert challenge(answer).startswith('DPoP error="invalid_token"')
    assert scene.done == []


@pytest.mark.parametrize(
    "claims",
    [
        {"htm": "GET"},
        {"htu": "http://127.0.0.1:1/mcp"},
        {"ath": "AAAA"},
        {"iat": 1},
        {"jti": ""},
        {"iat": True},
        {"iat": float("nan")},
    ],
)
async def test_a_proof_of_something_else_is_refused(scene: Scene, claims: dict[str, Any]) -> None:
    token = bound(scene)
    fields = (("Authorization", f"DPoP {token}"), ("DPoP", proof(token, scene.url, **claims)))
    answer = await post(scene, "read", *fields)
    assert answer.status_code == 401
    assert 'error="invalid_dpop_proof"' in challenge(answer)
    assert scene.done == []


async def test_an_unbound_token_may_not_come_with_the_scheme_of_proofs(scene: Scene) -> None:
    token = scene.memory.sign_in(scopes="notes:read")
    fields = (("Authorization", f"DPoP {token}"), ("DPoP", proof(token, scene.url)))
    assert (await post(scene, "read", *fields)).status_code == 401
    assert scene.done == []


async def test_a_path_with_a_line_break_reaches_no_server_without_a_token(scene: Scene) -> None:
    existing = MCPServer[Any]("existing")

    @existing.tool()
    async def read() -> str:
        scene.done.append("read")
        return "read"

    fields = {"Accept": "application/json, text/event-stream", "MCP-Protocol-Version": "2026-07-28"}
    fields |= {"MCP-Method": "tools/call", "MCP-Name": "read"}
    async with serve(scene.gate.protect(existing), scene.port), httpx2.AsyncClient() as http:
        answers = [
            await http.post(f"{scene.url}{end}", headers=fields, json=body("read")) for end in ("", "/", "%0A", "%0A/")
        ]
    assert [answer.status_code for answer in answers] == [401, 401, 400, 400]
    assert scene.done == []
