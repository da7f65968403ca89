"""The configuration of an MCP server in its environment."""

import os
from collections.abc import Mapping
from urllib.parse import urlsplit

from .credentials import Credentials, KeyCredentials, SecretCredentials
from .errors import StartFault

PREFIX = "GATEHOUSE_"
LOOPBACK = ("localhost", "127.0.0.1", "::1")


def issuer_from(environment: Mapping[str, str]) -> str:
    """The issuer, as its metadata spells it: without a slash at the end."""
    return checked_issuer(_value(environment, "ISSUER"), f"{PREFIX}ISSUER")


def resource_from(environment: Mapping[str, str]) -> str:
    """The URL of this MCP server, as it was registered."""
    return checked_url(_value(environment, "RESOURCE"), f"{PREFIX}RESOURCE")


def credentials_from(environment: Mapping[str, str]) -> Credentials:
    """The id with a secret or with the file of a key, never with both."""
    client = _value(environment, "CLIENT_ID")
    secret, file = environment.get(f"{PREFIX}CLIENT_SECRET", ""), environment.get(f"{PREFIX}KEY_FILE", "")
    if bool(secret) == bool(file):
        raise StartFault(f"Set either {PREFIX}CLIENT_SECRET or {PREFIX}KEY_FILE, and not both.")
    if secret:
        return SecretCredentials(client, secret.strip())
    return KeyCredentials.from_file(client, issuer_from(environment), file)


def environment_or(environment: Mapping[str, str] | None) -> Mapping[str, str]:
    """The given environment, or that of this process."""
    return os.environ if environment is None else environment


def _value(environment: Mapping[str, str], name: str) -> str:
    if not (value := environment.get(PREFIX + name, "").strip()):
        raise StartFault(f"Set {PREFIX}{name}; `gatehouse resources add` prints what belongs there.")
    return value


def checked_issuer(value: str, name: str) -> str:
    """The issuer without a slash at the end. The secret is sent there, so plain http is for this machine only."""
    parts = urlsplit(checked_url(value, name))
    if parts.scheme == "http" and parts.hostname not in LOOPBACK:
        raise StartFault(f"{name} has to begin with https://; http:// is for localhost, 127.0.0.1 and [::1] only.")
    return value.rstrip("/")


def checked_url(value: str, name: str) -> str:
    """The URL unchanged, because it is compared letter by letter."""
    parts = urlsplit(value)
    if parts.scheme not in ("http", "https") or not parts.netloc or parts.fragment or parts.query:
        raise StartFault(f"{name} has to be a URL such as https://notes.example/mcp, without a query.")
    return value
