"""A client's web site: serves Client ID Metadata Documents over HTTPS, as the Swift test tells it to."""

import asyncio
import json
import ssl
from typing import Any

from conversation import converse


class DocumentHost:
    def __init__(self) -> None:
        self.answers: dict[str, tuple[int, str, bytes]] = {}
        self.asked: list[str] = []

    async def listen(self, request: dict[str, Any]) -> int:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(request["certificate"], request["key"])
        self.server = await asyncio.start_server(self.answer, "127.0.0.1", 0, ssl=context)
        return self.server.sockets[0].getsockname()[1]

    async def serve(self, request: dict[str, Any]) -> None:
        body = json.dumps(request["document"]).encode()
        self.answers[request["path"]] = (request.get("status") or 200, "application/json", body)

    async def requests(self, _: dict[str, Any]) -> list[str]:
        return self.asked

    async def answer(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = (await reader.readuntil(b"\r\n\r\n")).decode()
        path = head.split(" ")[1]
        self.asked.append(path)
        status, kind, body = self.answers.get(path, (404, "text/plain", b"nothing here"))
        lines = [f"HTTP/1.1 {status} -", f"Content-Type: {kind}", f"Content-Length: {len(body)}", "Connection: close"]
        writer.write("\r\n".join([*lines, "", ""]).encode() + body)
        await writer.drain()
        writer.close()


host = DocumentHost()
asyncio.run(converse({"listen": host.listen, "serve": host.serve, "requests": host.requests}))
