"""Asks a user at Gatehouse within a call, and waits.

A call of 2026-07-28 waits in rounds, one of 2025-11-25 on its stream.
"""

import hashlib
import time
import uuid
from typing import Any

import anyio
from mcp.shared.exceptions import MCPError
from mcp_types import (
    MISSING_REQUIRED_CLIENT_CAPABILITY,
    ElicitRequest,
    ElicitRequestURLParams,
)

from ..access import current_access, current_token
from ..connection import Connection
from ..errors import (
    CannotOpenLinks,
    Declined,
    Expired,
    GatehouseError,
    NotFulfilled,
    Refusal,
    Unanswered,
    Unreachable,
)
from .call import ASKED, Call, Step, current_call
from .canonical import digest

# Seconds that one request holds, rounds without news before a call ends, and seconds without Gatehouse.
HOLD, ROUNDS, PATIENCE = 25, 8, 60
OPEN = ("pending", "opened")
ENDS = {
    "declined": (Declined, "The user declined, so nothing was done."),
    "cancelled": (Declined, "The request was cancelled, so nothing was done."),
    "expired": (Expired, "The user did not act in time, so nothing was done."),
}
FAILED = (NotFulfilled, "The request could not be fulfilled, so nothing was done.")


class Waiting:
    """Creates elicitations for the call that is being handled and waits for their end."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    async def ask(self, request: dict[str, Any], *, expected: str | None = None) -> Step:
        """Returns the step of this request after the user has completed it. `expected` is the digest of its action."""
        call = current_call()
        current_access().demand_user()
        key = call.key(f"{request['kind']}:{digest(request)}")
        if (step := call.step(key)) is not None:
            return step if step.done else await self._resume(call, step, str(request["message"]))
        _demand_links(call)
        created = await self._create(request)
        if expected is not None and created.get("digest") != expected:
            raise NotFulfilled("Gatehouse computed another digest of the action, so nothing was done.")
        step = Step(key, created["id"], created.get("url", ""))
        call.steps.append(step)
        if not self._is_completed(created):
            await self._hand_over(call, step, str(request["message"]))
        return step

    async def resume(self, step: Step) -> Step:
        """Returns a step of an earlier round after the user has completed it."""
        return await self._resume(current_call(), step, "")

    async def _create(self, request: dict[str, Any]) -> dict[str, Any]:
        token = current_token().token
        # The key makes the request safe to repeat when its answer is lost.
        body = {"subject_token": token, "idempotency_key": str(uuid.uuid4()), **request}
        return await self._connection.post("/elicitations", body, repeatable=True)

    async def _hand_over(self, call: Call, step: Step, message: str) -> None:
        """Gives the link to the client, and returns when the user has completed the step."""
        if call.is_modern:
            step.asked = True
            link = ElicitRequest(params=ElicitRequestURLParams(message=message, url=step.url))
            call.pause(input_requests={ASKED: link})
        name = hashlib.sha256(step.id.encode()).hexdigest()
        session, origin = call.context.session, call.context.request_id
        try:
            answer = await session.elicit_url(message, step.url, name, origin)
        except MCPError:
            answer = None
        if answer is None or answer.action != "accept":
            await self.withdraw(step)
        while not self._is_completed(await self._state(step)):
            pass
        await session.send_elicit_complete(name, origin)

    async def _resume(self, call: Call, step: Step, message: str) -> Step:
        """A later round of a call: holds it, and ends the round if the user has not acted."""
        if not step.asked:
            await self._hand_over(call, step, message)
        if call.answer is not None and call.answer != "accept":
            await self.withdraw(step)
        if self._is_completed(await self._state(step)):
            return step
        step.round += 1
        if step.round > ROUNDS:
            raise Unanswered(f"The user has to act at {step.url} . Ask them to do it there, then repeat the call.")
        call.pause()

    async def withdraw(self, step: Step) -> None:
        """Cancels a step that the client did not show to the user, and ends the call."""
        try:
            end = await self._connection.delete(f"/elicitations/{step.id}")
            if end.get("status") == "completed":
                # The user was faster. The call says that nothing was done, so that no later call may use the result.
                await self._connection.delete(f"/elicitations/{step.id}/result")
        except GatehouseError:
            pass  # it expires
        raise Declined("The link was not opened, so nothing was done.")

    async def _state(self, step: Step) -> dict[str, Any]:
        """The state after at most `HOLD` seconds. A restart of Gatehouse meanwhile does not end the wait."""
        deadline = time.monotonic() + PATIENCE
        while True:
            try:
                return await self._connection.get(f"/elicitations/{step.id}?wait={HOLD}")
            except Unreachable:
                if time.monotonic() > deadline:
                    raise
                await anyio.sleep(0.5)
            except Refusal as refusal:
                if refusal.code == "not_found":
                    raise NotFulfilled("The request is gone, so nothing was done; call the tool again.") from None
                raise

    @staticmethod
    def _is_completed(state: dict[str, Any]) -> bool:
        status = state["status"]
        if status == "completed":
            return True
        if status in OPEN:
            return False
        kind, sentence = ENDS.get(status, FAILED)
        raise kind(sentence)


def _demand_links(call: Call) -> None:
    """Refuses a client that does not open links, in the words of its protocol version."""
    if call.opens_links:
        return
    if call.is_modern:
        need: dict[str, Any] = {"requiredCapabilities": {"elicitation": {"url": {}}}}
        raise MCPError(
            code=MISSING_REQUIRED_CLIENT_CAPABILITY, message="This tool needs a client that opens links.", data=need
        )
    if call.opens_links is None:
        raise CannotOpenLinks(
            "This server knows nothing about the client: serve clients of 2025-11-25 without stateless_http."
        )
    raise CannotOpenLinks("This tool needs a client that opens links.")
