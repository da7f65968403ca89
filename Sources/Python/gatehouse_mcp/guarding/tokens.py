"""Verifies access tokens: by a request for each, or by signature together with the events of ended sessions."""

import time
from typing import Any, Protocol

from mcp.server.auth.provider import AccessToken, TokenVerifier

from ..connection import Connection
from ..signatures import SKEW, NotGenuine, Signatures


class Revocations(Protocol):
    """What local verification has to know of ended sessions."""

    def has_ended(self, session: str) -> bool:
        """Whether an event told that this session ended."""
        ...

    async def covers(self, issued_at: int) -> bool:
        """Whether this process would know if the session of a token of that time had ended."""
        ...


class Tokens(TokenVerifier):
    """Accepts the tokens that Gatehouse issued for this MCP server.

    `accept_clients` also accepts those of clients that act for themselves, which have no user.
    """

    def __init__(
        self,
        connection: Connection,
        signatures: Signatures,
        resource: str,
        *,
        revocations: Revocations | None = None,
        accept_clients: bool = False,
    ) -> None:
        self._connection = connection
        self._signatures = signatures
        self._resource = resource
        self._revocations = revocations
        self._accept_clients = accept_clients

    async def verify_token(self, token: str) -> AccessToken | None:
        """The token if it may be used as a bearer token."""
        access = await self.verify(token)
        return None if access is None or "cnf" in (access.claims or {}) else access

    async def verify(self, token: str) -> AccessToken | None:
        """The token with its claims; None if it is not valid here. The caller has to look at `cnf`."""
        if self._revocations is None:
            return self._judged(token, await self._introspected(token))
        try:
            claims = await self._signatures.claims(token, typ="at+jwt", audience=self._resource)
        except NotGenuine:
            return None
        session, issued = claims.get("sid"), claims.get("iat")
        if isinstance(session, str) and self._revocations.has_ended(session):
            return None
        if not isinstance(session, str) or not await self._revocations.covers(int(issued or 0)):
            claims = await self._introspected(token)
        return self._judged(token, claims)

    async def _introspected(self, token: str) -> dict[str, Any]:
        form = {"token": token, "token_type_hint": "access_token"}
        answer = await self._connection.form("/introspect", form, repeatable=True)
        return answer if answer.get("active") is True else {}

    def _judged(self, token: str, claims: dict[str, Any]) -> AccessToken | None:
        """Spec: RFC 9068 §4."""
        audience = claims.get("aud")
        audiences = audience if isinstance(audience, list) else [audience]
        if self._resource not in audiences or claims.get("iss", self._connection.issuer) != self._connection.issuer:
            return None
        subject, client, end = claims.get("sub"), claims.get("client_id"), claims.get("exp")
        if not (isinstance(subject, str) and isinstance(client, str) and isinstance(end, int | float)):
            return None
        if end <= time.time() - SKEW or not self._may_act(claims):
            return None
        return AccessToken(
            token=token,
            client_id=client,
            scopes=str(claims.get("scope") or "").split(),
            # The SDK compares this with its own clock and allows no difference.
            expires_at=int(end) + SKEW,
            resource=self._resource,
            subject=subject,
            claims=claims,
        )

    def _may_act(self, claims: dict[str, Any]) -> bool:
        """A token with an unknown actor, or of a client in the place of a user, must not pass as a user's."""
        actor = claims.get("gatehouse:actor")
        if actor is None:
            return True
        return actor == "client" and claims["sub"] == claims["client_id"] and self._accept_clients
