"""Query parameters: read into a checked model, and described for the OpenAPI document.

The framework could do both, but takes longer to read nine parameters than the engine takes for some searches, and its
sentences are not the ones that errors are told in here.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Coroutine
from typing import Any, TypeVar

from fastapi import Request
from fastapi.routing import APIRoute
from pydantic import BaseModel, ValidationError
from starlette.responses import Response

from emptor.errors import EmptorError

M = TypeVar("M", bound=BaseModel)


class DirectRoute(APIRoute):
    """A route whose endpoint, where it takes nothing but the request, is called with it directly: the framework has
    nothing to read for it, and takes as long for that as the endpoint.
    """

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        if list(inspect.signature(self.endpoint).parameters) == ["request"]:
            return self.endpoint
        return super().get_route_handler()


def read(model: type[M], request: Request) -> M:
    """The parameters of a request. A blank one counts as left out, since HTML forms send them so.

    Raises: EmptorError naming the first parameter that is unknown or wrong, what was found, what was expected.
    """
    fields = model.model_fields
    given: dict[str, Any] = {}
    for name, value in request.query_params.multi_items():
        if value == "":
            continue
        if name not in fields:
            raise EmptorError(f"unknown parameter {_show(name)}; known here: {', '.join(sorted(fields))}")
        if fields[name].annotation == list[str]:
            given.setdefault(name, []).append(value)
        else:
            given[name] = value
    try:
        return model.model_validate(given)
    except ValidationError as error:
        first = error.errors()[0]
        expected = first["msg"][:1].lower() + first["msg"][1:]
        raise EmptorError(f"parameter {first['loc'][0]}: found {_show(first['input'])}, {expected}") from None


def described(model: type[BaseModel]) -> dict[str, Any]:
    """The parameters as a route's `openapi_extra`."""
    described = []
    for name, own in model.model_json_schema()["properties"].items():
        kept = {key: value for key, value in own.items() if key not in ("title", "description")}
        for choice in kept.pop("anyOf", ()):  # an address says null by leaving the parameter out
            if choice["type"] != "null":
                kept = {**choice, **{key: value for key, value in kept.items() if value is not None}}
        described.append(
            {
                "name": name,
                "in": "query",
                "required": False,
                "allowEmptyValue": True,
                "schema": kept,
                "description": own["description"],
            }
        )
    return {"parameters": described}


def _show(value: object) -> str:
    text = repr(value)
    return text if len(text) <= 80 else text[:77] + "..."
