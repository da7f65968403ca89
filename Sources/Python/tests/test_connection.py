"""The one client to Gatehouse: what it repeats, what it does not, and what it says."""

import asyncio

import httpx2
import pytest
from conftest import Scene, text

from gatehouse_mcp import Refusal, SecretCredentials, Unreachable
from gatehouse_mcp.asking.canonical import canonical, digest
from gatehouse_mcp.connection import Connection


class Flaky:
    """Fails a number of times, then answers."""

    def __init__(self, failures: list[httpx2.Response | type[httpx2.TransportError]]) -> None:
        self.failures = failures
        self.requests = 0

    async def __call__(self, request: httpx2.Request) -> httpx2.Response:
        self.requests += 1
        if not self.failures:
            return httpx2.Response(200, json={"done": True})
        failure = self.failures.pop(0)
        if isinstance(failure, httpx2.Response):
            return failure
        raise failure("no", request=request)

    def connection(self) -> Connection:
        transport = httpx2.MockTransport(self)
        return Connection("https://gatehouse.test", SecretCredentials("res_test", "s"), transport=transport)


async def test_what_may_be_repeated_is_repeated() -> None:
    flaky = Flaky([httpx2.ReadError, httpx2.Response(503), httpx2.ReadTimeout])
    assert await flaky.connection().get("/x") == {"done": True}
    assert flaky.requests == 4


async def test_what_may_not_be_repeated_is_sent_once() -> None:
    flaky = Flaky([httpx2.ReadError])
    with pytest.raises(Unreachable, match="did not answer completely"):
        await flaky.connection().post("/elicitations/redeem", {})
    assert flaky.requests == 1


async def test_what_was_never_sent_is_repeated() -> None:
    flaky = Flaky([httpx2.ConnectError, httpx2.ConnectError])
    assert await flaky.connection().post("/x", {}) == {"done": True}


async def test_a_refusal_is_the_servers_sentence() -> None:
    body = {"error": "too_many_requests", "error_description": "Five elicitations already wait for this user."}
    flaky = Flaky([httpx2.Response(429, json=body, headers={"Retry-After": "30"})])
    with pytest.raises(Refusal, match=r"Five elicitations already wait for this user\.") as caught:
        await flaky.connection().get("/x")
    assert (caught.value.code, caught.value.status, caught.value.retry_after) == ("too_many_requests", 429, 30)
    assert flaky.requests == 1


async def test_a_redirect_is_not_followed_with_the_secret() -> None:
    flaky = Flaky([httpx2.Response(302, headers={"Location": "http://elsewhere.test/"})])
    with pytest.raises(Refusal):
        await flaky.connection().get("/x")
    assert flaky.requests == 1


async def test_a_page_that_is_no_json_is_not_from_gatehouse() -> None:
    flaky = Flaky([httpx2.Response(200, text="<html>")])
    with pytest.raises(Unreachable, match="Check the issuer"):
        await flaky.connection().get("/x")


async def test_a_restart_of_gatehouse_does_not_end_a_wait(scene: Scene, era: str) -> None:
    @scene.server.tool()
    @scene.gate.confirm("Delete")
    async def delete() -> str:
        return "deleted"

    scene.memory.longest_wait = 0.2

    async def restart() -> None:
        asked = await scene.memory.asked()
        while ("GET", f"/elicitations/{asked.id}") not in scene.memory.requests:
            await asyncio.sleep(0.005)
        scene.memory.is_down = True
        await asyncio.sleep(0.5)
        scene.memory.is_down = False
        scene.memory.approve(asked)

    restarting = asyncio.create_task(restart())
    result = await scene.call(era, "delete")
    await restarting
    assert text(result) == "deleted", text(result)


async def test_a_call_of_the_newer_version_ends_after_eight_rounds_with_the_link(scene: Scene) -> None:
    @scene.server.tool()
    @scene.gate.confirm("Delete")
    async def delete() -> str:
        scene.done.append("deleted")
        return "deleted"

    scene.memory.longest_wait = 0.001
    result = await scene.call("2026-07-28", "delete")
    assert result.is_error
    [asked] = scene.memory.elicitations
    assert f"https://gatehouse.test/e/{asked.id} ." in text(result)
    assert scene.done == []
    # The user acts after all, and the repeated call continues where this one stopped.
    scene.memory.approve(asked)
    token = next(iter(scene.memory.users))
    assert text(await scene.call("2026-07-28", "delete", token)) == "deleted"
    assert len(scene.memory.elicitations) == 1


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (1e21, "1e+21"),
        (1e20, "100000000000000000000"),
        (0.000001, "0.000001"),
        (1e-7, "1e-7"),
        (-0.0, "0"),
        (4.5, "4.5"),
        (333333333.33333329, "333333333.3333333"),
        (123456.0, "123456"),
        (-1.5e-9, "-1.5e-9"),
        ({"b": 1, "a": [True, None]}, '{"a":[true,null],"b":1}'),
        ({"\ufb33": 1, "\U0001f600": 2, "€": 3}, '{"€":3,"\U0001f600":2,"\ufb33":1}'),
        ("\u2028\x0f\n/", '"\u2028\\u000f\\n/"'),
    ],
)
def test_the_canonical_form_is_that_of_ecmascript(value: object, text: str) -> None:
    assert canonical(value) == text


def test_the_digest_is_that_of_the_documentation() -> None:
    action = {
        "name": "delete_file",
        "summary": "Delete a file for good",
        "details": [{"label": "File", "value": "plan.txt"}],
        "arguments": {"name": "plan.txt"},
    }
    assert digest(action) == "pfCkUH4_pqL4DibENGTsYAKzpOQwA8sNUDNMtgzRoME"


@pytest.mark.parametrize("value", [2**53, -(2**53), float("nan"), float("inf"), {1, 2}])
def test_what_programs_read_differently_is_refused(value: object) -> None:
    with pytest.raises(ValueError, match="JSON"):
        canonical(value)
