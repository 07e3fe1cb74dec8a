"""Cases for every operation of the OpenAPI document, as Schemathesis draws them, and what is wrong with the answers.

Three sorts: the boundaries of each schema, one by one; what the schema allows, every other time with ids and words that
the golden shop has; and what it forbids.
"""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import quote

import hypothesis
import jsonschema_rs
import requests
import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from hypothesis.errors import Unsatisfiable
from schemathesis import Case, GenerationMode
from schemathesis.config import GenerationConfig, SchemathesisConfig
from schemathesis.core.failures import FailureGroup
from starlette.testclient import TestClient

from emptor.serve.events import MAX_BODY

BASE = "http://testserver"
_IDS = {"event_id", "user_id", "session_id", "request_id", "product_id", "cascade"}
FILTERS = (
    "brand:Kilnhaus|Nobody",
    "brand:A\\|B\\:C\\\\D",
    "price:10..50",
    "price:..9.5",
    "category:Home",
    "category:Home/Lamps\\/Lights",
    "attr.color:red",
    "in_stock:true",
    "in_stock:false",
)
MAX_URL = 60_000
"""Longer addresses are not sent: neither the client nor a server takes them."""
MAX_TOLD = 10
"""Failures of an operation that are kept with their request."""

_BEYOND_THE_SCHEMA = re.compile(
    r"unknown cascade|k=\d+ and offset=\d+|filter |event field client_time|none of .* client_time|"
    r"event field extra|none of .* event field extra"
)
"""Sentences that refuse what a schema cannot tell: which cascades there are, the filter language, sums, times."""


@dataclass
class Tally:
    """What was sent to one operation and what came back. told: the first failures, with a command that repeats each."""

    operation: str
    sorts: Counter[str] = field(default_factory=Counter)
    statuses: Counter[int] = field(default_factory=Counter)
    failures: Counter[str] = field(default_factory=Counter)
    told: list[str] = field(default_factory=list)

    @property
    def cases(self) -> int:
        return self.sorts.total()


class Cases:
    """Sends cases to a server over the golden shop, which must be ready."""

    def __init__(self, client: TestClient) -> None:
        self._client = client
        self.document = client.get("/openapi.json").json()
        body = self.document["paths"]["/v1/events"]["post"]["requestBody"]["content"]["application/json"]
        self._event = jsonschema_rs.validator_for(body["schema"])
        self.schema = schemathesis.openapi.from_dict(self.document, config=SchemathesisConfig())
        self.operations = {found.ok().label: found.ok() for found in self.schema.get_all_operations()}

    def run(self, label: str, *, examples: int, boundaries: int | None = None, seed: int | None = None) -> Tally:
        """About `examples` drawn cases, and up to so many boundaries (None: all of them).

        Args:
            seed: of the draw; None: the same cases every time.
        """
        tally = Tally(label)
        operation = self.operations[label]
        for mode in GenerationMode:
            found = list(
                self.schema.iter_coverage_cases(operation, generation_modes=[mode], generation_config=_config())
            )
            step = 1 if boundaries is None else max(1, -(-2 * len(found) // boundaries))
            for case in found[::step]:
                self._try(case, tally, "boundary")
            share = examples // 2
            drawn = operation.as_strategy(generation_mode=mode)
            if mode.is_positive:
                taken = {own.name for own in (*operation.path_parameters, *operation.query)}
                choices = {name: values for name, values in self._choices().items() if name in taken}
                drawn = st.builds(_known, drawn, st.fixed_dictionaries({}, optional=choices))
            self._draw(drawn, tally, "allowed" if mode.is_positive else "forbidden", share, seed)
        return tally

    def _draw(self, cases: Any, tally: Tally, sort: str, examples: int, seed: int | None) -> None:
        @settings(
            max_examples=examples,
            derandomize=seed is None,
            phases=[Phase.generate],
            database=None,
            deadline=None,
            suppress_health_check=list(HealthCheck),
        )
        @given(cases)
        def each(case: Case) -> None:
            self._try(case, tally, sort)

        if seed is not None:
            each = hypothesis.seed(seed)(each)
        try:
            each()
        except Unsatisfiable:
            assert sort == "forbidden", tally.operation  # any text is a good id: nothing is forbidden there

    def send(self, case: Case) -> Any:
        """The answer to a case, by the client's own way: the application runs in its lifespan already."""
        return self._send(_prepared(case))

    def _send(self, request: requests.PreparedRequest) -> Any:
        self._client.cookies.clear()
        return self._client.request(
            request.method,
            request.url,
            headers=dict(request.headers),
            content=request.body,
            follow_redirects=False,
        )

    def _try(self, case: Case, tally: Tally, sort: str) -> None:
        request = _prepared(case)
        if len(request.url or "") > MAX_URL:
            return
        answer = self._send(request)
        sent = answer.request.content
        tally.sorts[sort] += 1
        tally.statuses[answer.status_code] += 1
        try:
            case.validate_response(answer)
        except FailureGroup as group:
            for failure in group.exceptions:
                name = type(failure).__name__
                if not self._is_told_in_words(name, sent, answer):
                    tally.failures[name] += 1
                    if len(tally.told) < MAX_TOLD:
                        tally.told.append(f"{failure}\n{case.as_curl_command()[:2000]}\n{answer.text[:500]}")

    def _is_told_in_words(self, failure: str, sent: bytes, answer: Any) -> bool:
        """Whether a good case was refused, or a bad one taken, for a reason that the document has in words only."""
        if failure == "RejectedPositiveData":
            if answer.status_code == 413:
                return len(sent) > MAX_BODY
            return answer.status_code in (400, 422) and bool(_BEYOND_THE_SCHEMA.search(answer.json()["error"]))
        if failure == "AcceptedNegativeData" and sent:
            events = json.loads(sent)  # of several, each has an answer of its own
            answers = answer.json()["events"]
            return all(
                own["status"] == "rejected" or self._event.is_valid(_strict(event))
                for event, own in zip(events if isinstance(events, list) else [events], answers, strict=True)
            )
        return False

    def _choices(self) -> dict[str, st.SearchStrategy[Any]]:
        """Values that mean something to the golden shop; requests are forgotten, so theirs are made anew."""
        asked = [
            self._client.get(f"/v1/search?q={q}&k=5").json()["request_id"] for q in ("mug", "red dress", "zzz", "")
        ]
        return {
            "product_id": st.sampled_from(["P00", "P57", "P30", "odd/1 &?#", "odd-2", "odd-8", "dup-1"]),
            "request_id": st.sampled_from(asked),
            "q": st.sampled_from(["mug", "red dress", "sneakrs", "東京", "copper pipe 1/2 in", "A|B:C\\D", " ", "g"]),
            "filter": st.lists(st.sampled_from(FILTERS), max_size=3),
            "cascade": st.just("default"),
            "offset": st.sampled_from([0, 7, 50]),
            "k": st.sampled_from([1, 20, 900]),
        }


def methods(document: dict[str, Any]) -> Iterator[tuple[str, str]]:
    """(method, path) of what the document does not have on the paths that it has; HEAD goes with GET."""
    for path, known in document["paths"].items():
        for method in ("get", "head", "post", "put", "patch", "delete", "options", "trace", "purge"):
            if method not in known and not (method == "head" and "get" in known):
                yield method.upper(), path


def _prepared(case: Case) -> requests.PreparedRequest:
    return requests.Request(**case.as_transport_kwargs(BASE)).prepare()


def _config() -> GenerationConfig:
    return GenerationConfig()


def _known(case: Case, choices: dict[str, Any]) -> Case:
    """The case with those of the choices that its operation takes."""
    for parameter in case.operation.path_parameters:
        if parameter.name in choices:
            case.path_parameters = {**case.path_parameters, parameter.name: quote(choices[parameter.name], safe="")}
    own = {parameter.name: choices[parameter.name] for parameter in case.operation.query if parameter.name in choices}
    if own:
        case.query = {**case.query, **own}
    return case


def _strict(event: Any) -> Any:
    """An event without what is taken beyond the schema: numbers as ids, and other ways to write a time."""
    if not isinstance(event, dict):
        return event
    plain = {name: value for name, value in event.items() if name != "client_time"}
    for name in _IDS & plain.keys():
        if type(plain[name]) is int:
            plain[name] = str(plain[name])
    return plain
