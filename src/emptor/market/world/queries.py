"""Queries as typed, and what is meant by each: head, torso and tail of every category, and needs in people's words."""

from __future__ import annotations

from dataclasses import dataclass
from unicodedata import normalize

import numpy as np

from emptor.market.config import WorldConfig
from emptor.market.knowledge import CATEGORIES, Category
from emptor.market.knowledge.brands import BRANDS
from emptor.market.knowledge.language import extra_words, number_of, pattern_words, plural, slip, spellings, thing
from emptor.market.knowledge.needs import NEEDS
from emptor.market.knowledge.palette import OTHER_NAMES
from emptor.market.streams import Draws
from emptor.market.world.products import (
    COLOR,
    EXTRA,
    MATERIAL,
    MATERIAL_NAMES,
    MEASURE,
    PATTERN,
    PATTERN_NAMES,
    SLOTS,
    STYLE,
    Products,
    slots_of,
)

KINDS = ("category", "attribute", "brand", "misspelt", "synonym", "visual", "units", "need")
CATEGORY, ATTRIBUTE, BRAND, MISSPELT, SYNONYM, VISUAL, UNITS, NEED = range(len(KINDS))

_SHARES = {CATEGORY: 0.03, ATTRIBUTE: 0.40, BRAND: 0.19, SYNONYM: 0.13, VISUAL: 0.14, UNITS: 0.11}
"""Of the texts of each kind among those that are spelt right and name a product."""
_SLIPPING = {CATEGORY: 0.1, ATTRIBUTE: 0.35, BRAND: 0.3, SYNONYM: 0.1, VISUAL: 0.15}
"""What misspelt queries were meant to be."""
_APPETITE = np.full((len(KINDS), SLOTS + 1), 0.7)
_APPETITE[CATEGORY] = 0.85
_APPETITE[ATTRIBUTE] = [0.6, 0.55, 0.42, *[0.25] * (SLOTS - 2)]
_APPETITE[BRAND] = [0.4, 0.28, *[0.1] * (SLOTS - 1)]
_APPETITE[SYNONYM] = [0.8, 0.6, 0.45, *[0.3] * (SLOTS - 2)]
_APPETITE[VISUAL] = [0.55, 0.55, 0.5, *[0.4] * (SLOTS - 2)]
_APPETITE[UNITS] = [0.2, 0.15, *[0.1] * (SLOTS - 1)]
"""Browsing appetite by kind and by the number of attributes asked for. The more is said, the more one means to buy."""
_NEED_TEXTS = 0.1
"""Share of the texts that name needs, as far as there are so many phrases."""
_ASKED = {COLOR: 1.0, MATERIAL: 0.6, STYLE: 1.0, EXTRA: 0.4, EXTRA + 1: 0.35, EXTRA + 2: 0.35}
"""How likely each slot is asked for beside others."""
_HEAD = (
    *("{s}", "{s}", "{s}", "{}", "best {}", "cheap {s}", "{s} sale", "new {s}"),
    *("buy {}", "{} online", "{s} deals", "good {}", "nice {}"),
)
"""Ways to ask for a category and no more."""


@dataclass(frozen=True)
class Queries:
    """Q queries: those of each category together, by falling weight, those of needs after the last category's.

    text [Q] str, no two alike; kind [Q] int8 place in KINDS; category [Q] int16 place in CATEGORIES, -1 for a need;
    asked [Q, SLOTS] int16: value asked for per slot, coded like Products.values, -1 not asked; brand [Q] int16 place in
    BRANDS, -1 none; need [Q] int16 place in NEEDS, -1 none; appetite [Q] float32 in 0..1 for browsing rather than
    buying; weight [Q] float64: how often it is typed, 1 in all; start [C + 1] int64: rows start[c]:start[c + 1] are
    category c's, those from start[C] on are of needs.
    """

    text: np.ndarray
    kind: np.ndarray
    category: np.ndarray
    asked: np.ndarray
    brand: np.ndarray
    need: np.ndarray
    appetite: np.ndarray
    weight: np.ndarray
    start: np.ndarray

    def __len__(self) -> int:
        return len(self.text)


def make_queries(config: WorldConfig, products: Products) -> Queries:
    """About `config.queries` queries; each but those of needs is answered by a product on sale on the first day."""
    needs = _needs(config)
    named = config.queries - len(needs["text"])
    within = min(1.0, config.demand.misspelt / max(1 - config.demand.needs, 0.05))
    # a slip comes seldom at the head of a category: of the texts more are misspelt than of what is typed
    slipped = min(0.95, within / 0.7)
    right = max(1, round(named * (1 - slipped)))
    chosen = _distinct(config, products, right, round(1.5 * named * slipped))
    order, weight = _ranked(config, products, chosen, within)
    rows = {name: own[order] for name, own in chosen.items()} | {"weight": weight}
    del rows["times"]
    joined = {name: np.concatenate([own, needs[name]]) for name, own in rows.items()}
    joined["weight"] = joined["weight"] / joined["weight"].sum()
    start = np.searchsorted(rows["category"], np.arange(len(CATEGORIES) + 1))
    return Queries(**joined, start=start)


def _needs(config: WorldConfig) -> dict[str, np.ndarray]:
    """The queries of needs, the most frequent first; their weights add up to their share of all."""
    share = config.demand.needs
    popular = np.argsort(Draws(config.seed, "need").uniform(np.arange(len(NEEDS)))).argsort()
    every = [
        (np.log1p(popular[at]) + 1.5 * np.log1p(place), at, phrase)
        for at, need in enumerate(NEEDS)
        for place, phrase in enumerate(need.phrases)
    ]
    every = sorted(every)[: max(1, round(config.queries * _NEED_TEXTS))] if share else []
    count = len(every)
    weight = 1 / np.arange(1, count + 1) ** config.demand.zipf
    return {
        "text": np.array([phrase for _, _, phrase in every], dtype=np.str_),
        "kind": np.full(count, NEED, np.int8),
        "category": np.full(count, -1, np.int16),
        "asked": np.full((count, SLOTS), -1, np.int16),
        "brand": np.full(count, -1, np.int16),
        "need": np.array([at for _, at, _ in every], np.int16),
        "appetite": np.full(count, _APPETITE[NEED, 0], np.float32),
        "weight": share * weight / max(weight.sum(), 1e-9),
    }


def _popularity(config: WorldConfig, products: Products, day: int = 0) -> np.ndarray:
    """float64 [C]: how often each category is asked for; 0 where it sells nothing on the day."""
    supply = np.bincount(products.category[products.alive(day)], minlength=len(CATEGORIES))
    taste = Draws(config.seed, "popular category").normal(np.arange(len(CATEGORIES)))
    popular = supply**0.7 * np.exp(0.5 * taste)
    return popular / popular.sum()


def _distinct(config: WorldConfig, products: Products, right: int, wrong: int) -> dict[str, np.ndarray]:
    """`right` texts spelt right, the nouns first, and up to `wrong` misspelt; `times`: how often each was drawn."""
    texts: list[str] = []
    parts: list[dict[str, np.ndarray]] = []
    place: dict[str, int] = {}
    first: list[int] = []
    count = 2 * right
    for turn in range(8):
        more, part = _drawn(config, products, count, round(1.3 * wrong) if turn == 0 else 0, turn)
        first += [place.setdefault(text, at) for at, text in enumerate(more, len(texts))]
        texts += more
        parts.append(part)
        kinds = np.concatenate([own["kind"] for own in parts])
        unique = np.flatnonzero(np.array(first) == np.arange(len(first)))
        spelt = kinds[unique] != MISSPELT
        count = 2 * (right - int(spelt.sum()))
        if count <= 0:
            break
    drawn = {name: np.concatenate([own[name] for own in parts]) for name in parts[0]}
    times = np.bincount(first, minlength=len(first))
    # kinds in step: the first of each kind, in proportion
    steps = unique[spelt]
    steps = np.sort(steps[np.argsort(drawn["step"][steps], kind="stable")[:right]])
    keep = np.concatenate([steps, unique[~spelt][:wrong]])
    del drawn["step"]
    kept = {name: own[keep] for name, own in drawn.items()}
    return kept | {"text": np.array([texts[at] for at in keep]), "times": times[keep]}


def _drawn(
    config: WorldConfig, products: Products, right: int, wrong: int, turn: int
) -> tuple[list[str], dict[str, np.ndarray]]:
    """Texts, repeats included, and their columns: every noun, `right` others spelt right, `wrong` misspelt ones.

    Args:
        turn: 0 at first. In later ones, when short texts are used up, more is said.
    """
    seed = config.seed
    alive = np.flatnonzero(products.alive(0))
    supply = np.bincount(products.category[alive], minlength=len(CATEGORIES))
    popular = _popularity(config, products) / np.maximum(supply, 1)
    _, first = np.unique(products.category[alive], return_index=True)
    nouns = alive[first]
    texts = [CATEGORIES[at].noun.lower() for at in products.category[nouns]]
    parts = [_columns(products, nouns, CATEGORY, np.zeros((len(nouns), SLOTS), bool), np.full(len(nouns), -1.0))]
    for kind, share in _SHARES.items():
        rows = alive[_eligible(products, alive, kind)]
        if not len(rows):
            continue
        count = round(right * share)
        total = count + round(wrong * _SLIPPING.get(kind, 0))
        draws, ids = Draws(seed, f"query {KINDS[kind]}"), np.arange(total) + (turn << 41)
        # numbered apart, so that more of the one leave the other as it is
        ids[count:] += 2**40 - count
        rows = rows[draws.choice(ids, popular[products.category[rows]], 0)]
        choosable = np.where(_SINGLE[products.category[rows]], -1, products.values[rows])
        mask = _masks(draws, ids, kind, choosable, turn)
        bits = draws.bits(ids, 1).tolist()
        brands = products.brand[rows].tolist() if kind == BRAND else [-1] * total
        numbers, values = products.category[rows].tolist(), np.where(mask, products.values[rows], -1).tolist()
        own = [
            _typed(kind, number, value, brand, bit)
            for number, value, brand, bit in zip(numbers, values, brands, bits, strict=True)
        ]
        slips = (draws.bits(ids[count:], 2) >> np.uint64(2)).tolist()
        slipped = [slip(text, bit) for text, bit in zip(own[count:], slips, strict=True)]
        columns = _columns(products, rows, kind, mask, np.arange(total) / share + 1e9 * turn)
        # short words are spelt right even so
        wrongly = np.array([text != meant for text, meant in zip(slipped, own[count:], strict=True)], bool)
        columns["kind"][count:][wrongly] = MISSPELT
        own[count:] = slipped
        texts += own
        parts.append(columns)
    return texts, {name: np.concatenate([part[name] for part in parts]) for name in parts[0]}


def _columns(
    products: Products, rows: np.ndarray, kind: int, mask: np.ndarray, step: np.ndarray
) -> dict[str, np.ndarray]:
    brand = products.brand[rows] if kind == BRAND else np.full(len(rows), -1)
    return {
        "kind": np.full(len(rows), kind, np.int8),
        "category": products.category[rows].astype(np.int16),
        "asked": np.where(mask, products.values[rows], -1).astype(np.int16),
        "brand": brand.astype(np.int16),
        "need": np.full(len(rows), -1, np.int16),
        "appetite": _APPETITE[kind, mask.sum(1)].astype(np.float32),
        "step": step,
    }


def _eligible(products: Products, rows: np.ndarray, kind: int) -> np.ndarray:
    """bool [rows]: whether a query of the kind can be made of each product."""
    if kind == VISUAL:
        pattern = products.values[rows, PATTERN]
        return (pattern >= 0) & (pattern != _PLAIN)
    if kind == UNITS:
        return products.values[rows, MEASURE] >= 0
    if kind == SYNONYM:
        return np.array([bool(own.synonyms) for own in CATEGORIES])[products.category[rows]]
    return np.ones(len(rows), bool)


def _masks(draws: Draws, ids: np.ndarray, kind: int, values: np.ndarray, turn: int) -> np.ndarray:
    """bool [N, SLOTS]: the slots that a query asks for."""
    chances = {ATTRIBUTE: [0, 0.42, 0.36, 0.22], BRAND: [0.6, 0.25, 0.15], SYNONYM: [0.3, 0.45, 0.25]}
    chances |= {UNITS: [0.5, 0.33, 0.17], VISUAL: [0.75, 0.25], CATEGORY: [1.0]}
    count = draws.choice(ids, np.array(chances[kind]), 3)
    if turn and kind != CATEGORY:
        count += draws.integer(ids, 2 + (turn > 2), 21)
    weights = np.array([_ASKED.get(slot, 0.0) for slot in range(SLOTS)])
    if kind == SYNONYM:
        weights[STYLE] = 0  # a style often brings a name of its own
    with np.errstate(divide="ignore"):
        keys = np.stack([-np.log(draws.uniform(ids, 4 + slot)) / weights[slot] for slot in range(SLOTS)], axis=1)
    keys[values < 0] = np.inf
    if kind == VISUAL:
        keys[:, COLOR] = np.inf
    mask = (keys.argsort(axis=1).argsort(axis=1) < count[:, None]) & np.isfinite(keys)
    if kind == VISUAL:
        mask[:, PATTERN] = True
        mask[:, COLOR] = draws.uniform(ids, 20) < 0.75
    if kind == UNITS:
        mask[:, MEASURE] = True
    return mask


def _ranked(
    config: WorldConfig, products: Products, chosen: dict[str, np.ndarray], misspelt: float
) -> tuple[np.ndarray, np.ndarray]:
    """Places in `chosen` by category and falling weight, and the weights.

    Args:
        misspelt: share of a category's weight that goes to misspelt texts.
    """
    asks = (chosen["asked"] >= 0).sum(1) + (chosen["brand"] >= 0)
    noise = Draws(config.seed, "query rank").normal(np.arange(len(asks)))
    depth = 0.7 * asks - np.log(chosen["times"]) + 0.8 * noise
    nouns = len(np.unique(chosen["category"]))
    depth[:nouns] = -np.inf
    popular = _popularity(config, products) * (1 - config.demand.needs)
    order, weights = [], []
    by_category = np.lexsort((depth, chosen["category"]))
    ends = np.searchsorted(chosen["category"][by_category], np.arange(len(CATEGORIES) + 1))
    for number in range(len(CATEGORIES)):
        own = by_category[ends[number] : ends[number + 1]]
        if not len(own):
            continue
        right, wrong = own[chosen["kind"][own] != MISSPELT], own[chosen["kind"][own] == MISSPELT]
        own = _interleaved(right, wrong, misspelt, config.demand.zipf)
        weight = 1 / np.arange(1, len(own) + 1) ** config.demand.zipf
        order.append(own)
        weights.append(popular[number] * weight / weight.sum())
    return np.concatenate(order), np.concatenate(weights)


def _interleaved(right: np.ndarray, wrong: np.ndarray, share: float, zipf: float) -> np.ndarray:
    """`right` in order with as many of `wrong` among it, below the head, as bring them their share of the weight."""
    head = min(5, max(1, len(right) // 4))
    count = 0
    for _ in range(8):
        weight = 1 / np.arange(1, len(right) + count + 1) ** zipf
        rate = min(1.0, share * weight.sum() / max(weight[head:].sum(), 1e-9))
        count = min(len(wrong), round(rate * (len(right) + count - head)))
    if not count:
        return right
    total = len(right) + count
    places = head + ((np.arange(count) + 0.5) * (total - head) / count).astype(np.int64)
    merged = np.empty(total, np.int64)
    merged[places] = wrong[:count]
    merged[np.delete(np.arange(total), places)] = right
    return merged


def _other_names(category: Category, color: str) -> tuple[str, ...]:
    """Other names of a colour that do not name a material: a walnut lamp need not be brown."""
    return tuple(name for name in OTHER_NAMES.get(color, ()) if name not in MATERIAL_NAMES)


_BRANDS = [normalize("NFKD", brand.name).encode("ascii", "ignore").decode() for brand in BRANDS]
"""As typed: without accents."""
_PLAIN = PATTERN_NAMES.index("plain")
_VALUES = [slots_of(category) for category in CATEGORIES]
_SINGLE = np.zeros((len(CATEGORIES), SLOTS), bool)
"""Slots in which a category has no choice: nobody asks for a wax lipstick."""
for _number, _category in enumerate(CATEGORIES):
    _SINGLE[_number, MATERIAL] = len(_category.materials) < 2
    _SINGLE[_number, COLOR] = len(_category.colors) < 2


def _typed(kind: int, number: int, values: list[int], brand: int, bits: int) -> str:
    """The text of a query.

    Args:
        values: asked for, -1 not. bits: 64 random ones, which decide how it is put.
    """
    category, slots = CATEGORIES[number], _VALUES[number]

    def chance(bound: int) -> int:
        nonlocal bits
        bits, drawn = divmod(bits, bound)
        return drawn

    name = category.noun
    if kind == CATEGORY:
        return _head(category, chance(len(_HEAD) + 1)).lower()
    if kind == SYNONYM:
        name = category.synonyms[chance(len(category.synonyms))]
    elif values[STYLE] >= 0:
        name = thing(category, category.styles[values[STYLE]])
    elif chance(8) == 0:
        name = plural(name)
    color, pattern, before, after = "", "", [], []
    if values[COLOR] >= 0:
        color = slots[COLOR][1][values[COLOR]]
        others = _other_names(category, color) if kind == SYNONYM else ()
        if others and chance(2):
            color = others[chance(len(others))]
            name = name if chance(2) else category.noun
    if values[PATTERN] >= 0:
        ways = pattern_words(PATTERN_NAMES[values[PATTERN]])
        pattern = ways[chance(len(ways))] if chance(3) == 0 else ways[0]
    if values[MATERIAL] >= 0 and (material := MATERIAL_NAMES[values[MATERIAL]]) not in name:
        before.append(material)
    for slot in range(EXTRA, MEASURE):
        if values[slot] >= 0:
            field, choices = slots[slot]
            said = extra_words(field, choices[values[slot]])
            front, back = said[chance(len(said))]
            before.insert(0, front)
            after.append(back)
    if values[MEASURE] >= 0 and category.measure:
        sizes = spellings(category.measure, number_of(slots[MEASURE][1][values[MEASURE]]))
        size = sizes[chance(len(sizes))]
        (before if chance(2) else after).append(size)
    maker = _BRANDS[brand] if brand >= 0 else ""
    words = [color, pattern, *before, name, *after]
    match chance(12):
        case 0 | 1 if color and kind != VISUAL:
            words = [pattern, *before, name, *after, color]
        case 2 if color and not before:
            words = [pattern, name, *after, "in", color]
        case 3 if len(before) > 0:
            words = [name, color, pattern, *before, *after]
        case _:
            pass
    words = [*words, maker] if chance(10) < 3 else [maker, *words]
    return " ".join(word for word in words if word).lower()


def _head(category: Category, way: int) -> str:
    """A query that asks for a category and no more."""
    if way == len(_HEAD):
        whose = {"Women": "womens {s}", "Men": "mens {s}"}.get(category.department, "{s}")
        return whose.format(category.noun, s=plural(category.noun))
    return _HEAD[way].format(category.noun, s=plural(category.noun))
