"""The responses that tell a client what it lacks, in the words of the specifications."""

import json
from collections.abc import Sequence
from dataclasses import dataclass

from starlette.types import Send


@dataclass(eq=False)
class Challenge(Exception):
    """A response that ends a request before it reaches a tool."""

    status: int
    error: str | None
    sentence: str
    fields: tuple[tuple[str, str], ...] = ()
    scheme: str | None = "Bearer"
    retry_after: int | None = None

    async def send(self, send: Send) -> None:
        """Sends the response."""
        body = json.dumps({"error": self.error or "unauthorized", "error_description": self.sentence}).encode()
        headers = [
            (b"content-type", b"application/json"),
            (b"content-length", str(len(body)).encode()),
            (b"cache-control", b"no-store"),
        ]
        if self.scheme is not None:
            error = [("error", self.error), ("error_description", self.sentence)] if self.error else []
            parameters = ", ".join(f'{name}="{value}"' for name, value in [*error, *self.fields])
            headers.append((b"www-authenticate", f"{self.scheme} {parameters}".encode()))
        if self.retry_after is not None:
            headers.append((b"retry-after", str(self.retry_after).encode()))
        await send({"type": "http.response.start", "status": self.status, "headers": headers})
        await send({"type": "http.response.body", "body": body})


class Challenges:
    """Makes the challenges of one MCP server.

    Spec: RFC 6750 §3, RFC 9470 §3, RFC 9728 §5.1
    """

    def __init__(self, metadata_url: str, scopes: Sequence[str]) -> None:
        self._metadata = ("resource_metadata", metadata_url)
        self._scopes = scopes

    def no_token(self) -> Challenge:
        """The request has no token; says where to get one, and for which scopes."""
        return Challenge(401, None, "Sign in first: this server needs an access token.", self._located(self._scopes))

    def invalid_token(self, scheme: str = "Bearer") -> Challenge:
        """The token has expired, was revoked, or is for something else."""
        sentence = "The token has expired, was revoked, or is for another server."
        return Challenge(401, "invalid_token", sentence, self._located(self._scopes), scheme)

    def invalid_proof(self, algorithms: Sequence[str]) -> Challenge:
        """Nobody proved the key to which the token is bound."""
        fields = (("algs", " ".join(algorithms)), self._metadata)
        return Challenge(401, "invalid_dpop_proof", "Send one fresh proof for this request and token.", fields, "DPoP")

    def bound_token(self, algorithms: Sequence[str]) -> Challenge:
        """A token that is bound to a key came as a bearer token."""
        fields = (("algs", " ".join(algorithms)), self._metadata)
        return Challenge(401, "invalid_token", "This token needs a proof of its key.", fields, "DPoP")

    def insufficient_scope(self, scopes: Sequence[str]) -> Challenge:
        """The session lacks a scope; names all that the operation needs."""
        return Challenge(403, "insufficient_scope", "This tool needs more scopes.", self._located(scopes))

    def old_sign_in(self, max_age: int, scopes: Sequence[str]) -> Challenge:
        """The user signed in too long ago."""
        fields = (("max_age", str(max_age)), *self._located(scopes))
        return Challenge(401, "insufficient_user_authentication", "This tool needs a recent sign-in.", fields)

    def _located(self, scopes: Sequence[str]) -> tuple[tuple[str, str], ...]:
        named = (("scope", " ".join(scopes)),) if scopes else ()
        return (*named, self._metadata)


def unavailable(sentence: str) -> Challenge:
    """Gatehouse cannot be asked, so that nothing passes."""
    return Challenge(503, "temporarily_unavailable", sentence, scheme=None, retry_after=5)


def misconfigured() -> Challenge:
    """This MCP server is not set up; its log says why, not the response."""
    return Challenge(500, "server_error", "This server cannot verify tokens; its log says why.", scheme=None)


def malformed(sentence: str) -> Challenge:
    """The request cannot be read in one way only."""
    return Challenge(400, "invalid_request", sentence, scheme=None)
