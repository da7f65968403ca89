"""Pages of the MCP server's own, to which Gatehouse sends a user whom it knows."""

from dataclasses import dataclass
from typing import Any, Literal

from ..connection import Connection
from .results import Results
from .waiting import Waiting

Outcome = Literal["completed", "declined", "failed"]


@dataclass(frozen=True)
class Visitor:
    """Who came with a ticket: compare it with the user whom the page expects."""

    step: str
    subject: str
    client_id: str
    session_id: str


class External:
    """Sends users to a page of this server and learns who came."""

    def __init__(self, connection: Connection, waiting: Waiting, results: Results) -> None:
        self._connection = connection
        self._waiting = waiting
        self._results = results

    async def ask(self, url: str, message: str) -> str:
        """The id of the step, after this server itself reported that it is completed."""
        step = await self._waiting.ask({"kind": "external", "message": message, "url": url})
        if not step.done:
            await self._results.take(step)
        return step.id

    async def redeem(self, ticket: str) -> Visitor:
        """Exchanges a ticket, which works once. Never sent twice: a lost answer would look like a used ticket."""
        found = await self._connection.post("/elicitations/redeem", {"ticket": ticket})
        return Visitor(found["id"], found["subject"], found["client_id"], found["session_id"])

    async def complete(self, step: str, outcome: Outcome, reference: str | None) -> None:
        """Reports the outcome of a step."""
        body: dict[str, Any] = {"outcome": outcome}
        if reference is not None:
            body["reference"] = reference
        await self._connection.post(f"/elicitations/{step}/complete", body, repeatable=True)
