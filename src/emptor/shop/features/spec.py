"""What models are given of products, users and queries: names, widths, and one hash of it all."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Mapping
from typing import Any

import orjson
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from emptor.errors import EmptorError
from emptor.shop.popularity import ACTION_WEIGHT
from emptor.shop.view import View

ACTIONS = tuple(ACTION_WEIGHT)
"""Kinds of behaviour, numbered from 1 in this order; 0 is padding."""
OWN = ("log price beside its category's", "price is known")
"""Numbers of a product that do not depend on a request."""
NUMERIC = (
    *("words in title", "words in category", "words in brand", "words in attributes", "words anywhere"),
    *("rare words in title", "rare words anywhere"),
    *("log click rate", "log impressions", "log orders per click", "log days on sale"),
)
"""Numbers of a product for a request: shares of the query's words, and counters of the days before."""
CONTEXT = ("words", "searches", "log actions before", "hour, sine", "hour, cosine")
"""Numbers of a request."""
PICTURE = 24
"""Numbers of a product's picture."""
GAPS = 12
"""Buckets of the time between a behaviour and the request: 0 pads, then powers of four from a minute on."""
_MOST_VALUES = 400
_ATTRIBUTES = 6


def text_of(view: View) -> dict[str, Any]:
    """How a catalogue's texts are read, as plain values."""
    return view.analyser.options.model_dump(mode="json")


def pictures_of(view: View) -> str:
    """Which basis the numbers of a catalogue's pictures are on; "" where it has none."""
    found = view.generation.pictures
    return "" if found is None else found[1]


class FeatureSpec(BaseModel):
    """The features of a model. Two models with the same hash read the same arrays in the same way.

    Args:
        fields: categorical fields of a product -> buckets that their values are hashed into (0: unknown). Attributes of
            the catalogue are called `attribute:NAME`.
        history: behaviours that count, the last ones. words: buckets for words; query_words: of a query, at most.
        text: how texts are read, the analyser's options. pictures: the basis of their numbers (see `PictureBasis`), its
            hash; "": none are given. version: of the code that makes the numbers; another one is another meaning.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    version: int = 1
    fields: dict[str, int] = Field(min_length=1)
    history: int = Field(30, ge=1, le=200)
    words: int = Field(16_384, ge=16)
    query_words: int = Field(12, ge=1, le=32)
    text: dict[str, Any] = {}
    pictures: str = ""
    own: tuple[str, ...] = OWN
    numeric: tuple[str, ...] = NUMERIC
    context: tuple[str, ...] = CONTEXT

    @classmethod
    def of(cls, view: View, **changes: Any) -> FeatureSpec:
        """What a catalogue offers: its identity, category, brand, and the attributes that most products have."""
        names = [str(view.attributes[code]).partition("\x1f")[0] for code in range(len(view.attributes))]
        distinct, have = Counter(names), Counter(names[code] for code in view.attribute_codes.tolist())
        useful = [name for name, _ in sorted(have.items(), key=lambda own: (-own[1], own[0]))]
        useful = [name for name in useful if 2 <= distinct[name] <= _MOST_VALUES][:_ATTRIBUTES]
        fields = {"product": 65_536, "brand": 4_096, "department": 512, "category": 4_096}
        fields |= {f"attribute:{name}": 1_024 for name in useful}
        return cls.read({"text": text_of(view), "pictures": pictures_of(view), "fields": fields, **changes})

    @classmethod
    def read(cls, content: Mapping[str, Any]) -> FeatureSpec:
        """A spec from plain values. Raises: EmptorError naming the field."""
        try:
            return cls.model_validate(content)
        except ValidationError as error:
            first = error.errors()[0]
            name = ".".join(str(part) for part in first["loc"])
            raise EmptorError(f"feature spec, {name}: {first['msg']}") from error

    @property
    def hash(self) -> str:
        """Short name of exactly these features."""
        left_out = set() if self.pictures else {"pictures"}  # models of before there were any keep their hash
        content = orjson.dumps(self.model_dump(mode="json", exclude=left_out), option=orjson.OPT_SORT_KEYS)
        return hashlib.blake2b(content, digest_size=8).hexdigest()

    @property
    def own_width(self) -> int:
        """How many numbers of a product do not depend on a request: OWN, then with pictures PICTURE and a flag."""
        return len(self.own) + (PICTURE + 1 if self.pictures else 0)

    def differences(self, other: FeatureSpec) -> list[str]:
        """In what two specs differ, a phrase each; empty where they are the same."""
        found = []
        mine, its = self.model_dump(), other.model_dump()
        for name in mine:
            if mine[name] == its[name]:
                continue
            if isinstance(mine[name], int | str):
                found.append(f"{name} {mine[name] or 'none'} against {its[name] or 'none'}")
                continue
            lost, more = (sorted(set(a) - set(b)) for a, b in ((mine[name], its[name]), (its[name], mine[name])))
            told = [f"without {', '.join(lost)}"] if lost else []
            told += [f"with {', '.join(more)}"] if more else []
            found.append(f"{name} {' and '.join(told) or 'in another order or width'}")
        return found
