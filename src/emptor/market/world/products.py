"""Products as they truly are, one array a property: designs of brands, their variants, their prices and qualities."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from hashlib import blake2b

import numpy as np

from emptor.market.config import WorldConfig
from emptor.market.knowledge import CATEGORIES, Category
from emptor.market.knowledge.brands import BRANDS, TIERS
from emptor.market.knowledge.palette import COLORS, companions
from emptor.market.streams import Draws, mixed, opaque_id

LOOKS = 6
"""Width of the visual style that no text states."""
SIGHT = 16
"""Width of the hidden space in which users find products alike."""
COLOR_NAMES = tuple(COLORS)
PATTERN_NAMES = tuple(dict.fromkeys(name for category in CATEGORIES for name in category.patterns))
MATERIAL_NAMES = tuple(dict.fromkeys(name for category in CATEGORIES for name in category.materials))
DEPARTMENTS = tuple(dict.fromkeys(category.department for category in CATEGORIES))
COLOR, PATTERN, MATERIAL, STYLE, EXTRA, MEASURE = 0, 1, 2, 3, 4, 7
SLOTS = 8
"""Attribute slots of a product: color, pattern, material, style, three extras of its category, a measure."""
SEEN = (COLOR, PATTERN)
"""Slots that a picture shows without doubt."""
DAY_US = 86_400_000_000

_FAMILY = np.array([0.25, 0.25, 0.2, 0.15, 0.15])
"""Chances of 2 to 6 variants in a design that has any."""
_OTHER_COLOR = 0.4
_VARIED_LOOK = 0.15
BOAST = 0.9
"""What a listing that misleads promises above what is there, beside its claims: in units of attraction."""


@dataclass(frozen=True)
class Products:
    """P products in the order of their ids, which says nothing.

    product_id [P] str; category [P] int16 place in CATEGORIES; brand [P] int16 place in BRANDS; design [P] int32,
    shared by variants; values [P, SLOTS] int16: color, pattern and material are places in the names above, the others
    places in their category's own lists, -1 where the category has no such slot; second [P] int16: colour of the trim;
    look [P, LOOKS] float32, about standard normal: the visual style; sight [P, SIGHT] float32 of length 1; quality [P]
    float32, standard normal; price [P] float64 in dollars; tag [P] float32: log price beside others of its category,
    standardised; seller [P] int32; small [P] bool: of a small seller; listed [P] int32 day (0: the world's first day)
    and left [P] int32 day of leaving; pictured [P] bool; claimed [P, SLOTS] int16: what the listing says, -1 where it
    says nothing; boast [P] float32: what a listing that misleads promises beside its claims, 0 of an honest one;
    entity [P] int64: the number that keys its random streams.
    """

    product_id: np.ndarray
    category: np.ndarray
    brand: np.ndarray
    design: np.ndarray
    values: np.ndarray
    second: np.ndarray
    look: np.ndarray
    sight: np.ndarray
    quality: np.ndarray
    price: np.ndarray
    tag: np.ndarray
    seller: np.ndarray
    small: np.ndarray
    listed: np.ndarray
    left: np.ndarray
    pictured: np.ndarray
    claimed: np.ndarray
    boast: np.ndarray
    entity: np.ndarray

    def __len__(self) -> int:
        return len(self.product_id)

    @cached_property
    def department(self) -> np.ndarray:
        """[P] int16 place in DEPARTMENTS."""
        return DEPARTMENT_OF[self.category]

    @cached_property
    def rows(self) -> dict[str, int]:
        """product_id -> row."""
        return {key: row for row, key in enumerate(self.product_id.tolist())}

    def alive(self, day: int) -> np.ndarray:
        """[P] bool: on sale on a day."""
        return (self.listed <= day) & (self.left > day)

    def attributes(self, row: int, values: np.ndarray | None = None) -> dict[str, str]:
        """The true attributes of a product (or others in the same form) as words."""
        own = (self.values if values is None else values)[row]
        category = CATEGORIES[self.category[row]]
        return {
            name: names[own[slot]] for slot, (name, names) in enumerate(slots_of(category)) if names and own[slot] >= 0
        }


def slots_of(category: Category) -> list[tuple[str, tuple[str, ...]]]:
    """Name and possible values of each slot of a category; ("", ()) where it has none."""
    extras = [*category.extras, *[("", ())] * (MEASURE - EXTRA)][: MEASURE - EXTRA]
    measure = (category.measure.name, category.measure.values()) if category.measure else ("", ())
    return [
        ("color", COLOR_NAMES),
        ("pattern", PATTERN_NAMES),
        ("material", MATERIAL_NAMES),
        ("style", category.styles),
        *extras,
        measure,
    ]


DEPARTMENT_OF = np.array([DEPARTMENTS.index(category.department) for category in CATEGORIES], np.int16)
_CHOICES: list[list[np.ndarray]] = [
    [
        np.array([COLOR_NAMES.index(name) for name in category.colors]),
        np.array([PATTERN_NAMES.index(name) for name in category.patterns]),
        np.array([MATERIAL_NAMES.index(name) for name in category.materials]),
        *[np.arange(len(names)) for _, names in slots_of(category)[STYLE:]],
    ]
    for category in CATEGORIES
]
"""For each category and slot: the values that its products may have, the earlier the likelier."""


def make_products(config: WorldConfig, *, until: int) -> Products:
    """All products that are on sale on some day up to `until`, `config.products` of them on each day."""
    options, seed = config.catalogue, config.seed
    count = config.products + round(config.products * options.churn * until)
    design, variant = _families(seed, count, options.families)
    entity = np.arange(count)
    category = Draws(seed, "design category").choice(design, np.array([own.share for own in CATEGORIES], float))
    brand = _brands(seed, design, category)
    values = _values(seed, entity, design, variant, category)
    quality = (
        0.9 * Draws(seed, "design quality").normal(design) + 0.436 * Draws(seed, "quality").normal(entity)
    ).astype(np.float32)
    price, tag = _prices(seed, entity, design, category, brand, values, quality)
    look = Draws(seed, "design look").normals(design, LOOKS)
    look = np.where((variant > 0)[:, None], look + _VARIED_LOOK * Draws(seed, "look").normals(entity, LOOKS), look)
    seller, small = _sellers(seed, entity, design, variant, count)
    listed, left = _lives(seed, entity, config.products, options.churn)
    ids = np.array([opaque_id(seed, "product", own) for own in entity.tolist()])
    misleads = _misleads(seed, entity, small, options.misleading)
    columns = {
        "product_id": ids,
        "category": category.astype(np.int16),
        "brand": brand.astype(np.int16),
        "design": design.astype(np.int32),
        "values": values,
        "second": _seconds(seed, entity, values[:, COLOR]),
        "look": look.astype(np.float32),
        "sight": _sight(seed, design, category, values, look),
        "quality": quality,
        "price": price,
        "tag": tag,
        "seller": seller,
        "small": small,
        "listed": listed,
        "left": left,
        "pictured": (Draws(seed, "pictured").uniform(entity) >= options.no_picture) & options.pictures,
        "claimed": _claimed(seed, entity, category, values, misleads, config),
        "boast": (BOAST * misleads).astype(np.float32),
        "entity": entity,
    }
    order = np.argsort(ids)
    return Products(**{name: own[order] for name, own in columns.items()})


def _families(seed: int, count: int, share: float) -> tuple[np.ndarray, np.ndarray]:
    """(design, variant) of each product."""
    designs = np.arange(count)
    mean = float(_FAMILY @ np.arange(2, 2 + len(_FAMILY)))
    several = Draws(seed, "family").uniform(designs) < share / mean / (share / mean + 1 - share)
    sizes = np.where(several, 2 + Draws(seed, "family size").choice(designs, _FAMILY), 1)
    ends = np.cumsum(sizes)
    sizes = sizes[: int(np.searchsorted(ends, count)) + 1]
    design = np.repeat(np.arange(len(sizes)), sizes)[:count]
    variant = np.arange(count) - np.repeat(ends[: len(sizes)] - sizes, sizes)[:count]
    # numbers of designs must not grow with the product's: half of the truth would be in the order
    return (mixed(design.astype(np.uint64)) % np.uint64(2**31 - 1)).astype(np.int64), variant


def _brands(seed: int, design: np.ndarray, category: np.ndarray) -> np.ndarray:
    """A brand that sells in the department, the bigger the likelier."""
    brand = np.zeros(len(design), np.int64)
    for number, department in enumerate(DEPARTMENTS):
        makers = np.array([at for at, own in enumerate(BRANDS) if department in own.departments])
        size = 1 / (1 + np.argsort(np.argsort(Draws(seed, f"brands of {department}").uniform(makers)))) ** 0.6
        here = DEPARTMENT_OF[category] == number
        brand[here] = makers[Draws(seed, "design brand").choice(design[here], size)]
    return brand


def _values(seed: int, entity: np.ndarray, design: np.ndarray, variant: np.ndarray, category: np.ndarray) -> np.ndarray:
    values = np.full((len(entity), SLOTS), -1, np.int16)
    recolored = (variant > 0) & (Draws(seed, "recolored").uniform(entity) < _OTHER_COLOR)
    resized = (variant > 0) & (Draws(seed, "resized").uniform(entity) < 0.3)
    plain = Draws(seed, "plain").uniform(design) < 0.45
    for number in range(len(CATEGORIES)):
        here = np.flatnonzero(category == number)
        for slot, choices in enumerate(_CHOICES[number]):
            if not len(choices):
                continue
            weights = 1 / np.sqrt(1 + np.arange(len(choices)))
            drawn = Draws(seed, f"design slot {slot}").choice(design[here], weights)
            if slot in (COLOR, MEASURE):
                own = Draws(seed, f"slot {slot}").choice(entity[here], weights)
                drawn = np.where((recolored if slot == COLOR else resized)[here], own, drawn)
            if slot == PATTERN:
                drawn = np.where(plain[here], 0, drawn)
            values[here, slot] = choices[drawn]
    return values


def _seconds(seed: int, entity: np.ndarray, color: np.ndarray) -> np.ndarray:
    second = np.zeros(len(entity), np.int16)
    for number, name in enumerate(COLOR_NAMES):
        here = np.flatnonzero(color == number)
        others = np.array([COLOR_NAMES.index(own) for own in companions(name)])
        second[here] = others[Draws(seed, "second colour").integer(entity[here], len(others))]
    return second


def _prices(
    seed: int,
    entity: np.ndarray,
    design: np.ndarray,
    category: np.ndarray,
    brand: np.ndarray,
    values: np.ndarray,
    quality: np.ndarray,
) -> tuple[np.ndarray, np.ndarray]:
    """Dollars, and how dear that is beside others of the category."""
    base = np.log([own.price for own in CATEGORIES])[category]
    tier = np.log([TIERS[own.tier] for own in BRANDS])[brand]
    largest = np.array([max(len(choices[MEASURE]) - 1, 1) for choices in _CHOICES])[category]
    size = np.log(0.85 + 0.4 * np.clip(values[:, MEASURE], 0, None) / largest)
    log = base + tier + size + 0.16 * quality + 0.22 * Draws(seed, "design price").normal(design)
    log += 0.05 * Draws(seed, "price").normal(entity)
    ending = np.array([0.99, 0.5, 0.0, 0.95])[Draws(seed, "ending").choice(entity, np.array([0.6, 0.18, 0.1, 0.12]))]
    price = np.round(np.maximum(np.floor(np.exp(log)), 1) + ending, 2)
    mean = np.array([log[category == own].mean() if (category == own).any() else 0 for own in range(len(CATEGORIES))])
    return price, ((np.log(price) - mean[category]) / 0.55).astype(np.float32)


def _sellers(
    seed: int, entity: np.ndarray, design: np.ndarray, variant: np.ndarray, count: int
) -> tuple[np.ndarray, np.ndarray]:
    """Sellers, a few large and many small; most variants are sold by their design's seller."""
    sellers = max(8, count // 60)
    weights = 1 / (1.0 + np.arange(sellers)) ** 0.8
    seller = Draws(seed, "design seller").choice(design, weights)
    own = (variant > 0) & (Draws(seed, "own seller").uniform(entity) < 0.3)
    seller = np.where(own, Draws(seed, "seller").choice(entity, weights), seller)
    small = seller >= sellers // 4
    name = Draws(seed, "seller number").bits(seller) % np.uint64(10 * sellers)
    return name.astype(np.int32), small


def _lives(seed: int, entity: np.ndarray, standing: int, churn: float) -> tuple[np.ndarray, np.ndarray]:
    """Days of listing and leaving, so that about as many leave as come; day 0 is the world's first."""
    draws = Draws(seed, "life")
    if churn == 0:
        return -(1 + draws.integer(entity, 365)).astype(np.int32), np.full(len(entity), 2**30, np.int32)
    age = np.ceil(-np.log(draws.uniform(entity, 0)) / churn)
    rest = np.ceil(-np.log(draws.uniform(entity, 1)) / churn)
    # a life without memory: what is on sale today has the same life before it as what is listed today
    newcomer = entity >= standing
    arrives = np.floor((entity - standing) / max(churn * standing, 1e-9))
    listed = np.where(newcomer, arrives, -np.minimum(age, 364))
    return listed.astype(np.int32), np.minimum(np.where(newcomer, listed, 0) + rest, 2**30).astype(np.int32)


def _sight(seed: int, design: np.ndarray, category: np.ndarray, values: np.ndarray, look: np.ndarray) -> np.ndarray:
    """Where users place a product among others: by its kind, its colour, its look and something of the design's own."""
    parts = (
        0.9 * Draws(seed, "sight of category").normals(category, SIGHT),
        1.0 * Draws(seed, "sight of style").normals(category * 64 + values[:, STYLE], SIGHT),
        1.0 * Draws(seed, "sight of color").normals(values[:, COLOR], SIGHT),
        0.5 * Draws(seed, "sight of pattern").normals(values[:, PATTERN], SIGHT),
        0.5 * look @ Draws(seed, "sight of look").normals(np.arange(LOOKS), SIGHT),
        1.2 * Draws(seed, "sight of design").normals(design, SIGHT),
    )
    sight = np.sum(parts, axis=0, dtype=np.float32)
    return (sight / np.linalg.norm(sight, axis=1, keepdims=True)).astype(np.float32)


def _misleads(seed: int, entity: np.ndarray, small: np.ndarray, share: float) -> np.ndarray:
    """Whose listings mislead: small sellers twice as often; the share over all stays."""
    weight = np.where(small, 2.0, 1.0)
    return Draws(seed, "misleads").uniform(entity) < share * weight / weight.mean()


def _claimed(
    seed: int, entity: np.ndarray, category: np.ndarray, values: np.ndarray, misleads: np.ndarray, config: WorldConfig
) -> np.ndarray:
    """What a listing's title says: some slots left out, some, where the listing misleads, put better than they are."""
    options = config.catalogue
    claimed = values.copy()
    for slot in range(SLOTS):
        if slot not in SEEN:
            other = misleads & (Draws(seed, f"claims {slot}").uniform(entity) < 0.6) & (values[:, slot] >= 0)
            best = _popular(category, slot)
            claimed[:, slot] = np.where(other, best, claimed[:, slot])
        omit = options.omit_seen if slot in SEEN else options.omit_other
        claimed[Draws(seed, f"omits {slot}").uniform(entity) < omit, slot] = -1
    return claimed


def _popular(category: np.ndarray, slot: int) -> np.ndarray:
    """The value of a slot that most products of the category have: what a listing that misleads claims."""
    best = [choices[slot][0] if len(choices[slot]) else -1 for choices in _CHOICES]
    return np.array(best, np.int16)[category]


def digest(products: Products) -> str:
    """A hash of all bytes of the truth: two worlds that agree in it are the same."""
    whole = blake2b(digest_size=16)
    for name in Products.__dataclass_fields__:
        own = np.ascontiguousarray(getattr(products, name))
        whole.update(name.encode() + own.tobytes())
    return whole.hexdigest()
