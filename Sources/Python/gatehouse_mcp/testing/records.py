"""What a Gatehouse in memory keeps."""

import asyncio
import time
import uuid
from dataclasses import dataclass, field
from typing import Any

OPEN = ("pending", "opened")


@dataclass
class User:
    """A signed-in user of one client, with a session."""

    subject: str
    client_id: str = "test-client"
    scopes: list[str] = field(default_factory=list)
    is_client: bool = False
    authenticated_at: int = field(default_factory=lambda: int(time.time()))
    session_id: str = field(default_factory=lambda: f"ses_{uuid.uuid4().hex}")
    has_session: bool = True


@dataclass
class Elicitation:
    """One request to a user, and what came of it."""

    user: User
    body: dict[str, Any]
    digest: str | None
    id: str = field(default_factory=lambda: f"eli_{uuid.uuid4().hex}")
    status: str = "pending"
    result: dict[str, Any] | None = None
    #: The call whose result it is alone.
    claim: str | None = None
    changed: asyncio.Event = field(default_factory=asyncio.Event)

    @property
    def is_open(self) -> bool:
        """Whether the user can still answer."""
        return self.status in OPEN

    def end(self, status: str, result: dict[str, Any] | None = None) -> None:
        """The one final state; a second end is passed over."""
        if self.is_open:
            self.status, self.result = status, result
            self.changed.set()


class Refused(Exception):
    """An error response."""

    def __init__(self, status: int, code: str, sentence: str, more: dict[str, Any] | None = None) -> None:
        super().__init__(sentence)
        self.status = status
        self.body = {"error": code, "error_description": sentence, **(more or {})}
