"""What a world is made of: its seed, its sizes, and a knob for every effect that a comparison may switch off."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from typing import Any, Literal

import orjson
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from emptor.errors import EmptorError

VERSION = "v2"
"""Of the market's forms. Another version is another market: results of the two do not stand in one table."""


class _Options(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class CatalogueOptions(_Options):
    """Products, and what their sellers say of them."""

    families: float = Field(0.5, ge=0, le=0.9)
    """Share of products that are near-duplicates of another: one brand, varied in design and colour. 0 is off."""
    omit_seen: float = Field(0.45, ge=0, le=0.95)
    """Chance that a title leaves out the colour, and the pattern. 0 is off."""
    omit_other: float = Field(0.28, ge=0, le=0.95)
    """Chance that a title leaves out any other attribute. 0 is off."""
    misleading: float = Field(0.08, ge=0, le=0.8)
    """Share of listings that claim what is not true of the product, and boast. 0 is off."""
    pictures: bool = True
    no_picture: float = Field(0.05, ge=0, le=1)
    """Share of products without a picture."""
    quality_sd: float = Field(1.6, ge=0, le=4)
    """Of the hidden quality, in the units of satisfaction. 0 is off."""
    churn: float = Field(0.013, ge=0, le=0.2)
    """Share of the products that leave each day, and of new ones that come. 0 is off."""


class TasteOptions(_Options):
    """What users like."""

    strength: float = Field(2.2, ge=0, le=6)
    """Of the taste for visual style in attraction. 0: nobody minds how a thing looks."""
    local: float = Field(0.7, ge=0, le=1)
    """Share of a taste's variance that is a department's own. 0: one taste for all departments."""
    interactions: float = Field(0.7, ge=0, le=2)
    """How much segments differ, by department, in what weighs for them: price, style, brand. 0 is off."""
    price: float = Field(1.0, ge=0, le=3)
    brand: float = Field(0.6, ge=0, le=3)
    interest: float = Field(1.5, ge=0, le=4)
    """How unequally a user is interested in categories."""
    drift_days: float = Field(90.0, gt=0)
    """After so many days a taste has turned to another one, halfway."""


class PageOptions(_Options):
    """What happens on a page."""

    redundancy: float = Field(3.0, ge=0, le=6)
    """What alike neighbours cost while browsing. 0 is off."""
    contrast: float = Field(0.3, ge=0, le=2)
    """What standing out among neighbours gains. 0 is off."""
    mood: float = Field(0.6, ge=0, le=2)
    """How much attractive products keep a user reading. 0 is off."""
    leave: float = Field(0.115, gt=0, le=1)
    """Hazard of leaving at each position."""
    clicks: float = Field(0.03, gt=0.001, le=0.5)
    """Click rate per shown product that the level of attraction is set to, under random pages of what fits."""
    cart: float = Field(-2.9, ge=-9, le=3)
    """Level at which a clicked product goes to the cart: one less is about two and a half times fewer."""
    purchase: float = Field(0.025, gt=0.001, le=0.5)
    """Purchases per click that the level of satisfaction is set to."""


class DemandOptions(_Options):
    """Visits and queries."""

    visits: float = Field(0.25, gt=0, le=20)
    """Visits per user and day, on average; heavy-tailed."""
    pages: float = Field(3.0, ge=1, le=12)
    """Pages per visit that a user wants to see, on average."""
    search: float = Field(0.75, ge=0, le=1)
    """Share of pages that are searches; the rest are recommendations."""
    needs: float = Field(0.08, ge=0, le=0.9)
    """Share of searches that name a need and no product. 0 is off."""
    misspelt: float = Field(0.08, ge=0, le=0.9)
    zipf: float = Field(0.9, ge=0, le=2)
    """Exponent of the query frequencies within a category."""
    loyalty: float = Field(0.5, ge=0, le=3)
    """How much satisfaction moves the visits to come. 0 is off."""
    unexposed: float = Field(0.3, ge=0, le=0.9)
    """Share of a query's candidates, under the market's own policies, that are of kinds it does not ask for."""


class WorldConfig(_Options):
    """A world: together with the version, all that decides its bytes.

    Args:
        form: "one" is the market that stages are trained on; "two" has other functional forms, and judges.
        stock: "invented" products, or the "catalogue" that the shop has already; then `products`, `catalogue` and the
            share of needs say nothing.
        days: of history that a new world is given before anybody measures.
    Raises: EmptorError, from `of`, naming the field, for values that no world can have.
    """

    seed: int = Field(0, ge=0, lt=2**63)
    preset: str = "custom"
    form: Literal["one", "two"] = "one"
    stock: Literal["invented", "catalogue"] = "invented"
    products: int = Field(20_000, ge=50, le=2_000_000)
    users: int = Field(20_000, ge=10, le=5_000_000)
    queries: int = Field(20_000, ge=50, le=2_000_000)
    days: int = Field(7, ge=0, le=365)
    catalogue: CatalogueOptions = CatalogueOptions()
    taste: TasteOptions = TasteOptions()
    page: PageOptions = PageOptions()
    demand: DemandOptions = DemandOptions()

    @classmethod
    def of(cls, preset: str = "demo", *, seed: int = 0, **changes: object) -> WorldConfig:
        """A preset with changes; a change of a group is a dict: `page={"redundancy": 0}`."""
        if preset not in PRESETS:
            raise EmptorError(f"there is no preset {preset!r}; choose one of {', '.join(PRESETS)}")
        return cls.read({**_merged(PRESETS[preset], changes), "seed": seed, "preset": preset})

    @classmethod
    def read(cls, content: dict[str, object]) -> WorldConfig:
        """A config from plain values."""
        try:
            return cls.model_validate(content)
        except ValidationError as error:
            first = error.errors()[0]
            name = ".".join(str(part) for part in first["loc"]) or "config"
            known = ""
            if first["type"] == "extra_forbidden":
                group: Any = cls.model_fields[str(first["loc"][0])].annotation if len(first["loc"]) > 1 else cls
                fields = group.model_fields if isinstance(group, type) and issubclass(group, BaseModel) else {}
                known = f"; the knobs there are {', '.join(fields)}"
            found = f", found {first['input']!r}" if first["loc"] else ""
            raise EmptorError(f"world config, {name}: {first['msg']}{found}{known}") from error

    def changed(self, **groups: object) -> WorldConfig:
        """The same world with other knobs: `config.changed(page={"redundancy": 0})`."""
        return self.read(_merged(self.model_dump(), groups))

    @property
    def hash(self) -> str:
        """Short name of exactly this world; it stands in every result that was measured on it.

        Of the knobs only those count that are turned: one that is added later, and not turned, leaves a world as it is.
        """
        knobs = self.model_dump(exclude={"preset"}, exclude_defaults=True)
        content = orjson.dumps([VERSION, knobs], option=orjson.OPT_SORT_KEYS)
        return hashlib.blake2b(content, digest_size=6).hexdigest()


def _merged(content: Mapping[str, Any], changes: Mapping[str, Any]) -> dict[str, Any]:
    """`content` with `changes`, those inside a group too."""
    both = dict(content)
    for name, value in changes.items():
        group = both.get(name)
        both[name] = {**group, **value} if isinstance(group, dict) and isinstance(value, dict) else value
    return both


PRESETS: dict[str, dict[str, object]] = {
    "tiny": {"products": 400, "users": 200, "queries": 400, "days": 2},
    "demo": {
        "products": 20_000,
        "users": 20_000,
        "queries": 40_000,
        "days": 3,
        # as public logs have them; the study's users click and buy more, so that two cores can show a difference
        "page": {"clicks": 0.0085, "cart": -4.6, "purchase": 0.02, "leave": 0.15},
        "demand": {"zipf": 1.3},
        "taste": {"interest": 2.0},
    },
    "study": {"products": 20_000, "users": 60_000, "queries": 40_000, "days": 14},
    "large": {
        "products": 1_000_000,
        "users": 200_000,
        "queries": 500_000,
        "days": 1,
        "catalogue": {"pictures": False},
    },
}
"""tiny: seconds, for tests. demo: what `make demo` makes. study: 4M impressions and more, for comparisons. large: a
million products without pictures."""
