"""Secrets: values that the user gives to this MCP server alone, past the client and the model."""

from typing import Any, TypeVar

from pydantic import BaseModel, ValidationError

from ..errors import NotFulfilled
from .results import Results
from .waiting import Waiting

Model = TypeVar("Model", bound=BaseModel)

# What a field of the form may say. Everything else of a Pydantic schema is for the server alone.
KEYWORDS = (
    "type", "title", "description", "format", "enum", "enumNames", "default", "oneOf", "items", "minItems", "maxItems",
    "minLength", "maxLength", "minimum", "maximum",
)  # fmt: skip


class Secrets:
    """Asks for the fields of a model on a page of Gatehouse."""

    def __init__(self, waiting: Waiting, results: Results) -> None:
        self._waiting = waiting
        self._results = results

    async def ask(self, model: type[Model], message: str) -> Model:
        """The values of the user of this call. They are erased at Gatehouse after the call has succeeded."""
        request = {"kind": "secret", "message": message, "requested_schema": form(model)}
        step = await self._waiting.ask(request)
        content = (await self._results.read(step)).get("content")
        try:
            return model.model_validate(content)
        except ValidationError as error:
            # Its text and its inputs contain the values.
            fields = sorted({".".join(str(part) for part in problem["loc"]) for problem in error.errors()})
        raise NotFulfilled(f"These values do not fit: {', '.join(fields)}. Call the tool again and enter others.")


def form(model: type[BaseModel]) -> dict[str, Any]:
    """The flat schema of a form for the fields of a model. A field that may be None is optional."""
    schema = model.model_json_schema()
    definitions = schema.get("$defs", {})
    required = list(schema.get("required", []))
    properties: dict[str, Any] = {}
    for name, field in schema.get("properties", {}).items():
        found = _resolved(field, definitions)
        choices = [_resolved(choice, definitions) for choice in found.get("anyOf", [])]
        present = [choice for choice in choices if choice.get("type") != "null"]
        if choices and len(present) == 1:
            found = {**{key: value for key, value in found.items() if key != "anyOf"}, **present[0]}
            if len(present) < len(choices) and name in required:
                required.remove(name)
        if found.get("type") not in ("string", "number", "integer", "boolean", "array"):
            raise TypeError(
                f"{model.__name__}.{name} is no field of a form: use str, SecretStr, int, float, bool or an Enum."
            )
        properties[name] = {key: found[key] for key in KEYWORDS if found.get(key) is not None}
    if not properties:
        raise TypeError(f"{model.__name__} has no fields to ask for.")
    return {"type": "object", "properties": properties, "required": required}


def _resolved(schema: dict[str, Any], definitions: dict[str, Any]) -> dict[str, Any]:
    """A schema with its reference replaced by what it refers to."""
    if not isinstance(reference := schema.get("$ref"), str):
        return schema
    target = definitions.get(reference.rsplit("/", 1)[-1], {})
    return {**target, **{key: value for key, value in schema.items() if key != "$ref"}}
