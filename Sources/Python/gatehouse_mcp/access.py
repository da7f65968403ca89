"""Who a request acts for, after its token was verified."""

from dataclasses import dataclass
from typing import Any

from mcp.server.auth.middleware.auth_context import get_access_token
from mcp.server.auth.provider import AccessToken

from .errors import GatehouseError, NoUser


@dataclass(frozen=True)
class Access:
    """The user, the client and the session of a request, and what the session may do."""

    subject: str
    client_id: str
    session_id: str | None
    scopes: frozenset[str]
    is_client: bool
    expires_at: int
    issued_at: int | None
    authenticated_at: int | None

    def demand_user(self) -> None:
        """Raises if the client acts for itself, so that there is no user."""
        if self.is_client:
            raise NoUser("This tool needs a user, and the client acts for itself; sign in as a user.")


def access_of(claims: dict[str, Any]) -> Access:
    """The access that verified claims describe."""
    return Access(
        subject=claims["sub"],
        client_id=claims["client_id"],
        session_id=claims.get("sid"),
        scopes=frozenset(str(claims.get("scope") or "").split()),
        is_client=claims.get("gatehouse:actor") == "client",
        expires_at=int(claims["exp"]),
        issued_at=_whole(claims.get("iat")),
        authenticated_at=_whole(claims.get("auth_time")),
    )


def current_token() -> AccessToken:
    """The verified token of the request that is being handled."""
    if (token := get_access_token()) is None or token.claims is None:
        raise GatehouseError("Nobody is signed in here: call this within a request to a protected tool.")
    return token


def current_access() -> Access:
    """The access of the request that is being handled."""
    return access_of(current_token().claims or {})


def _whole(value: object) -> int | None:
    return int(value) if isinstance(value, int | float) and not isinstance(value, bool) else None
