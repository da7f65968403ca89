"""The digest of an action, which both sides compute.

Spec: RFC 8785
"""

import hashlib
import json
import math
from base64 import urlsafe_b64encode
from collections.abc import Mapping
from typing import Any

# Programs read integers beyond this one differently.
LARGEST = 2**53 - 1


def digest(value: Mapping[str, Any]) -> str:
    """SHA-256 over the canonical form, in base64url without padding."""
    return urlsafe_b64encode(hashlib.sha256(canonical(value).encode()).digest()).rstrip(b"=").decode()


def canonical(value: object) -> str:
    """The canonical form: sorted members, no whitespace, numbers in ECMAScript notation."""
    if value is None or isinstance(value, bool | str):
        return json.dumps(value, ensure_ascii=False)
    if isinstance(value, int):
        if abs(value) > LARGEST:
            raise ValueError(f"{value} is too large for a JSON number that all programs read alike; pass a string.")
        return str(value)
    if isinstance(value, float):
        return _number(value)
    if isinstance(value, Mapping):
        # Sorted by UTF-16 code units, in which characters beyond the basic plane come before U+E000.
        members = sorted(value.items(), key=lambda member: str(member[0]).encode("utf-16-be"))
        return (
            "{"
            + ",".join(f"{json.dumps(str(name), ensure_ascii=False)}:{canonical(item)}" for name, item in members)
            + "}"
        )
    if isinstance(value, list | tuple):
        return "[" + ",".join(canonical(item) for item in value) + "]"
    raise ValueError(f"A {type(value).__name__} is not JSON.")


def _number(value: float) -> str:
    """A double as ECMAScript writes it.

    Spec: RFC 8785 §3.2.2.3
    """
    if not math.isfinite(value):
        raise ValueError("NaN and infinity are not JSON.")
    if value == 0:
        return "0"
    sign = "-" if value < 0 else ""
    mantissa, _, exponent = f"{abs(value)!r}".partition("e")
    whole, _, fraction = mantissa.partition(".")
    digits = (whole + fraction).lstrip("0")
    # The decimal point stands after this many of the digits.
    point = len(whole) + int(exponent or 0) - (len(whole + fraction) - len(digits))
    digits = digits.rstrip("0")
    if len(digits) <= point <= 21:
        return sign + digits + "0" * (point - len(digits))
    if 0 < point <= 21:
        return f"{sign}{digits[:point]}.{digits[point:]}"
    if -6 < point <= 0:
        return f"{sign}0.{'0' * -point}{digits}"
    power = f"e{'+' if point > 0 else '-'}{abs(point - 1)}"
    return sign + digits[0] + (f".{digits[1:]}" if len(digits) > 1 else "") + power
