"""Asks Gatehouse at the start whether this MCP server is set up, instead of at the first user."""

import logging
from typing import Any

from .connection import Connection
from .errors import GatehouseError, Refusal, StartFault, Unreachable

logger = logging.getLogger("gatehouse_mcp")

METADATA = "/.well-known/oauth-authorization-server"


async def check(connection: Connection, resource: str, *, receives_events: bool) -> None:
    """Raises a `StartFault` with one sentence if the first user would fail."""
    await _check_issuer(connection)
    try:
        await connection.form("/introspect", {"token": "-"}, repeatable=True)
        events = await connection.get("/events/status")
    except Unreachable as error:
        raise StartFault(str(error)) from None
    except Refusal as refusal:
        raise StartFault(str(refusal)) from None
    registered = events.get("aud")
    if isinstance(registered, str) and registered != resource:
        raise StartFault(
            f"Gatehouse knows this server as {registered}, and it calls itself {resource}; "
            "set GATEHOUSE_RESOURCE to what is registered, letter by letter."
        )
    _warn_about_events(events, receives_events)


async def _check_issuer(connection: Connection) -> None:
    try:
        metadata = await connection.public(METADATA)
    except Unreachable as error:
        raise StartFault(str(error)) from None
    except GatehouseError as error:
        # Gatehouse itself says so where it is asked under another name of its machine.
        raise StartFault(f"{connection.issuer} is no issuer; check GATEHOUSE_ISSUER. It answers: {error}") from None
    if (issuer := metadata.get("issuer")) != connection.issuer:
        raise StartFault(f"Gatehouse calls itself {issuer}; set GATEHOUSE_ISSUER to exactly that.")


def _warn_about_events(events: dict[str, Any], receives_events: bool) -> None:
    """Events that do not arrive are no reason to stop: without them every token is introspected."""
    if events.get("delivery") != "push":
        return
    if not receives_events:
        logger.warning("Gatehouse pushes events to this server, and it does not receive them; pass events='/events'.")
    elif events.get("status") == "paused":
        logger.warning("The events endpoint is not verified yet; this server asks Gatehouse to verify it now.")
