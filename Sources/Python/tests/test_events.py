"""Events: pushed or polled, verified, each once; and ended sessions refused by a server that verifies locally."""

import asyncio
import time
from typing import Any

import anyio
import httpx2
import pytest
from conftest import Scene

from gatehouse_mcp import Event
from gatehouse_mcp.events import REVOKED, VERIFICATION
from gatehouse_mcp.testing import MemoryGatehouse, User, serve

TYPE = {"Content-Type": "application/secevent+jwt"}


@pytest.fixture
def heard(scene: Scene) -> list[Event]:
    events: list[Event] = []

    @scene.gate.events.on_event
    async def hear(event: Event) -> None:
        events.append(event)

    return events


async def push(scene: Scene, event: str, **headers: str) -> httpx2.Response:
    transport = httpx2.ASGITransport(scene.gate.events)
    async with httpx2.AsyncClient(transport=transport, base_url="http://notes.test") as http:
        response: httpx2.Response = await http.post("/events", content=event, headers=TYPE | headers)
        return response


async def test_an_event_is_handled_once(scene: Scene, heard: list[Event]) -> None:
    event = scene.memory.revoke(scene.memory.sign_in(scopes="notes:read"))
    assert [(await push(scene, event)).status_code for _ in range(3)] == [202, 202, 202]
    assert [each.kind for each in heard] == [REVOKED]
    assert heard[0].session_id is not None
    assert scene.gate.events.has_ended(heard[0].session_id)


async def test_an_event_whose_handler_fails_comes_again(scene: Scene) -> None:
    times: list[str] = []

    @scene.gate.events.on_event
    async def fail_once(event: Event) -> None:
        times.append(event.id)
        if len(times) == 1:
            raise RuntimeError("the disk is full")

    event = scene.memory.revoke(scene.memory.sign_in(scopes="notes:read"))
    assert [(await push(scene, event)).status_code for _ in range(3)] == [503, 202, 202]
    assert len(times) == 2


@pytest.mark.parametrize("case", ["garbage", "audience", "issuer", "type", "stranger"])
async def test_what_is_not_an_event_for_this_server_is_refused(scene: Scene, heard: list[Event], case: str) -> None:
    memory = scene.memory
    kind, subject = REVOKED, {"session": {"id": "ses_1"}}
    events = {
        "garbage": "not-an-event",
        "audience": memory.event(kind, {}, subject, aud="http://127.0.0.1:1/mcp")[1],
        "issuer": memory.event(kind, {}, subject, iss="http://elsewhere.test")[1],
        "type": memory.key.sign("at+jwt", {"iss": memory.issuer, "aud": memory.resource}),
        "stranger": MemoryGatehouse(memory.resource).event(kind, {}, subject)[1],
    }
    answer = await push(scene, events[case])
    assert answer.status_code == 400
    assert answer.json()["err"] == "invalid_request"
    assert heard == []
    assert not scene.gate.events.has_ended("ses_1")


async def test_another_type_of_content_is_refused(scene: Scene, heard: list[Event]) -> None:
    event = scene.memory.revoke(scene.memory.sign_in(scopes="notes:read"))
    assert (await push(scene, event, **{"Content-Type": "application/json"})).status_code == 400
    assert heard == []


async def test_the_endpoint_proves_itself(scene: Scene) -> None:
    scene.memory.delivery = {"delivery": "push", "status": "paused"}
    _, event = scene.memory.event(VERIFICATION, {"state": "abc"}, {"format": "opaque", "id": "stream"})
    assert (await push(scene, event)).status_code == 202
    assert ("POST", "/events/verify") in scene.memory.requests
    assert scene.memory.delivery["status"] == "enabled"


def local(scene: Scene, monkeypatch: pytest.MonkeyPatch, **settings: Any) -> Any:
    """A verifier that trusts signatures; the process listened long before the tokens were issued."""
    monkeypatch.setattr(scene.gate.events, "_blind_until", time.time() - 600)
    protection = scene.gate.protection("notes", ["notes:read"], [], "local", settings.get("events"), False)
    return protection._tokens


async def test_while_events_arrive_no_token_costs_a_request(scene: Scene, monkeypatch: pytest.MonkeyPatch) -> None:
    tokens = local(scene, monkeypatch)
    token = scene.memory.sign_in(scopes="notes:read")
    async with anyio.create_task_group() as group:
        group.start_soon(scene.gate.events.poll)
        while ("POST", "/events/poll") not in scene.memory.requests or not scene.gate.events._heard > 0:
            await asyncio.sleep(0.01)
        assert (await tokens.verify(token)).subject == "sub_ada"
        assert ("POST", "/introspect") not in scene.memory.requests
        scene.memory.revoke(token)
        while scene.memory.waiting_events:
            await asyncio.sleep(0.01)
        assert await tokens.verify(token) is None
        assert ("POST", "/introspect") not in scene.memory.requests
        group.cancel_scope.cancel()


@pytest.mark.parametrize("more", [True, False])
async def test_a_server_that_has_not_heard_everything_asks_about_every_token(
    scene: Scene, monkeypatch: pytest.MonkeyPatch, more: bool
) -> None:
    """Either Gatehouse has more events, or one could not be handled."""
    events, answers = scene.gate.events, 0
    token = scene.memory.sign_in(scopes="notes:read")
    event = scene.memory.revoke(token)

    async def poll(*_: Any, **__: Any) -> dict[str, Any]:
        nonlocal answers
        answers += 1
        if answers > 1:
            await anyio.sleep_forever()
        return {"sets": {} if more else {"evt_1": event}, "moreAvailable": more}

    async def fail(_: Event) -> None:
        raise RuntimeError("not now")

    async def skip(_: float) -> None:
        await asyncio.sleep(0)

    events.on_event(fail)
    monkeypatch.setattr(events._connection, "post", poll)
    monkeypatch.setattr("gatehouse_mcp.events.anyio.sleep", skip)
    async with anyio.create_task_group() as group:
        group.start_soon(events.poll)
        while answers < 2:
            await asyncio.sleep(0)
        assert events._heard < 0
        group.cancel_scope.cancel()


async def test_without_events_every_token_is_asked_about(scene: Scene, monkeypatch: pytest.MonkeyPatch) -> None:
    tokens = local(scene, monkeypatch)
    token = scene.memory.sign_in(scopes="notes:read")
    assert await tokens.verify(token) is not None
    assert ("POST", "/introspect") in scene.memory.requests
    scene.memory.revoke(token, event=False)
    assert await tokens.verify(token) is None


async def test_a_token_from_before_this_process_listened_is_asked_about(
    scene: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    tokens = local(scene, monkeypatch)
    scene.gate.events._heard = time.monotonic()
    token = scene.memory.token(User("sub_ada"), iat=int(time.time()) - 900)
    await tokens.verify(token)
    assert ("POST", "/introspect") in scene.memory.requests


async def test_an_unusable_event_makes_older_tokens_doubtful(scene: Scene, monkeypatch: pytest.MonkeyPatch) -> None:
    tokens = local(scene, monkeypatch)
    scene.gate.events._heard = time.monotonic()
    token = scene.memory.sign_in(scopes="notes:read")
    await push(scene, "not-an-event")
    await tokens.verify(token)
    assert ("POST", "/introspect") in scene.memory.requests


@pytest.mark.parametrize(
    ("status", "asks"),
    [
        ({"delivery": "push", "status": "enabled"}, False),
        ({"delivery": "push", "status": "paused"}, True),
        ({"delivery": "push", "status": "enabled", "waiting_since": "2026-11-30T12:00:00Z"}, True),
        ({"delivery": "none", "status": "enabled"}, True),
    ],
)
async def test_pushed_events_count_while_gatehouse_says_that_they_arrive(
    scene: Scene, monkeypatch: pytest.MonkeyPatch, status: dict[str, Any], asks: bool
) -> None:
    tokens = local(scene, monkeypatch, events="/events")
    scene.memory.delivery = status
    await tokens.verify(scene.memory.sign_in(scopes="notes:read"))
    assert (("POST", "/introspect") in scene.memory.requests) is asks


async def test_a_server_receives_events_at_its_path(scene: Scene, heard: list[Event]) -> None:
    server = scene.gate.server("notes", scopes=["notes:read"], events="/events")
    event = scene.memory.revoke(scene.memory.sign_in(scopes="notes:read"))
    async with serve(server.streamable_http_app(), scene.port) as base, httpx2.AsyncClient() as http:
        answer = await http.post(f"{base}/events", content=event, headers=TYPE)
    assert answer.status_code == 202
    assert len(heard) == 1
