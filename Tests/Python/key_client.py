"""A client with a key: joserfc makes the keys, and joserfc, PyJWT and Authlib each sign assertions."""

import asyncio
import time
import uuid

import jwt as pyjwt
from authlib.oauth2.rfc7523 import private_key_jwt_sign
from conversation import converse
from joserfc import jwt
from joserfc.jwk import ECKey, KeySet, OKPKey, RSAKey

TYPE = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
keys = {}


def generate(algorithm: str):
    match algorithm:
        case "ES256":
            return ECKey.generate_key("P-256")
        case "ES384":
            return ECKey.generate_key("P-384")
        case "EdDSA":
            return OKPKey.generate_key("Ed25519")
        case _:
            return RSAKey.generate_key(2048)


async def make(request):
    """A new key for each algorithm; the public halves as a JWK set."""
    for algorithm in request["algorithms"]:
        key = generate(algorithm)
        key.ensure_kid()
        keys[algorithm] = key
    return KeySet(list(keys.values())).as_dict(private=False)


async def sign(request):
    """The form parameters of an assertion."""
    algorithm, client, issuer = request["algorithm"], request["client"], request["issuer"]
    key, now = keys[algorithm], int(time.time())
    claims = {"iss": client, "sub": client, "aud": issuer, "jti": str(uuid.uuid4()), "iat": now, "exp": now + 60}
    match request["library"]:
        case "joserfc":
            header = {"alg": algorithm, "kid": key.kid, "typ": "client-authentication+jwt"}
            assertion = jwt.encode(header, claims, key, algorithms=[algorithm])
        case "PyJWT":
            # It writes its own type, JWT.
            assertion = pyjwt.encode(claims, key.as_pem(private=True), algorithm, headers={"kid": key.kid})
        case "Authlib":
            # Its own audience is the token endpoint, and its own lifetime an hour; both can be set.
            own = {"aud": issuer, "exp": now + 60} if request["corrected"] else {}
            header = {"alg": algorithm, "kid": key.kid}
            assertion = private_key_jwt_sign(key, client, issuer + "/token", algorithm, own, header=header)
    return {"client_assertion_type": TYPE, "client_assertion": assertion}


if __name__ == "__main__":
    asyncio.run(converse({"make": make, "sign": sign}))
