"""What a tool demands of a request before it runs: scopes, and a recent sign-in."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

# Where the demands of a function are kept, through all decorators above.
MARK = "__gatehouse__"


@dataclass(frozen=True)
class Requirement:
    """Scopes that the session has to hold, and how many seconds ago the user may have signed in at most."""

    scopes: tuple[str, ...] = ()
    max_age: int | None = None

    def joined(self, other: "Requirement") -> "Requirement":
        """Both at once: all scopes, and the stricter age."""
        ages = [age for age in (self.max_age, other.max_age) if age is not None]
        return Requirement(tuple(dict.fromkeys(self.scopes + other.scopes)), min(ages) if ages else None)


class Requirements:
    """The demands of the tools of a server, by the name of the tool."""

    def __init__(self) -> None:
        self._of: dict[str, Requirement] = {}

    def __bool__(self) -> bool:
        return bool(self._of)

    def of(self, tool: str) -> Requirement:
        """What this tool demands."""
        return self._of.get(tool, Requirement())

    def add(self, tool: str, requirement: Requirement) -> None:
        """Adds demands to those of a tool."""
        self._of[tool] = self.of(tool).joined(requirement)

    @property
    def scopes(self) -> list[str]:
        """Every scope that some tool demands."""
        return list(dict.fromkeys(scope for each in self._of.values() for scope in each.scopes))


def requirement_of(function: Callable[..., Any]) -> Requirement:
    """The demands with which a function was decorated."""
    found = getattr(function, MARK, None)
    return found if isinstance(found, Requirement) else Requirement()


def mark(function: Callable[..., Any], requirement: Requirement) -> None:
    """Adds demands to a function."""
    setattr(function, MARK, replace(requirement_of(function)).joined(requirement))
