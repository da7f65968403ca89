"""Approvals: the user approves one described action, and only that action runs."""

import inspect
import json
import re
from collections.abc import Callable, Mapping
from typing import Any

import pydantic_core
from mcp.server.mcpserver import Context

from ..access import current_access
from ..errors import NotFulfilled
from ..signatures import NotGenuine, Signatures
from .call import Step, current_call
from .canonical import digest
from .results import Results
from .waiting import Waiting


class Approvals:
    """Asks for approvals and compares each with the call that is about to run."""

    def __init__(self, signatures: Signatures, waiting: Waiting, results: Results, resource: str) -> None:
        self._signatures = signatures
        self._waiting = waiting
        self._results = results
        self._resource = resource

    async def require(self, action: Mapping[str, Any], message: str) -> None:
        """Returns once the user of this call has approved the action; the approval is spent then."""
        expected = digest(action)
        request = {"kind": "confirm", "message": message, "action": dict(action)}
        step = await self._waiting.ask(request, expected=expected)
        if step.done:
            await self._take_next()
        else:
            await self._spend(step, str(action["name"]), expected)
            step.done = True

    async def _take_next(self) -> None:
        """Takes the answer for which an earlier round ended after the approval.

        Only one call can, so that a client that sends the same state twice does not run the call twice on one
        approval, even if the tool does not ask for that answer again.
        """
        if not (last := current_call().steps[-1]).done and not last.is_approval:
            await self._results.take(await self._waiting.resume(last))

    async def _spend(self, step: Step, name: str, expected: str) -> None:
        """Compares the approval with this call, and then claims it, which only one call can."""
        compact = str((await self._results.look(step)).get("approval"))
        try:
            claims = await self._signatures.claims(compact, typ="gatehouse-approval+jwt", audience=self._resource)
        except NotGenuine:
            raise NotFulfilled("The result is not an approval of Gatehouse, so nothing was done.") from None
        access = current_access()
        required = {
            "sub": access.subject,
            "client_id": access.client_id,
            "sid": access.session_id,
            "elicitation": step.id,
            "action": name,
            "digest": expected,
        }
        if any(claims.get(claim) != value for claim, value in required.items()):
            raise NotFulfilled("The approval is for another call, so nothing was done.")
        await self._results.claim(step)


def describe(name: str, summary: str, details: Mapping[str, str], arguments: Mapping[str, Any]) -> dict[str, Any]:
    """The action of a call: what the user reads, and all the arguments that the tool is about to run with."""
    shown = {key: value for key, value in arguments.items() if not isinstance(value, Context)}
    plain = pydantic_core.to_jsonable_python(shown)
    action: dict[str, Any] = {"name": name, "summary": _filled(summary, plain), "arguments": plain}
    if details:
        action["details"] = [{"label": label, "value": _filled(text, plain)} for label, text in details.items()]
    return action


def bound(function: Callable[..., Any], args: tuple[Any, ...], kwargs: Mapping[str, Any]) -> dict[str, Any]:
    """The arguments of a call by name, with the defaults of those that were left out."""
    arguments = inspect.signature(function).bind(*args, **kwargs)
    arguments.apply_defaults()
    return dict(arguments.arguments)


def _filled(template: str, arguments: Mapping[str, Any]) -> str:
    """The template with the arguments in place of their names in braces, in one pass: a value is never a template."""

    def value(match: re.Match[str]) -> str:
        if (name := match.group(1)) not in arguments:
            return match.group(0)
        found = arguments[name]
        return found if isinstance(found, str) else json.dumps(found, ensure_ascii=False)

    return re.sub(r"\{(\w+)\}", value, template)
