"""Results of steps: read as often as needed and acknowledged after the call has succeeded, or taken once."""

import logging
import time
from typing import Any

from ..connection import Connection
from ..errors import GatehouseError, NotFulfilled, Refusal
from .call import Step, current_call

logger = logging.getLogger("gatehouse_mcp")

# Seconds that Gatehouse keeps a result, and how many taken ones this process keeps for later rounds of their calls.
KEPT, MOST = 900, 1000


class Results:
    """Reads what the user has given, so that a lost answer costs nobody a second form."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._taken: dict[str, tuple[float, dict[str, Any]]] = {}

    async def read(self, step: Step) -> dict[str, Any]:
        """The result of a completed step, in each round of its call.

        After an approval in the same call the result is taken instead, which Gatehouse allows once: otherwise a client
        that sends the same state twice would run the call twice on one approval.
        """
        if step.done:
            return self._kept(step)
        call = current_call()
        if any(other.done for other in call.steps):
            return await self.take(step)
        result = await self._ask("GET", step)
        call.collected.append(step.id)
        return result

    async def take(self, step: Step) -> dict[str, Any]:
        """The result of a completed step, which nobody can get after this."""
        result = await self._ask("POST", step)
        now = time.monotonic()
        self._taken = {name: (end, kept) for name, (end, kept) in self._taken.items() if end > now}
        if len(self._taken) < MOST:
            self._taken[step.id] = (now + KEPT, result)
        step.done = True
        return result

    async def acknowledge(self, steps: list[str]) -> None:
        """Erases results at Gatehouse after the tool has used them."""
        for step in steps:
            try:
                await self._connection.delete(f"/elicitations/{step}/result")
            except GatehouseError as error:
                logger.warning(
                    "Gatehouse keeps a result for up to 15 minutes, because it could not be erased: %s", error
                )

    async def _ask(self, method: str, step: Step) -> dict[str, Any]:
        try:
            path = f"/elicitations/{step.id}/result"
            response = await self._connection.send(method, path, repeatable=method == "GET")
        except Refusal as refusal:
            if refusal.code == "already_collected":
                raise NotFulfilled("The answer was used before or has expired; call the tool again.") from None
            raise
        result = response.json()
        return result if isinstance(result, dict) else {}

    def _kept(self, step: Step) -> dict[str, Any]:
        if (kept := self._taken.get(step.id)) is None:
            raise NotFulfilled("Another process has the answer that this call needs; call the tool again.")
        return kept[1]
