"""What the HTTP API takes and answers: checked parameters, and the shapes that its OpenAPI document shows.

Answers are documented here but not built from these classes: a hot path need not validate its own output.
"""

from __future__ import annotations

import re
from typing import Annotated, Any, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field

from emptor.cascade import MAX_LIST
from emptor.shop.filters import MAX_FILTERS, MAX_LENGTH
from emptor.shop.schema import MAX_ID

MAX_QUERY = 2_000
"""Characters of a query that are accepted; the engine itself reads the first 256."""

_CONTROL = re.compile("[\x00-\x1f\x7f-\x9f]")


def printable(text: Any) -> Any:
    """Control characters become spaces."""
    return _CONTROL.sub(" ", text) if isinstance(text, str) else text


Query = Annotated[str, BeforeValidator(printable), Field(max_length=MAX_QUERY)]
Id = Annotated[str, BeforeValidator(printable), Field(max_length=MAX_ID)]

_FILTER = (
    "Repeats are joined by AND, alternatives of one by `|`: `brand:Acme|Beta`, `price:10..50`, "
    "`category:A/B` (a prefix), `attr.color:red`, `in_stock:true`. "
    "A backslash takes the next character literally."
)
_FILTERS: dict[str, Any] = {"maxItems": MAX_FILTERS, "items": {"type": "string", "maxLength": MAX_LENGTH}}
"""Told in the document; what the filters are checked by says it in better sentences."""


class _Parameters(BaseModel):
    """Query parameters, see `parameters.read`."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class _ListParameters(_Parameters):
    k: int = Field(20, ge=1, le=MAX_LIST, description="Number of results.")
    offset: int = Field(0, ge=0, le=MAX_LIST, description=f"Results to skip; offset + k is at most {MAX_LIST}.")
    user_id: Id | None = Field(None, description="Who asks, where known.")
    session_id: Id | None = Field(None, description="The visit that the request belongs to.")
    filter: list[str] = Field([], description=_FILTER, json_schema_extra=_FILTERS)
    cascade: str = Field(
        "default", max_length=200, description="A cascade of shop.toml; `initial` is the one called default there."
    )


class SearchParameters(_ListParameters):
    """Parameters of `/v1/search`."""

    q: Query = Field("", description="The query; a blank one browses what is popular under the filters.")
    sort: Literal["relevance", "price_asc", "price_desc", "newest", "popular"] = Field(
        "relevance", description="Order of the list."
    )
    facets: bool = Field(True, description="Count facets.")


class RecommendParameters(_ListParameters):
    """Parameters of `/v1/recommend`."""

    product_id: Id | None = Field(None, description="Products similar to this one; without it, a home page.")


class SuggestParameters(_Parameters):
    """Parameters of `/v1/suggest`."""

    q: Query = Field("", description="What has been typed so far.")
    k: int = Field(8, ge=1, le=50, description="Number of suggestions.")


class ImageParameters(_Parameters):
    """Parameters of `/v1/images/{product_id}`."""

    size: Literal["64", "256", "512"] = Field("256", description="Pixels of the longer side.")


class Error(BaseModel):
    """Every answer that is not a success."""

    error: str = Field(description="One sentence: what, where, what was found, what was expected.")


class ResultAnswer(BaseModel):
    product_id: str
    title: str | None
    price: float | None
    currency: str | None
    brand: str | None
    category: list[str] = Field(description="From the department down.")
    image_url: str | None
    in_stock: bool
    score: float
    position: int = Field(description="From 0 over the whole list; send it back with events.")
    propensity: float = Field(description="Chance that this product stands here; 1.0 on a page without exploration.")


class FacetValueAnswer(BaseModel):
    value: str
    filter: str = Field(description="What to add as `filter=` for this choice.")
    count: int
    active: bool


class FacetAnswer(BaseModel):
    field: str
    values: list[FacetValueAnswer]


class DegradedAnswer(BaseModel):
    stage: str
    reason: str
    fallback: str | None


class PageAnswer(BaseModel):
    """A slice of one list of results."""

    request_id: str = Field(description="For `/v1/explain`, and to be sent with events.")
    query: str | None
    total: int = Field(description="Length of the list.")
    total_is_capped: bool = Field(description="More products may match than the list holds.")
    results: list[ResultAnswer]
    facets: list[FacetAnswer]
    degraded: list[DegradedAnswer] = Field(description="Stages that did not run as declared.")
    did_you_mean: str | None
    cascade: str = Field(description="Hash of the cascade that made the page.")
    explored: bool


class SuggestionAnswer(BaseModel):
    text: str
    kind: Literal["query", "category", "word", "brand", "product"]


class SuggestAnswer(BaseModel):
    suggestions: list[SuggestionAnswer]


class EventAnswer(BaseModel):
    event_id: str | None
    status: Literal["stored", "duplicate", "rejected"]
    error: str | None


class EventsAnswer(BaseModel):
    """One answer per event, in order. `stored` and `duplicate` both mean: on the disk, exactly once."""

    stored: int
    duplicate: int
    rejected: int
    events: list[EventAnswer]


class NoneStoredAnswer(EventsAnswer):
    """One answer per event, in order, and the sentence of every other error."""

    error: str


class RuleAnswer(BaseModel):
    id: str
    kind: str
    text: str


class BlockedAnswer(BaseModel):
    rule: RuleAnswer
    products: list[str] = Field(description="Product ids that the list would have held without the rule.")


class AlternativeAnswer(BaseModel):
    text: str = Field(description="Index terms; all of them together.")
    weight: float
    why: Literal["form", "synonym", "correction", "neighbour"]


class WordAnswer(BaseModel):
    word: str
    term: str = Field(description="As the index has it.")
    kind: Literal["word", "quantity"]
    optional: bool = Field(description="A stop word, which no product must have.")
    alternatives: list[AlternativeAnswer]


class PhraseAnswer(BaseModel):
    phrase: str
    alternatives: list[AlternativeAnswer]


class ReadingAnswer(BaseModel):
    """How the query was read."""

    text: str = Field(description="What was read of it: the first 256 characters.")
    words: list[WordAnswer]
    phrases: list[PhraseAnswer] = Field(description="Runs of words that have synonyms.")
    did_you_mean: str | None
    with_all_words: int = Field(description="Products that have every word, up to the depth of retrieval.")
    relaxed: bool = Field(description="Those were too few, so that any word was enough.")
    by_scores_alone: bool = Field(description="Products with every word are not put first: relax_below is at its most.")
    filtered: bool = Field(description="Only products that pass the request's filters are counted.")
    note: str | None = Field(description="What to know about this account, if anything.")


class StageAnswer(BaseModel):
    stage: str
    method: str = Field(description="What ran: the method, the fallback that stood in, or `skipped`.")
    ms: float
    budget_ms: float
    came_in: int | None = Field(description="Products that it got; null for the first stage.")
    products: list[str] = Field(description="Product ids that it kept, best first.")
    scores: list[float]
    columns: dict[str, list[float | None]] = Field(description="Values that it worked out, one for each product.")
    dropped: list[str]
    why_dropped: str | None
    rules: dict[str, RuleAnswer] = Field(description="By the number that the column `rule` gives.")
    blocked: list[BlockedAnswer] = Field(description="On the first stage: what blocking rules kept out of it.")


class ExplainAnswer(BaseModel):
    """One request: what was asked (further fields), and what each stage kept, with scores, and dropped."""

    request_id: str
    query: str | None
    user_id: str | None
    session_id: str | None
    reading: ReadingAnswer | None = Field(description="Null without a query.")
    cascade_hash: str
    view: str
    explored: bool
    degraded: list[DegradedAnswer]
    stages: list[StageAnswer]
    page: list[str] = Field(description="Product ids of the page.")


class HealthAnswer(BaseModel):
    status: Literal["ok"]


class ReadyAnswer(BaseModel):
    ready: Literal[True]
    generation: int
    products: int


class NotReadyAnswer(Error):
    ready: Literal[False]


class ProductAnswer(BaseModel):
    product_id: str
    title: str | None
    description: str | None
    category: list[str]
    brand: str | None
    attributes: dict[str, list[str]]
    price: float | None
    currency: str | None
    image_url: str | None = Field(description="The shop's copy, or the source's web address.")
    seller_id: str | None
    listed_at: str | None = Field(description="ISO 8601, UTC.")
    in_stock: bool


RETRY = {
    "Retry-After": {"required": True, "schema": {"type": "integer", "minimum": 1}, "description": "Seconds to wait."}
}
"""OpenAPI entry of the header that comes with every 503."""


def problems(*statuses: int) -> dict[int | str, dict[str, Any]]:
    """OpenAPI entries of the errors that a route may answer."""
    texts = {
        400: "The request cannot be read.",
        404: "There is no such thing.",
        413: "The body is too large.",
        422: "Nothing could be stored.",
        503: "Starting or overloaded; Retry-After says when to come again.",
    }
    return {
        status: {"model": Error, "description": texts[status], **({"headers": RETRY} if status == 503 else {})}
        for status in statuses
    }
