"""Verifies that a client holds the key to which its token is bound.

Spec: RFC 9449 §4.3
"""

import hashlib
import json
import time
from base64 import urlsafe_b64encode
from dataclasses import dataclass
from typing import Any

import jwt

from ..signatures import ALGORITHMS

# Seconds that a client's clock may differ, and how many used proofs one process remembers.
WINDOW, MOST = 300, 100_000
# The members of a key that make its thumbprint.
#
# Spec: RFC 7638 §3.2, RFC 8037 §2
MEMBERS = {"EC": ("crv", "kty", "x", "y"), "OKP": ("crv", "kty", "x"), "RSA": ("e", "kty", "n")}


class InvalidProof(Exception):
    """Nobody proved a key with this request; the text says why, for the log."""


@dataclass(frozen=True)
class Proof:
    """A proof of a key, verified for one request and one token."""

    thumbprint: str
    name: str
    until: float


class Proofs:
    """Verifies proofs for one MCP server and lets each count once in this process."""

    def __init__(self, resource: str) -> None:
        self._resource = resource
        self._used: dict[tuple[str, str], float] = {}

    def verify(self, proof: str, *, method: str, token: str) -> Proof:
        """The proof if it is one for this method, at this server's own address, with this token."""
        try:
            header = jwt.get_unverified_header(proof)
            key = header.get("jwk")
            algorithm = str(header.get("alg"))
            if header.get("typ") != "dpop+jwt" or algorithm not in ALGORITHMS or not isinstance(key, dict):
                raise InvalidProof("not a proof")
            if key.get("kty") not in MEMBERS or any(name in key for name in ("d", "k", "p", "q")):
                raise InvalidProof("the key is not a public one")
            public = jwt.PyJWK.from_dict({**key, "alg": algorithm})
            options: Any = {"verify_aud": False, "verify_exp": False, "verify_nbf": False, "verify_iat": False}
            claims = jwt.decode(proof, public, algorithms=[algorithm], options=options)
        except jwt.PyJWTError as error:
            raise InvalidProof(str(error)) from None
        self._compare(claims, method, token)
        name, dated = claims.get("jti"), claims["iat"]
        if not isinstance(name, str) or not 1 <= len(name) <= 256:
            raise InvalidProof("no id")
        return Proof(thumbprint(key), name, dated + WINDOW)

    def _compare(self, claims: dict[str, Any], method: str, token: str) -> None:
        spent = urlsafe_b64encode(hashlib.sha256(token.encode()).digest()).rstrip(b"=").decode()
        address = str(claims.get("htu", "")).split("#")[0].split("?")[0]
        if (claims.get("htm"), address, claims.get("ath")) != (method, self._resource, spent):
            raise InvalidProof("for another request or another token")
        dated = claims.get("iat")
        # Written so that NaN, which Python reads as a number, is refused.
        if not isinstance(dated, int | float) or isinstance(dated, bool) or not abs(time.time() - dated) <= WINDOW:
            raise InvalidProof("from another time")

    def spend(self, proof: Proof) -> bool:
        """Whether this is the first use of a proof. A full memory refuses: a forgotten proof could be used again."""
        use = (proof.thumbprint, proof.name)
        if use in self._used:
            return False
        if len(self._used) >= MOST:
            now = time.time()
            self._used = {known: until for known, until in self._used.items() if until >= now}
        if len(self._used) >= MOST:
            return False
        self._used[use] = proof.until
        return True


def thumbprint(key: dict[str, Any]) -> str:
    """The name of a public key.

    Spec: RFC 7638 §3
    """
    members = {name: key[name] for name in MEMBERS[key["kty"]] if name in key}
    plain = json.dumps(members, sort_keys=True, separators=(",", ":")).encode()
    return urlsafe_b64encode(hashlib.sha256(plain).digest()).rstrip(b"=").decode()
