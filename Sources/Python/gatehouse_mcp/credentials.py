"""How an MCP server proves itself at Gatehouse: a secret, or a key of which Gatehouse knows the public half."""

import time
import uuid
from collections.abc import AsyncGenerator, Generator
from pathlib import Path
from typing import Any

import httpx2
import jwt
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from .errors import StartFault

# Seconds before its end in which a token is replaced.
MARGIN = 60


class Credentials(httpx2.Auth):
    """The id of this MCP server with its secret or its key. Prints neither."""

    def __init__(self, client_id: str) -> None:
        self.client_id = client_id

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self.client_id!r})"

    @property
    def noun(self) -> str:
        """What an error calls the part that may be wrong."""
        raise NotImplementedError

    @property
    def material(self) -> bytes:
        """The secret bytes from which keys are derived. Never shown."""
        raise NotImplementedError

    def derive(self, purpose: str) -> bytes:
        """A key for one purpose, the same in each process and after a restart. It tells nothing about the secret.

        Spec: RFC 5869
        """
        info = f"gatehouse-mcp/{purpose}/v1".encode()
        return HKDF(algorithm=hashes.SHA256(), length=32, salt=self.client_id.encode(), info=info).derive(self.material)

    def reset(self) -> bool:
        """Forgets what was obtained with these credentials, after Gatehouse refused it. Whether there was something."""
        return False


class SecretCredentials(Credentials):
    """The id and the secret that `gatehouse resources add` printed."""

    def __init__(self, client_id: str, secret: str) -> None:
        super().__init__(client_id)
        self._secret = secret
        self._basic = httpx2.BasicAuth(client_id, secret)

    @property
    def noun(self) -> str:
        return "secret"

    @property
    def material(self) -> bytes:
        return self._secret.encode()

    def auth_flow(self, request: httpx2.Request) -> Generator[httpx2.Request, httpx2.Response, None]:
        yield from self._basic.auth_flow(request)


class KeyCredentials(Credentials):
    """A private key as PEM. Gets a token for it, and a new one before that ends.

    Spec: RFC 7523 §2.2
    """

    requires_response_body = True

    def __init__(self, client_id: str, issuer: str, pem: bytes) -> None:
        super().__init__(client_id)
        self._issuer = issuer
        try:
            self._key: Any = serialization.load_pem_private_key(pem, password=None)
        except (ValueError, TypeError):
            raise StartFault(
                "The key file holds no private key in PEM without a password; make one with `openssl genpkey`."
            ) from None
        self._algorithm = _algorithm(self._key)
        self._token = ""
        # On the monotonic clock, which may be young.
        self._end = float("-inf")

    @classmethod
    def from_file(cls, client_id: str, issuer: str, path: str | Path) -> "KeyCredentials":
        """Reads the key from a file."""
        try:
            pem = Path(path).read_bytes()
        except OSError as error:
            raise StartFault(f"The key file {path} cannot be read: {error.strerror}.") from None
        return cls(client_id, issuer, pem)

    @property
    def noun(self) -> str:
        return "key"

    @property
    def material(self) -> bytes:
        encoding, form = serialization.Encoding.DER, serialization.PrivateFormat.PKCS8
        return bytes(self._key.private_bytes(encoding, form, serialization.NoEncryption()))

    def reset(self) -> bool:
        had, self._token, self._end = bool(self._token), "", float("-inf")
        return had

    def assertion(self) -> str:
        """A signed statement that this is the MCP server, for one use within a minute."""
        now = int(time.time())
        claims = {"iss": self.client_id, "sub": self.client_id, "aud": self._issuer}
        times = {"jti": str(uuid.uuid4()), "iat": now, "exp": now + 60}
        headers = {"typ": "client-authentication+jwt"}
        return jwt.encode(claims | times, self._key, algorithm=self._algorithm, headers=headers)

    async def async_auth_flow(self, request: httpx2.Request) -> AsyncGenerator[httpx2.Request, httpx2.Response]:
        if time.monotonic() > self._end - MARGIN:
            form = {
                "grant_type": "client_credentials",
                "client_assertion_type": "urn:ietf:params:oauth:client-assertion-type:jwt-bearer",
                "client_assertion": self.assertion(),
            }
            answer = yield httpx2.Request("POST", f"{self._issuer}/token", data=form)
            await answer.aread()
            if answer.status_code != 200:
                raise TokenRefused(answer)
            body = answer.json()
            self._token, self._end = body["access_token"], time.monotonic() + body["expires_in"]
        request.headers["Authorization"] = f"Bearer {self._token}"
        yield request


class TokenRefused(Exception):
    """Gatehouse issued no token for the key; holds its response."""

    def __init__(self, response: httpx2.Response) -> None:
        super().__init__("no token was issued for the key")
        self.response = response


def _algorithm(key: object) -> str:
    """The signature algorithm of a private key."""
    if isinstance(key, ec.EllipticCurvePrivateKey):
        return {"secp256r1": "ES256", "secp384r1": "ES384"}.get(key.curve.name) or _unsupported()
    if isinstance(key, ed25519.Ed25519PrivateKey):
        return "EdDSA"
    if isinstance(key, rsa.RSAPrivateKey) and key.key_size >= 2048:
        return "PS256"
    return _unsupported()


def _unsupported() -> str:
    raise StartFault(
        "The key is of a kind that Gatehouse does not take; use P-256, P-384, Ed25519, or RSA of 2048 bits."
    )
