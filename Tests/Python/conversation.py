"""One JSON object a line in, one JSON object a line out: how a Swift test talks to a Python program."""

import asyncio
import json
import sys
import traceback
from collections.abc import Awaitable, Callable
from typing import Any

Answer = Callable[[dict[str, Any]], Awaitable[Any]]


async def converse(verbs: dict[str, Answer]) -> None:
    """Answers each line `{"verb": …, …}` with `{"value": …}` or `{"failure": …}` until the other side hangs up."""
    lines = asyncio.StreamReader()
    loop = asyncio.get_running_loop()
    await loop.connect_read_pipe(lambda: asyncio.StreamReaderProtocol(lines), sys.stdin)
    while line := await lines.readline():
        request = json.loads(line)
        try:
            answer = {"value": await verbs[request["verb"]](request)}
        except Exception as failure:
            traceback.print_exc()
            answer = {"failure": describe(failure)}
        print(json.dumps(answer), flush=True)


def describe(failure: BaseException) -> str:
    """The innermost cause, because task groups wrap what went wrong in groups of exceptions."""
    while isinstance(failure, BaseExceptionGroup):
        failure = failure.exceptions[0]
    return f"{type(failure).__name__}: {failure}"
