"""Work that goes on after a call, and asks before each thing that it does."""

from collections.abc import Generator, Sequence
from datetime import datetime, timedelta, timezone
from types import TracebackType
from typing import Any

import anyio

from .access import current_access, current_token
from .asking.waiting import HOLD, OPEN
from .connection import Connection
from .errors import GatehouseError, NotAllowed, Unreachable

SENTENCES = {
    "not_allowed": "An administrator has not listed this action for this server.",
    "not_in_job": "The job was not opened for this action.",
    "insufficient_scope": "The session does not hold the scopes of this action.",
    "declined": "The user declined this action.",
    "no_user": "There is no user who could approve this action.",
    "too_many_requests": "Too many requests already wait for this user.",
    "unsupported_kind": "An administrator has not allowed this server to ask for approvals.",
    "fresh_sign_in_required": "The user has to sign in again first.",
}


class Job:
    """A job at Gatehouse. It ends with its session, at its time, or with the block that opened it."""

    def __init__(self, connection: Connection, actions: Sequence[str], purpose: str, hours: float | None) -> None:
        self._connection = connection
        self._actions = list(actions)
        self._purpose = purpose
        self._hours = hours
        self.id = ""
        #: When the job ends at the latest, as Gatehouse decided.
        self.expires_at = ""

    async def open(self) -> "Job":
        """Opens the job for the user of the current request."""
        if self.id:
            return self
        current_access().demand_user()
        body: dict[str, Any] = {
            "subject_token": current_token().token,
            "actions": self._actions,
            "purpose": self._purpose,
        }
        if self._hours is not None:
            end = datetime.now(timezone.utc) + timedelta(hours=self._hours)
            body["expires_at"] = end.strftime("%Y-%m-%dT%H:%M:%SZ")
        opened = await self._connection.post("/jobs", body)
        self.id, self.expires_at = str(opened["id"]), str(opened.get("expires_at", ""))
        return self

    async def end(self) -> None:
        """Ends the job. Nothing may be done in it any more."""
        await self._connection.delete(f"/jobs/{self.id}")

    async def may(
        self,
        action: str,
        *,
        resource: tuple[str, str] = ("server", "this"),
        message: str | None = None,
        summary: str | None = None,
        **properties: Any,
    ) -> None:
        """Returns if this action may be done now, once; raises `NotAllowed` otherwise.

        Where the user decides each time, it waits for the user, who finds the request at `/account`.
        """
        context = {name: text for name, text in (("message", message), ("summary", summary)) if text is not None}
        body: dict[str, Any] = {
            "subject": {"type": "job", "id": self.id},
            "action": {"name": action, "properties": properties},
            "resource": {"type": resource[0], "id": resource[1]},
            "context": context,
        }
        while True:
            answer = await self._connection.post("/access/v1/evaluation", body)
            if answer.get("decision") is True:
                return
            given = answer.get("context") or {}
            reason = given.get("reason")
            elicitation = given.get("elicitation")
            if reason != "approval_required" or not isinstance(elicitation, dict):
                raise NotAllowed(SENTENCES.get(str(reason), "The session or the job is no longer active."), reason)
            await self._wait(str(elicitation["id"]))

    async def _wait(self, elicitation: str) -> None:
        """Waits for the user as long as the request is open."""
        while True:
            try:
                state = await self._connection.get(f"/elicitations/{elicitation}?wait={HOLD}")
            except Unreachable:
                # The job goes on when Gatehouse is back; nothing is done meanwhile.
                await anyio.sleep(1)
                continue
            if (status := state["status"]) == "completed":
                return
            if status not in OPEN:
                raise NotAllowed(f"The user has not approved this action: {status}.", str(status))

    def __await__(self) -> Generator[Any, Any, "Job"]:
        return self.open().__await__()

    async def __aenter__(self) -> "Job":
        return await self.open()

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        try:
            with anyio.CancelScope(shield=True):
                await self.end()
        except GatehouseError:
            return  # it ends at its time
