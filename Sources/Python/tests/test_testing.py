"""Where a test may sign a user in."""

from typing import Any

import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, Response
from starlette.routing import Route

from gatehouse_mcp.testing import Person, connect, free_port, serve
from gatehouse_mcp.testing.person import demand_loopback
from gatehouse_mcp.testing.serving import development_client


def site(resource: dict[str, Any], metadata: dict[str, Any]) -> Starlette:
    """An MCP server and its issuer in one."""

    async def show_resource(_: Request) -> JSONResponse:
        return JSONResponse(resource)

    async def show_metadata(_: Request) -> JSONResponse:
        return JSONResponse(metadata)

    return Starlette(
        routes=[
            Route("/.well-known/oauth-protected-resource/mcp", show_resource),
            Route("/.well-known/oauth-authorization-server", show_metadata),
        ]
    )


async def test_a_gatehouse_dev_on_this_machine_names_its_client() -> None:
    port = free_port()
    issuer = f"http://127.0.0.1:{port}"
    dev = {"issuer": issuer, "gatehouse_dev": {"client_id": "https://localhost:40213/client.json"}}
    async with serve(site({"authorization_servers": [issuer]}, dev), port):
        assert await development_client(f"{issuer}/mcp") == (issuer, "https://localhost:40213/client.json")


async def test_a_user_types_the_password_at_no_other_page_of_this_machine() -> None:
    port, person, typed = free_port(), Person("ada", "correct horse battery"), []
    person.issuers.add("http://127.0.0.1:1")

    async def page(request: Request) -> Response:
        typed.append(await request.body())
        return HTMLResponse('<form method="post"><input name="username"><input name="password"></form>')

    async with serve(Starlette(routes=[Route("/", page, methods=["GET", "POST"])]), port) as base:
        with pytest.raises(PermissionError, match="types no password there"):
            await person.open(f"{base}/")
    assert typed == [b""]


@pytest.mark.parametrize("case", ["serve", "elsewhere", "issuer"])
async def test_no_user_signs_in_anywhere_else(case: str) -> None:
    port = free_port()
    issuer = f"http://127.0.0.1:{port}"
    named = "https://auth.example" if case == "elsewhere" else issuer
    metadata: dict[str, Any] = {"issuer": issuer, "gatehouse_dev": {"client_id": "https://localhost:1/client.json"}}
    if case == "serve":
        del metadata["gatehouse_dev"]
    if case == "issuer":
        metadata["issuer"] = "http://localhost:1"
    person = Person("ada", "correct horse battery")
    async with serve(site({"authorization_servers": [named]}, metadata), port):
        with pytest.raises(PermissionError):
            async with connect(f"{issuer}/mcp", as_user=person):
                pass
    assert "correct horse" not in repr(person)


@pytest.mark.parametrize("url", ["https://notes.example/mcp", "http://192.0.2.1/mcp", "http://localhost.example/"])
def test_a_host_that_is_not_this_machine_is_refused(url: str) -> None:
    with pytest.raises(PermissionError):
        demand_loopback(url)


@pytest.mark.parametrize("url", ["http://localhost:1/", "http://127.0.0.1:1/", "http://[::1]:1/"])
def test_this_machine_is_accepted(url: str) -> None:
    demand_loopback(url)
