"""One port in front of several processes: each request goes to the next one, a session of 2025-11-25 to where it began."""

import itertools
import os

import httpx2
import uvicorn
from starlette.applications import Starlette
from starlette.background import BackgroundTask
from starlette.requests import Request
from starlette.responses import StreamingResponse
from starlette.routing import Route

PORTS = os.environ["BACKENDS"].split()
HOP = (b"connection", b"keep-alive", b"transfer-encoding")
turns = itertools.cycle(range(len(PORTS)))
sessions: dict[str, int] = {}
http = httpx2.AsyncClient(timeout=None)


async def forward(request: Request) -> StreamingResponse:
    known = sessions.get(request.headers.get("mcp-session-id", ""))
    place = next(turns) if known is None else known
    print(request.method, request.url.path, request.headers.get("mcp-method", "-"), place, flush=True)
    url = httpx2.URL(f"http://127.0.0.1:{PORTS[place]}{request.url.path}", query=request.url.query.encode())
    headers = [field for field in request.headers.raw if field[0] not in HOP]
    sent = http.build_request(request.method, url, headers=headers, content=await request.body())
    answer = await http.send(sent, stream=True)
    if opened := answer.headers.get("mcp-session-id"):
        sessions[opened] = place
    response = StreamingResponse(answer.aiter_raw(), answer.status_code, background=BackgroundTask(answer.aclose))
    response.raw_headers = [field for field in answer.headers.raw if field[0].lower() not in HOP]
    return response


routes = [Route("/{path:path}", forward, methods=["GET", "POST", "DELETE"])]
uvicorn.run(Starlette(routes=routes), port=int(os.environ["PORT"]), log_level="error")
