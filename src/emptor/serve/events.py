"""`POST /v1/events`: what users saw and did, acknowledged once it is on the disk."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import Any

import orjson
from fastapi import APIRouter, Request
from starlette.responses import Response

from emptor.errors import EmptorError
from emptor.serve.answers import as_json
from emptor.serve.errors import TooLarge, Unavailable
from emptor.serve.models import EventsAnswer, NoneStoredAnswer, problems
from emptor.serve.service import Service
from emptor.shop.events.log import Ack
from emptor.shop.events.validate import MAX_QUERY
from emptor.shop.schema import MAX_ID

MAX_EVENTS = 1_000
MAX_BODY = 1024 * 1024
READ_S = 20.0
"""Seconds that a client may take to send its body."""

_ID = {"type": ["string", "null"], "maxLength": MAX_ID, "pattern": r"^[^\x00-\x1f\x7f-\x9f]*$"}
_PATTERN = "^[a-z0-9_.-]{1,64}$"


def _named(who: str) -> dict[str, Any]:
    return {"required": [who], "properties": {who: {"type": "string", "minLength": 1}}}


_EVENT = {
    "type": "object",
    "required": ["action"],
    "anyOf": [_named("user_id"), _named("session_id")],
    "description": "Needs `action` and one of `user_id` and `session_id`. What the server knows of "
    "`request_id` (user_id, query, scenario, cascade, position, propensity) is filled in where it is left out; "
    "unknown fields are kept in `extra`. A null, or an id of no characters, counts as left out; a whole number is "
    "taken as an id.",
    "properties": {
        "event_id": {**_ID, "description": "Makes a repeat harmless."},
        "action": {
            "type": "string",
            "pattern": _PATTERN,
            "examples": ["impression", "click", "add_to_cart", "purchase"],
        },
        "user_id": _ID,
        "session_id": _ID,
        "request_id": _ID,
        "product_id": _ID,
        "position": {"type": ["integer", "null"], "minimum": 0, "maximum": 10**9},
        "query": {"type": ["string", "null"], "maxLength": MAX_QUERY},
        "scenario": {"type": ["string", "null"], "pattern": _PATTERN, "examples": ["search", "recommend"]},
        "cascade": _ID,
        "explored": {"type": ["boolean", "null"]},
        "propensity": {"type": ["number", "null"], "exclusiveMinimum": 0, "maximum": 1},
        "price": {"type": ["number", "null"], "minimum": 0},
        "quantity": {"type": ["integer", "null"], "minimum": 1, "maximum": 10**6},
        "client_time": {
            "type": ["string", "null"],
            "format": "date-time",
            "description": "Between 1970 and 2100. A date, a time without a zone (UTC) and a number of seconds, "
            "milliseconds or microseconds since 1970 are understood, too.",
        },
        "extra": {"type": ["object", "null"], "description": "At most 16 KiB as JSON, unknown fields included."},
    },
}
_BODY = {
    "required": True,
    "content": {
        "application/json": {"schema": {"oneOf": [_EVENT, {"type": "array", "items": _EVENT, "maxItems": MAX_EVENTS}]}}
    },
}


def router(service: Service) -> APIRouter:
    """The route over one service."""
    routes = APIRouter(prefix="/v1", tags=["events"], default_response_class=Response)

    @routes.post(
        "/events",
        responses={
            200: {
                "model": EventsAnswer,
                "description": "At least one event is on the disk, or the array was empty.",
            },
            422: {"model": NoneStoredAnswer, "description": "Every event was rejected; each says why."},
            **problems(400, 413, 503),
        },
        openapi_extra={"requestBody": _BODY},
    )
    async def events(request: Request) -> Response:
        """Store one event or an array of up to 1,000 (1 MiB), in one transaction; an answer for each.

        A bad event does not hinder the others. Sending the same event_id again is answered "duplicate".
        """
        _ = service.engine  # nothing is taken before the shop is open
        sent = parse(await read_body(request))
        return await service.appends.run(lambda: _append(service, sent))

    return routes


async def read_body(request: Request) -> bytes:
    """The body, up to MAX_BODY. Raises TooLarge, and EmptorError for a client that dawdles."""
    announced = request.headers.get("content-length", "")
    if announced.isascii() and announced.isdigit() and (len(announced) > 19 or int(announced) > MAX_BODY):
        raise _too_large()
    body = bytearray()
    try:
        async with asyncio.timeout(READ_S):
            async for chunk in request.stream():
                body += chunk
                if len(body) > MAX_BODY:
                    raise _too_large()
    except TimeoutError:
        raise EmptorError(f"the body took longer than {READ_S:.0f} seconds to arrive") from None
    return bytes(body)


def parse(body: bytes) -> list[Any]:
    """The events of a body. Raises EmptorError where it is no object or array of up to MAX_EVENTS."""
    try:
        content = orjson.loads(body)
    except orjson.JSONDecodeError as error:
        raise EmptorError(f"the body is not JSON ({error}); expected an event or an array of events") from None
    if isinstance(content, dict):
        return [content]
    if not isinstance(content, list):
        raise EmptorError(f"the body is {_kind(content)}, expected an event (an object) or an array of events")
    if len(content) > MAX_EVENTS:
        raise EmptorError(f"found {len(content)} events, expected at most {MAX_EVENTS} in one request")
    return content


def store(service: Service, sent: Sequence[Any]) -> list[Ack]:
    """Store events, each completed with what is known of its request. Raises Unavailable where the disk fails."""
    try:
        acks = service.shop.events.append([service.recent.complete(event) for event in sent])
    except EmptorError as error:  # the disk or the database, not the client
        raise Unavailable(f"events cannot be stored now: {error}") from error
    for status, count in _counts(acks).items():
        service.metrics.events.labels(status).inc(count)
    return acks


def _counts(acks: Sequence[Ack]) -> dict[str, int]:
    return {status: sum(ack.status == status for ack in acks) for status in ("stored", "duplicate", "rejected")}


def _append(service: Service, sent: list[Any]) -> Response:
    acks = store(service, sent)
    counts = _counts(acks)
    answer: dict[str, Any] = {**counts, "events": acks}
    if acks and counts["rejected"] == len(acks):
        answer = {
            "error": f"none of {len(acks)} events could be stored; the first: {acks[0].error}",
            **answer,
        }
        return as_json(orjson.dumps(answer), 422)
    return as_json(orjson.dumps(answer))


def _too_large() -> TooLarge:
    return TooLarge(f"the body is larger than {MAX_BODY:,} bytes; send fewer events at a time")


def _kind(content: object) -> str:
    names: dict[type, str] = {str: "a text", int: "a number", float: "a number", bool: "true or false"}
    return names.get(type(content), "null")
