"""The call that is being handled, and its steps with the user, in both eras of the protocol."""

import json
from collections.abc import Awaitable, Callable, Mapping
from contextvars import ContextVar
from dataclasses import asdict, dataclass, field, replace
from typing import Any, NoReturn

from mcp.server.context import CallNext, HandlerResult, ServerRequestContext
from mcp.shared.exceptions import MCPError
from mcp_types import InputRequiredResult
from mcp_types.methods import is_input_required
from pydantic import SecretStr

from ..errors import GatehouseError

# The methods that may need a user before they can answer.
METHODS = ("tools/call", "prompts/get", "resources/read")
# The first version in which a call is answered with what it needs, and sent again.
MODERN = "2026-07-28"
# The name of the request to the client in a result, and of the client's answer.
ASKED = "gatehouse"


@dataclass
class Step:
    """One elicitation of a call. `done` says that its result was taken, so that it may not be taken again."""

    key: str
    id: str
    url: str
    round: int = 0
    done: bool = False
    asked: bool = False

    @property
    def is_approval(self) -> bool:
        return self.key.startswith("confirm:")


@dataclass
class Call:
    """What the library needs to know of the request that is being handled."""

    context: ServerRequestContext[Any, Any]
    steps: list[Step] = field(default_factory=list)
    #: What the client said about the link of the last round: accept, decline or cancel.
    answer: str | None = None
    #: Results to acknowledge after the call has succeeded.
    collected: list[str] = field(default_factory=list)
    counts: dict[str, int] = field(default_factory=dict)
    #: What this round ends with, whatever became of the exception that ended it on its way.
    pending: InputRequiredResult | None = None
    #: The tokens of connected accounts that this call has asked for, by provider.
    tokens: dict[str, SecretStr] = field(default_factory=dict)

    @property
    def is_modern(self) -> bool:
        return self.context.protocol_version >= MODERN

    @property
    def name(self) -> str:
        """The name of the tool or prompt, or the URI of the resource."""
        params = self.context.params or {}
        return str(params.get("name") or params.get("uri") or "")

    @property
    def opens_links(self) -> bool | None:
        """Whether the client opens links; None if nothing is known about the client."""
        if (declared := self.context.session.client_capabilities) is None:
            return None
        return declared.elicitation is not None and declared.elicitation.url is not None

    def pause(self, **parts: Any) -> NoReturn:
        """Ends this round of the call: the client gets what is asked, and sends the call again."""
        self.pending = InputRequiredResult(request_state="-", **parts)
        raise Pending

    def key(self, of: str) -> str:
        """A name for a request that is the same each time the call runs; equal requests are counted."""
        number = self.counts[of] = self.counts.get(of, 0) + 1
        return f"{of}#{number}"

    def step(self, key: str) -> Step | None:
        """The step that this call has already begun in an earlier round."""
        return next((step for step in self.steps if step.key == key), None)


class Pending(MCPError):
    """Ends this round of a call: the client gets the result, and sends the call again. Not an error for anybody.

    It is an `MCPError` because the SDK passes those through a tool unchanged.
    """

    def __init__(self) -> None:
        super().__init__(code=-32603, message="The call waits for its user.")


_current: ContextVar[Call | None] = ContextVar("gatehouse_call", default=None)


def current_call() -> Call:
    """The call that is being handled."""
    if (call := _current.get()) is None:
        raise GatehouseError("No call is being handled here: ask the user within a tool of a protected server.")
    return call


class CallTracker:
    """Middleware of the SDK's server: knows the current call and carries its steps in the sealed `requestState`."""

    def __init__(self, acknowledge: Callable[[list[str]], Awaitable[None]]) -> None:
        self._acknowledge = acknowledge

    async def __call__(self, ctx: ServerRequestContext[Any, Any], call_next: CallNext) -> HandlerResult:
        if ctx.method not in METHODS or ctx.request_id is None:
            return await call_next(ctx)
        call, ctx = begin(ctx)
        token = _current.set(call)
        try:
            result = await call_next(ctx)
        except Pending:
            result = call.pending
        finally:
            _current.reset(token)
        # FastMCP turns every exception of a tool into a result.
        result = result if call.pending is None else call.pending
        if is_input_required(result):
            if call.pending is None and any(step.done and step.is_approval for step in call.steps):
                # Nothing here is used up by the next round, so that the same state would run the call again and again.
                raise MCPError(
                    code=-32603, message="This tool asks its client after an approval; it has to ask before."
                )
            return enclose(result, call.steps)
        if call.collected and not _has_failed(result):
            await self._acknowledge(call.collected)
        return result


def begin(context: ServerRequestContext[Any, Any]) -> tuple[Call, ServerRequestContext[Any, Any]]:
    """The call of a request, and the request with the state that the tool itself put there."""
    params = dict(context.params or {})
    call = Call(context)
    state = params.get("requestState")
    if isinstance(state, str) and (known := _parse(state)) is not None:
        call.steps = [Step(**step) for step in known["steps"]]
        # The first round of the tool itself has no state; it sees the state that it made, or none.
        params["requestState"] = known["inner"]
        context = replace(context, params=params)
    responses = params.get("inputResponses")
    if isinstance(responses, Mapping) and isinstance(answer := responses.get(ASKED), Mapping):
        call.answer = str(answer.get("action"))
    call.context = context
    return call, context


def enclose(result: Any, steps: list[Step]) -> HandlerResult:
    """The result with the steps around the state that the tool itself returned."""
    is_wire = isinstance(result, Mapping)
    inner = result.get("requestState") if is_wire else result.request_state
    if not steps:
        return result if is_wire else InputRequiredResult.model_validate(result)
    state = json.dumps({"gatehouse": 1, "steps": [asdict(step) for step in steps], "inner": inner})
    if is_wire:
        return {**result, "requestState": state}
    enclosed: InputRequiredResult = result.model_copy(update={"request_state": state})
    return enclosed


def _parse(state: str) -> dict[str, Any] | None:
    """The state that this library made. The SDK has verified the seal, so that nobody else made it."""
    try:
        known = json.loads(state)
    except ValueError:
        return None
    return known if isinstance(known, dict) and known.get("gatehouse") == 1 else None


def _has_failed(result: HandlerResult) -> bool:
    if isinstance(result, Mapping):
        return bool(result.get("isError"))
    return bool(getattr(result, "is_error", False))
