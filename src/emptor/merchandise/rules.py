"""What a merchandising rule is: for which searches it holds, which products it moves, and who wrote it."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field, model_validator

from emptor.errors import EmptorError
from emptor.merchandise.faults import LeftOut
from emptor.shop.category import join_path, split_path
from emptor.shop.filters import Filters, is_under, parse_filter
from emptor.shop.schema import MAX_ID
from emptor.shop.text.analyser import fold

NAME = "rules.json"
KINDS = ("pin", "boost", "bury", "block", "synonym")
MAX_POSITION = 99
_Kind = Literal["pin", "boost", "bury", "block", "synonym"]


class Draft(BaseModel):
    """A rule before it is stored.

    query: the whole query it is for, however it is spelt in case, accents and spaces; category: the department it is
    for, with what is below it (`Home/Mugs`); with both, both must hold, with neither it is for every search.
    product_id or filter (as in a search: `brand:Acme`): the products it moves.
    position: of a pin, from 0. factor: a product boosted by 3 stands at a third of its place (9th -> 3rd), buried by
    3 at three times its place. words: of a synonym, `couch, sofa` or `couch => sofa`; with a query, what else that
    query stands for.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    kind: _Kind
    query: str | None = Field(None, max_length=256)
    category: str | None = Field(None, max_length=1_000)
    product_id: str | None = Field(None, max_length=MAX_ID)
    filter: str | None = Field(None, max_length=2_000)
    position: int | None = Field(None, ge=0, le=MAX_POSITION)
    factor: float = Field(3.0, gt=1.0, le=1_000.0)
    words: str | None = Field(None, max_length=500)
    note: str = Field("", max_length=500)

    @model_validator(mode="before")
    @classmethod
    def _blank_is_left_out(cls, raw: object) -> object:
        if isinstance(raw, dict):
            return {name: value for name, value in raw.items() if not (isinstance(value, str) and not value.strip())}
        return raw

    @model_validator(mode="after")
    def _fits(self) -> Draft:
        if self.kind == "synonym":
            if not self.words or self.product_id or self.filter:
                raise ValueError("a synonym needs words, such as `couch, sofa`, and no product or filter")
            if self.query is not None and "=>" in self.words:
                raise ValueError(
                    "with a query, the words are what else it stands for, such as `couch, sofa`, without =>"
                )
        elif self.words or (self.product_id is None) == (self.filter is None):
            raise ValueError(f"a {self.kind} needs either a product_id or a filter, such as brand:Acme, and no words")
        if (self.kind == "pin") != (self.position is not None):
            raise ValueError("a pin needs a position, from 0; other rules have none")
        if self.kind == "pin" and self.product_id is None:
            raise ValueError("a pin needs the product_id of one product")
        if self.kind in ("pin", "boost") and self.query is None and self.category is None:
            raise ValueError(f"a {self.kind} needs a query or a category: moving a product up everywhere helps nobody")
        if self.query is not None and not normalised(self.query):
            raise ValueError("the query is blank")
        if self.category is not None and not split_path(self.category):
            raise ValueError(f"the category {self.category[:80]!r} is no path such as Home/Mugs")
        if self.filter is not None:
            try:
                parse_filter(self.filter)
            except EmptorError as error:
                raise ValueError(str(error)) from None
        return self


class Rule(Draft):
    """A stored rule. author, at (ISO 8601, UTC): who wrote it and when; ended_by, ended_at: who ended it, if it was."""

    id: str
    author: str = Field("", max_length=100)
    at: str
    ended_by: str | None = None
    ended_at: str | None = None

    @property
    def active(self) -> bool:
        return self.ended_at is None

    @cached_property
    def own_query(self) -> str | None:
        """The query in the form that `normalised` gives."""
        return None if self.query is None else normalised(self.query)

    @cached_property
    def own_category(self) -> str | None:
        """The category as a folded path."""
        return None if self.category is None else join_path([fold(part) for part in split_path(self.category)])

    def holds(self, query: str, filters: Filters) -> bool:
        """Whether a search (its query normalised) is one that the rule is for."""
        if self.own_query is not None and self.own_query != query:
            return False
        return self.own_category is None or is_under(filters, self.own_category)

    @property
    def synonyms(self) -> str:
        """A synonym as a line of synonyms.txt; the words of a query of its own may stand for that query."""
        assert self.words is not None
        return self.words if self.query is None else f"{self.query.replace(',', ' ')} => {self.words}"

    def __str__(self) -> str:
        """`pin P12 at 1 for “mug”`."""
        if self.kind == "synonym":
            what = self.synonyms
        else:
            what = self.product_id or str(self.filter)
        text = f"{self.kind} {what}"
        if self.kind == "pin":
            text += f" at {(self.position or 0) + 1}"
        if self.kind in ("boost", "bury"):
            text += f" by {self.factor:g}"
        if self.query is not None and self.kind != "synonym":
            text += f" for “{self.query}”"
        if self.category is not None:
            text += f" in {self.category}"
        return text


@dataclass(frozen=True)
class Rules:
    """All rules of a shop, ended ones included, oldest first; left_out: entries of its file that are none."""

    every: tuple[Rule, ...] = ()
    left_out: tuple[LeftOut, ...] = ()

    @cached_property
    def moving(self) -> tuple[Rule, ...]:
        """Active rules that move products."""
        return tuple(rule for rule in self.every if rule.active and rule.kind != "synonym")

    @cached_property
    def synonyms(self) -> tuple[Rule, ...]:
        """Active synonyms."""
        return tuple(rule for rule in self.every if rule.active and rule.kind == "synonym")

    @cached_property
    def digest(self) -> str:
        """Changes when what the active rules do changes: part of the hash of every cascade."""
        return _digest(self.moving + self.synonyms)


def _digest(rules: Sequence[Rule]) -> str:
    content = "\n".join(rule.model_dump_json() for rule in rules)
    return hashlib.blake2b(content.encode(), digest_size=6).hexdigest()


def normalised(query: str) -> str:
    """A query as rules compare it: folded, and one space between words."""
    return " ".join(fold(query).split())
