"""Verifies what Gatehouse signed, by its published keys."""

import time
from typing import Any

import anyio
import jwt

from .connection import Connection
from .errors import Unreachable

ALGORITHMS = ("ES256", "ES384", "EdDSA", "RS256", "PS256")
# Seconds: how long keys are kept, how soon an unknown one may cause another look, and how far clocks may differ.
KEPT, PAUSE, SKEW = 600.0, 30.0, 60


class NotGenuine(Exception):
    """A token is not one that Gatehouse signed for this purpose."""


class Signatures:
    """The keys of the issuer, fetched once and again when a new one appears."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._keys: dict[str, jwt.PyJWK] = {}
        self._fetched = -KEPT
        self._tried = -PAUSE

    async def claims(self, token: str, *, typ: str, audience: str) -> dict[str, Any]:
        """The claims of a token of this type for this audience; raises `NotGenuine`, or `Unreachable` without keys."""
        try:
            header = jwt.get_unverified_header(token)
        except jwt.PyJWTError:
            raise NotGenuine("the token is not a signed JWT") from None
        kind = str(header.get("typ", "")).lower().removeprefix("application/")
        if kind != typ:
            raise NotGenuine(f"the token is not of type {typ}")
        key = await self._key(str(header.get("kid", "")))
        if header.get("alg") not in ALGORITHMS or key.algorithm_name != header["alg"]:
            raise NotGenuine("the token is signed with another algorithm than the key's")
        try:
            return dict(
                jwt.decode(
                    token,
                    key,
                    algorithms=[key.algorithm_name],
                    issuer=self._connection.issuer,
                    audience=audience,
                    leeway=SKEW,
                    options={"require": ["iss", "aud", "iat"], "strict_aud": False},
                )
            )
        except jwt.PyJWTError as error:
            raise NotGenuine(str(error)) from None

    async def _key(self, kid: str) -> jwt.PyJWK:
        now = time.monotonic()
        if (kid not in self._keys or now - self._fetched > KEPT) and now - self._tried > PAUSE:
            self._tried = now
            try:
                await self._fetch()
            except (Unreachable, TimeoutError):
                self._tried = now - PAUSE + 1
                if kid not in self._keys:
                    raise Unreachable("The keys of Gatehouse cannot be fetched; try again.") from None
        if (key := self._keys.get(kid)) is None:
            raise NotGenuine("the token is signed with a key that Gatehouse does not publish")
        return key

    async def _fetch(self) -> None:
        with anyio.fail_after(10):
            document = await self._connection.public("/jwks")
        keys: dict[str, jwt.PyJWK] = {}
        for jwk in document.get("keys", []):
            try:
                keys[str(jwk["kid"])] = jwt.PyJWK.from_dict(jwk)
            except (jwt.PyJWTError, KeyError, TypeError):
                continue  # a key of a kind that this library does not know signs nothing for it
        self._keys, self._fetched = keys, time.monotonic()
