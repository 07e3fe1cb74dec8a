"""The re-rankers of a comparison: each fitted with what tuning chose for it, and given the same lists to order."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any

import numpy as np
import torch

from emptor.errors import EmptorError
from emptor.learn.seeds import numpy_rng, seeded
from emptor.rank.scale import Scale
from emptor.reproduce.reranking.data import PAGE, Judged, RerankData
from emptor.reproduce.reranking.quality import good_of, order_of, value_of
from emptor.reproduce.tuning import Choice
from emptor.rerank.models import RerankBatch, build
from emptor.rerank.models.podmmi import PODMMI
from emptor.rerank.models.reranker import Reranker
from emptor.rerank.models.utility import expected_overlap
from emptor.rerank.products import ListProducts
from emptor.rerank.quality import valued
from emptor.rerank.samples import Examples
from emptor.rerank.stage import GreedyOptions, Rule, by_pages
from emptor.rerank.train import RerankOptions, fit_reranker

_AT_ONCE = 512


@dataclass(frozen=True)
class Entry:
    """A network of `rerank.models`, what of it is not as usual, and whose settings it takes.

    permuted: texts and pictures are those of other products. behind: another entry, whose values are the scores that it
    gets, and their order that of the lists.
    """

    model: str
    network: Mapping[str, Any] = field(default_factory=dict)
    settings_of: str | None = None
    permuted: bool = False
    behind: str | None = None


NETWORKS: Mapping[str, Entry] = {
    **{name: Entry(name) for name in ("armmt", "podmmi", "pointwise", "prm", "setrank", "dlcm")},
    "armmt_list": Entry("armmt", {"list_context": True}, settings_of="armmt"),
    "armmt and podmmi": Entry("podmmi", settings_of="podmmi", behind="armmt"),
}
"""The methods, the networks that might win, and PODM-MI behind ARMMT: accuracy, then diversity over its scores."""
WITHOUT: Mapping[str, Mapping[str, Entry]] = {
    "armmt": {
        **{
            f"armmt_{name}": Entry("armmt", {"fusion": name}, settings_of="armmt")
            for name in ("text", "image", "concatenation", "sum", "attention", "senet")
        },
        "armmt_no_aux": Entry("armmt", {"aux": 0.0}, settings_of="armmt"),
        "armmt_pairwise_aux": Entry("armmt", {"aux_kind": "pairwise"}, settings_of="armmt"),
        "armmt_no_personal": Entry("armmt", {"personal": False}, settings_of="armmt"),
        "armmt_no_perspectives": Entry("armmt", {"perspectives": False}, settings_of="armmt"),
        "armmt_permuted": Entry("armmt", settings_of="armmt", permuted=True),
    },
    "podmmi": {
        "podmmi_no_mi": Entry("podmmi", {"mi": 0.0}, settings_of="podmmi"),
        "podmmi_kl": Entry("podmmi", {"mutual": "kl"}, settings_of="podmmi"),
        "podmmi_infonce": Entry("podmmi", {"mutual": "infonce"}, settings_of="podmmi"),
        "podmmi_no_utility": Entry("podmmi", {"utility": "none"}, settings_of="podmmi"),
        "podmmi_hypernetwork": Entry("podmmi", {"utility": "hypernetwork"}, settings_of="podmmi"),
        "podmmi_items": Entry("podmmi", {"utility": "items"}, settings_of="podmmi"),
        "podmmi_point": Entry("podmmi", {"user": "point"}, settings_of="podmmi"),
        "podmmi_no_queries": Entry("podmmi", {"queries": False}, settings_of="podmmi"),
        "podmmi_no_overlap": Entry("podmmi", {"gamma": 0.0}, settings_of="podmmi"),
    },
}
"""A method -> what it is without a part, or with another choice where the paper says nothing."""
ENTRIES: Mapping[str, Entry] = {**NETWORKS, **WITHOUT["armmt"], **WITHOUT["podmmi"]}
CHOSEN = tuple(name for name, own in ENTRIES.items() if own.settings_of is None)


@dataclass(frozen=True)
class Greedy:
    """A rule over the scores as they come, or over an entry's values; the options that are tried, the best by the
    validation. by_sight: by how alike products truly look, which no shop knows.
    """

    rule: Rule
    tried: Sequence[GreedyOptions]
    over: str | None = None
    by_sight: bool = False


BALANCES = (0.4, 0.5, 0.6, 0.7, 0.8, 0.9)
"""As many as a network has settings."""
_PERSONAL = tuple((balance, personal) for balance in (0.6, 0.75, 0.9) for personal in (0.1, 0.3))


def _tried(*options: tuple[float, float]) -> tuple[GreedyOptions, ...]:
    return tuple(GreedyOptions(page=PAGE, balance=balance, personal=personal) for balance, personal in options)


RULES: Mapping[str, Greedy] = {
    "mmr": Greedy("mmr", _tried(*((own, 0.0) for own in BALANCES))),
    "dpp": Greedy("dpp", _tried(*((own, 0.0) for own in BALANCES))),
    "personal dpp": Greedy("dpp", _tried(*_PERSONAL)),
    "mmr by sight": Greedy("mmr", _tried(*((own, 0.0) for own in BALANCES)), by_sight=True),
    **{
        f"{own} and dpp": Greedy("dpp", _tried(*((balance, 0.0) for balance in BALANCES)), over=own)
        for own in ("armmt", "prm")
    },
}
"""Nothing is trained for them; the balance is chosen by what validated lists are worth, see quality.good_of."""
FRONT_BALANCES = (0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9)
FRONT: Mapping[str, Greedy | float] = {
    **{f"{rule} at {own}": Greedy(rule, _tried((own, 0.0))) for rule in ("mmr", "dpp") for own in FRONT_BALANCES},
    **{f"prm and dpp at {own}": Greedy("dpp", _tried((own, 0.0)), over="prm") for own in (0.3, 0.5, 0.7, 0.9)},
    **{f"podmmi times {own}": own for own in (0.0, 0.5, 2.0, 4.0)},
}
"""What clicks cost in variety: rules at every balance, one of them over the values of PODM-MI's host, and PODM-MI with
its weight of diversity multiplied.
"""


@dataclass(frozen=True)
class Fitted:
    """A fitted entry. given: the validated and the tested lists as its network is given them; orders: places of these
    in the lists as they came, none where they are the same. metrics: of the validated.
    """

    net: Reranker
    given: tuple[Examples, Examples]
    orders: tuple[np.ndarray, ...] | None
    scale: Scale
    metrics: Mapping[str, float]

    @cached_property
    def validated(self) -> np.ndarray:
        """[R, N]: what it says of the lists as they came: higher is earlier, -inf is padding."""
        return self._said(0)

    @cached_property
    def tested(self) -> np.ndarray:
        """The same of the tested."""
        return self._said(1)

    def _said(self, which: int) -> np.ndarray:
        value = valued(self.net, self.given[which], self.scale)
        return value if self.orders is None else _as_it_came(value, self.orders[which])


Before = Callable[[str], Fitted]
"""Entries by name that stand before another."""


def fitted(name: str, data: RerankData, choice: Choice, *, seed: int, before: Before | None = None) -> Fitted:
    """Train an entry with what was chosen for it.

    Args: before: gives the entry that this one stands behind. What that says of the lists it has learnt from itself is
        surer than of others.
    """
    entry = ENTRIES[name]
    learnt, validated, tested = data.learnt, data.validated.examples, data.tested.examples
    orders: tuple[np.ndarray, ...] | None = None
    if entry.permuted:
        products = permuted(learnt.products, seed=seed)
        learnt, validated, tested = (replace(own, products=products) for own in (learnt, validated, tested))
    if entry.behind is not None:
        if before is None:
            raise EmptorError(f"{name}: stands behind {entry.behind}, which is not there")
        first = before(entry.behind)
        values = valued(first.net, learnt, data.scale), first.validated, first.tested
        made = [behind(own, value) for own, value in zip((learnt, validated, tested), values, strict=True)]
        learnt, validated, tested = (own for own, _ in made)
        orders = tuple(order for _, order in made[1:])
    with seeded(seed, "weights"):
        net = build(entry.model, data.spec, **{**choice.network, **entry.network})
    options = RerankOptions(**choice.training, seed=seed)
    found = fit_reranker(net, learnt, validated, data.scale, options=options)
    return Fitted(found.net, (validated, tested), orders, data.scale, found.metrics)


def permuted(products: ListProducts, *, seed: int) -> ListProducts:
    """Each product with the text and the picture of another; how alike two are stays."""
    order = np.append(numpy_rng(seed, "permuted").permutation(products.nobody), products.nobody)
    return replace(
        products, **{name: getattr(products, name)[order] for name in ("text", "image", "has_text", "has_image")}
    )


def behind(examples: Examples, value: np.ndarray) -> tuple[Examples, np.ndarray]:
    """(the lists in the order of values [R, N], with these as their scores; the order: places as they came)."""
    mask = examples.lists.mask
    order = order_of(value, mask)
    return examples.reordered(order, score=np.where(mask, value, 0).astype(np.float32)), order


def _as_it_came(value: np.ndarray, order: np.ndarray) -> np.ndarray:
    out = np.empty_like(value)
    np.put_along_axis(out, order, value, axis=1)
    return out


def greedy(
    rule: Rule, options: GreedyOptions, value: np.ndarray, judged: Judged, *, by_sight: bool = False
) -> np.ndarray:
    """[R, N] int64: the order that a rule makes of values [R, N]."""
    rows, mask = judged.examples.asked.described.rows, judged.mask
    alike = judged.sight if by_sight else judged.examples.products.alike
    assert alike is not None
    parts = []
    for start in range(0, len(judged), _AT_ONCE):
        own = np.arange(start, min(start + _AT_ONCE, len(judged)))
        variety = None if judged.variety is None else judged.variety[own]
        kept = np.where(mask[own], value[own], 0)
        parts.append(by_pages(rule, kept, alike[rows[own]], mask[own], options, variety))
    return np.concatenate(parts)


def ruled(
    rule: Greedy, data: RerankData, validated: np.ndarray, tested: np.ndarray
) -> tuple[np.ndarray, GreedyOptions]:
    """(values [R, N] that give the order which a rule makes of the tested lists, the options that were chosen for it).

    Args: validated, tested [R, N]: what the rule is given of the lists.
    """
    chosen = rule.tried[0]
    if len(rule.tried) > 1:
        judged = data.validated
        worth = [
            good_of(greedy(rule.rule, own, validated, judged, by_sight=rule.by_sight), judged) for own in rule.tried
        ]
        chosen = rule.tried[int(np.argmax(worth))]
    order = greedy(rule.rule, chosen, tested, data.tested, by_sight=rule.by_sight)
    return value_of(order, data.tested.mask), chosen


@torch.inference_mode()
def times(found: Fitted, scale: Scale, factor: float) -> np.ndarray:
    """[R, N] float32: what PODM-MI says of the tested lists with the weight of diversity multiplied."""
    net, examples, out = found.net, found.given[1], found.tested.copy()
    assert isinstance(net, PODMMI)
    for own, batch in _batches(examples, scale):
        read = net.read(batch)
        apart = expected_overlap(read.relevance, batch.alike, batch.mask, temperature=net.soft_rank, sharp=net.sharp)
        more = ((factor - 1) * net.utilities(batch)[..., 1] * apart).numpy()
        out[own, : more.shape[1]] += more
    return out


@torch.inference_mode()
def breadth(found: Fitted, scale: Scale) -> np.ndarray | None:
    """[R]: how broad each tested user's wish is by PODM-MI; None where it reads no Gaussian."""
    net = found.net
    if not isinstance(net, PODMMI) or net.of_user is None or net.user == "point":
        return None
    return np.concatenate([net.spread(batch).numpy() for _, batch in _batches(found.given[1], scale)])


def _batches(examples: Examples, scale: Scale) -> Iterator[tuple[np.ndarray, RerankBatch]]:
    for start in range(0, len(examples), _AT_ONCE):
        own = np.arange(start, min(start + _AT_ONCE, len(examples)))
        yield own, examples.batch(own, scale)[0]
