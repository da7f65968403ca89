"""What can go wrong, each as one sentence that says what to do."""

from mcp.server.mcpserver.exceptions import ToolError


class GatehouseError(ToolError):
    """Something did not work; the text is one sentence. Inside a tool it becomes the text of a failed result."""


class StartFault(GatehouseError):
    """The configuration of this MCP server and its registration at Gatehouse do not fit."""


class Unreachable(GatehouseError):
    """Gatehouse did not answer, or answered that it cannot at the moment. Nothing passes meanwhile."""


class Refusal(GatehouseError):
    """Gatehouse refused a request. `code` is its error code, and the text its description."""

    def __init__(self, code: str, description: str, status: int, *, retry_after: int | None = None) -> None:
        super().__init__(description)
        self.code = code
        self.status = status
        self.retry_after = retry_after


class WrongCredentials(Refusal):
    """Gatehouse does not accept the id with the secret or the key of this MCP server."""


class Declined(GatehouseError):
    """The user said no, or did not open the link. Do not ask again in the same call."""


class Expired(GatehouseError):
    """The user did not act in time."""


class NotFulfilled(GatehouseError):
    """The user acted, but the step failed, or its result can no longer be used."""


class Unanswered(GatehouseError):
    """The user has not acted yet, and the client may not be held any longer. The text contains the link."""


class NoUser(GatehouseError):
    """The call comes from a client that acts for itself, so that there is no user to ask."""


class CannotOpenLinks(GatehouseError):
    """The client did not declare that it opens links, so that no user can be asked."""


class NotAllowed(GatehouseError):
    """Gatehouse decided against a server-initiated action. `reason` is the reason that it named, if any."""

    def __init__(self, sentence: str, reason: str | None = None) -> None:
        super().__init__(sentence)
        self.reason = reason
