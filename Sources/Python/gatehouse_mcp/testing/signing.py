"""Signs what a Gatehouse in memory issues."""

import json
import time
from typing import Any

import jwt
from cryptography.hazmat.primitives.asymmetric import ec


class SigningKey:
    """A fresh key, and its public half as the issuer publishes it."""

    def __init__(self) -> None:
        self._key = ec.generate_private_key(ec.SECP256R1())
        algorithm = jwt.get_algorithm_by_name("ES256")
        public: dict[str, Any] = json.loads(algorithm.to_jwk(self._key.public_key()))
        self.published = {"keys": [public | {"kid": "1", "alg": "ES256", "use": "sig"}]}

    def sign(self, typ: str, claims: dict[str, Any], *, lifetime: int = 300) -> str:
        """A signed token of this type."""
        now = int(time.time())
        content = {"iat": now, "exp": now + lifetime, **claims}
        return jwt.encode(content, self._key, algorithm="ES256", headers={"typ": typ, "kid": "1"})
