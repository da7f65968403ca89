"""An MCP server on `gatehouse-mcp` with what the documentation's server leaves out: events, local verification, own pages."""

import asyncio
import contextlib
import os

import uvicorn
from gatehouse_mcp import Event, Gatehouse
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse
from starlette.routing import Route

gate = Gatehouse.from_env()
server = gate.server(
    "notes",
    scopes=["notes:read"],
    verify=os.environ.get("VERIFY", "introspection"),
    events=os.environ.get("EVENTS"),
)
if "AGED" in os.environ:
    # As if it had listened for ten minutes: tokens from before it listened are introspected.
    gate.events._blind_until -= 660

PAGE = os.environ.get("PAGE", "")
buyers: dict[str, str] = {}
paid: set[str] = set()


@gate.events.on_event
async def hear(event: Event) -> None:
    print("heard", event.kind.replace(":", "/").split("/")[-1], event.session_id, flush=True)


@server.tool()
async def who_am_i() -> str:
    return gate.access.subject


@server.tool()
async def pay(order: str) -> str:
    buyers[order] = gate.access.subject
    await gate.external(f"{PAGE}?order={order}", "Pay for your order.")
    return f"Paid {order}." if order in paid else f"{order} is not paid."


async def till(request: Request) -> PlainTextResponse:
    """The page where users pay, without a form: whoever comes as the buyer has paid."""
    order = request.query_params["order"]
    visitor = await gate.redeem(request.query_params["ticket"])
    if visitor.subject != buyers.get(order):
        return PlainTextResponse("Somebody else ordered this.", 403)
    paid.add(order)
    await gate.complete(visitor.step, reference=order)
    return PlainTextResponse(f"Thank you for {order}.")


async def main() -> None:
    pages = None
    if PAGE:
        files = {"ssl_certfile": os.environ["CERTIFICATE"], "ssl_keyfile": os.environ["CERTIFICATE_KEY"]}
        port = int(PAGE.split(":")[2].split("/")[0])
        pages = uvicorn.Server(uvicorn.Config(Starlette(routes=[Route("/till", till)]), port=port, **files))
        pages.capture_signals = contextlib.nullcontext
        serving = asyncio.create_task(pages.serve())
    await server.run_streamable_http_async(port=int(os.environ["PORT"]))
    if pages:
        pages.should_exit = True
        await serving


asyncio.run(main())
