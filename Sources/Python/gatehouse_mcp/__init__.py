"""Protects an MCP server with Gatehouse."""

from .access import Access
from .credentials import Credentials, KeyCredentials, SecretCredentials
from .errors import (
    CannotOpenLinks,
    Declined,
    Expired,
    GatehouseError,
    NotAllowed,
    NotFulfilled,
    NoUser,
    Refusal,
    StartFault,
    Unanswered,
    Unreachable,
    WrongCredentials,
)
from .events import Event
from .gate import Gatehouse
from .server import GatehouseServer

__all__ = [
    "Access",
    "CannotOpenLinks",
    "Credentials",
    "Declined",
    "Event",
    "Expired",
    "Gatehouse",
    "GatehouseError",
    "GatehouseServer",
    "KeyCredentials",
    "NoUser",
    "NotAllowed",
    "NotFulfilled",
    "Refusal",
    "SecretCredentials",
    "StartFault",
    "Unanswered",
    "Unreachable",
    "WrongCredentials",
]
