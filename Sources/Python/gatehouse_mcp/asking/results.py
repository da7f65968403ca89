"""Results of steps: read as often as needed and acknowledged after the call has succeeded, or taken once."""

import contextlib
import logging
import time
import uuid
from collections.abc import Iterator
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

        After an approval in the same call the result is taken instead, which only one call can: otherwise a client that
        sends the same state twice would run the call twice on one approval.
        """
        if step.done:
            return self._kept(step)
        call = current_call()
        if any(other.done for other in call.steps):
            return await self.take(step)
        result = await self.look(step)
        call.collected.append(step.id)
        return result

    async def take(self, step: Step) -> dict[str, Any]:
        """The result of a completed step, which nobody can get after this."""
        result = await self.look(step)
        await self.claim(step)
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

    async def look(self, step: Step) -> dict[str, Any]:
        """The result, which stays there for the next look."""
        with _used_before():
            return await self._connection.get(f"/elicitations/{step.id}/result")

    async def claim(self, step: Step) -> None:
        """Makes the result that of this call alone. A lost answer costs nothing, since the same claim is sent again."""
        with _used_before():
            await self._connection.delete(f"/elicitations/{step.id}/result?claim={uuid.uuid4().hex}")

    def _kept(self, step: Step) -> dict[str, Any]:
        if (kept := self._taken.get(step.id)) is None:
            raise NotFulfilled("Another process has the answer that this call needs; call the tool again.")
        return kept[1]


@contextlib.contextmanager
def _used_before() -> Iterator[None]:
    try:
        yield
    except Refusal as refusal:
        if refusal.code == "already_collected":
            raise NotFulfilled("The answer was used before or has expired; call the tool again.") from None
        raise
