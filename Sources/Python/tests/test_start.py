"""What a server learns at its start, instead of its first user."""

from pathlib import Path

import httpx2
import pytest
from conftest import Scene
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec

from gatehouse_mcp import Gatehouse, SecretCredentials, StartFault, WrongCredentials
from gatehouse_mcp.startcheck import check
from gatehouse_mcp.testing import MemoryGatehouse, serve

ENVIRONMENT = {
    "GATEHOUSE_ISSUER": "https://gatehouse.test/",
    "GATEHOUSE_RESOURCE": "http://127.0.0.1:9000/mcp",
    "GATEHOUSE_CLIENT_ID": "res_test",
    "GATEHOUSE_CLIENT_SECRET": "secret-of-this-test",
}


async def fault(memory: MemoryGatehouse, gate: Gatehouse, *, receives_events: bool = False) -> str:
    with pytest.raises(StartFault) as caught:
        await check(gate._connection, gate.resource, receives_events=receives_events)
    return str(caught.value)


async def test_everything_fits(scene: Scene) -> None:
    await check(scene.gate._connection, scene.gate.resource, receives_events=False)


async def test_gatehouse_is_unreachable(scene: Scene) -> None:
    scene.memory.is_down = True
    assert await fault(scene.memory, scene.gate) == (
        "Gatehouse does not answer at https://gatehouse.test; check that it runs."
    )


async def test_the_secret_is_wrong(scene: Scene, caplog: pytest.LogCaptureFixture) -> None:
    sentence = await fault(scene.memory, scene.memory.gate("a-wrong-one"))
    assert "refuses the id res_test with this secret" in sentence
    assert "a-wrong-one" not in sentence + caplog.text


async def test_the_url_is_another_than_the_registered_one(scene: Scene) -> None:
    credentials = SecretCredentials(scene.memory.client_id, scene.memory.client_secret)
    slash = Gatehouse(
        scene.memory.issuer,
        scene.memory.resource + "/",
        credentials,
        transport=httpx2.MockTransport(scene.memory.handle),
    )
    sentence = await fault(scene.memory, slash)
    assert f"knows this server as {scene.url}, and it calls itself {scene.url}/" in sentence


async def test_the_issuer_calls_itself_otherwise(scene: Scene) -> None:
    gate = scene.memory.gate()
    scene.memory.issuer = "http://localhost:8080"
    assert await fault(scene.memory, gate) == (
        "Gatehouse calls itself http://localhost:8080; set GATEHOUSE_ISSUER to exactly that."
    )


async def test_what_answers_is_no_issuer(scene: Scene) -> None:
    sentence = "This server does not serve that host. Use the address of the issuer."

    def refuse(_: httpx2.Request) -> httpx2.Response:
        return httpx2.Response(400, json={"error": "invalid_request", "error_description": sentence})

    credentials = SecretCredentials("res_test", "secret-of-this-test")
    gate = Gatehouse("http://127.0.0.1:8080", scene.url, credentials, transport=httpx2.MockTransport(refuse))
    assert await fault(scene.memory, gate) == (
        f"http://127.0.0.1:8080 is no issuer; check GATEHOUSE_ISSUER. It answers: {sentence}"
    )


async def test_events_that_nobody_receives_are_a_warning(scene: Scene, caplog: pytest.LogCaptureFixture) -> None:
    scene.memory.delivery = {"delivery": "push", "status": "paused"}
    await check(scene.gate._connection, scene.gate.resource, receives_events=False)
    assert "Gatehouse pushes events to this server, and it does not receive them" in caplog.text


async def test_a_server_with_a_fault_does_not_start(scene: Scene, capfd: pytest.CaptureFixture[str]) -> None:
    scene.memory.is_down = True
    with pytest.raises(RuntimeError):
        async with serve(scene.server.streamable_http_app(), scene.port):
            pass
    said = capfd.readouterr().err
    assert "gatehouse-mcp: Gatehouse does not answer" in said
    assert "Traceback" not in said


@pytest.mark.parametrize("name", sorted(ENVIRONMENT))
def test_a_missing_variable_is_named(name: str) -> None:
    with pytest.raises(StartFault, match=name):
        Gatehouse.from_env({key: value for key, value in ENVIRONMENT.items() if key != name})


def test_a_secret_and_a_key_at_once_are_refused(tmp_path: Path) -> None:
    with pytest.raises(StartFault, match="not both"):
        Gatehouse.from_env(ENVIRONMENT | {"GATEHOUSE_KEY_FILE": str(tmp_path / "key.pem")})


@pytest.mark.parametrize("url", ["notes.example/mcp", "https://notes.example/mcp?a=1", "ftp://notes.example"])
def test_a_url_that_is_none_is_refused(url: str) -> None:
    with pytest.raises(StartFault, match="GATEHOUSE_RESOURCE"):
        Gatehouse.from_env(ENVIRONMENT | {"GATEHOUSE_RESOURCE": url})


@pytest.mark.parametrize("issuer", ["http://gatehouse.example", "http://127.0.0.1.example", "http://192.0.2.1:8080"])
def test_the_secret_goes_nowhere_else_over_plain_http(issuer: str) -> None:
    with pytest.raises(StartFault, match="has to begin with https://"):
        Gatehouse.from_env(ENVIRONMENT | {"GATEHOUSE_ISSUER": issuer})


def test_nothing_prints_the_secret() -> None:
    gate = Gatehouse.from_env(ENVIRONMENT)
    printed = repr(gate) + repr(gate._connection) + repr(gate._connection.credentials)
    assert "secret-of-this-test" not in printed
    assert "res_test" in printed


def test_keys_for_purposes_are_stable_and_differ() -> None:
    here, there = SecretCredentials("a", "secret"), SecretCredentials("a", "secret")
    assert here.derive("request-state") == there.derive("request-state")
    assert here.derive("request-state") != here.derive("another")
    assert here.derive("request-state") != SecretCredentials("a", "other").derive("request-state")
    assert here.derive("request-state") != SecretCredentials("b", "secret").derive("request-state")


def test_a_file_that_holds_no_key_is_a_fault(tmp_path: Path) -> None:
    environment = {name: value for name, value in ENVIRONMENT.items() if name != "GATEHOUSE_CLIENT_SECRET"}
    file = tmp_path / "key.pem"
    file.write_text("nothing")
    with pytest.raises(StartFault, match="no private key"):
        Gatehouse.from_env(environment | {"GATEHOUSE_KEY_FILE": str(file)})
    with pytest.raises(StartFault, match="cannot be read"):
        Gatehouse.from_env(environment | {"GATEHOUSE_KEY_FILE": str(file) + "x"})


async def test_a_key_gets_a_token_and_another_one_when_it_is_refused(tmp_path: Path) -> None:
    key = ec.generate_private_key(ec.SECP256R1())
    pem = key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    file = tmp_path / "key.pem"
    file.write_bytes(pem)
    environment = {name: value for name, value in ENVIRONMENT.items() if name != "GATEHOUSE_CLIENT_SECRET"}
    gate = Gatehouse.from_env(environment | {"GATEHOUSE_KEY_FILE": str(file)})
    seen: list[str] = []

    async def answer(request: httpx2.Request) -> httpx2.Response:
        seen.append(request.url.path)
        if request.url.path == "/token":
            assert b"client_assertion=" in request.content
            return httpx2.Response(200, json={"access_token": f"t{len(seen)}", "expires_in": 600})
        if request.headers["authorization"] == "Bearer t1" and len(seen) > 3:
            return httpx2.Response(401, json={"error": "invalid_client"})
        return httpx2.Response(200, json={"active": False})

    gate._connection._transport = httpx2.MockTransport(answer)
    for _ in range(3):
        await gate._connection.form("/introspect", {"token": "-"}, repeatable=True)
    assert seen == ["/token", "/introspect", "/introspect", "/introspect", "/token", "/introspect"]


async def test_a_key_that_is_not_registered_is_named(tmp_path: Path) -> None:
    key = ec.generate_private_key(ec.SECP256R1())
    file = tmp_path / "key.pem"
    file.write_bytes(
        key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    )
    environment = {name: value for name, value in ENVIRONMENT.items() if name != "GATEHOUSE_CLIENT_SECRET"}
    gate = Gatehouse.from_env(environment | {"GATEHOUSE_KEY_FILE": str(file)})

    async def refuse(request: httpx2.Request) -> httpx2.Response:
        return httpx2.Response(401, json={"error": "invalid_client", "error_description": "No."})

    gate._connection._transport = httpx2.MockTransport(refuse)
    with pytest.raises(WrongCredentials, match="with this key"):
        await gate._connection.form("/introspect", {"token": "-"})
