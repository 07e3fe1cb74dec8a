"""Re-ranking networks: weights that all learn, padding that changes nothing, and what each makes of the list."""

from __future__ import annotations

from dataclasses import fields, replace
from typing import Any

import pytest
import torch

from emptor.errors import EmptorError
from emptor.rerank.models import MODELS, Labels, ListSpec, RerankBatch, Sides, build
from emptor.rerank.models.dlcm import DLCM
from emptor.rerank.models.example import example
from emptor.rerank.models.pointwise import Pointwise
from emptor.rerank.models.reranker import Reranker
from tests.rerank.models.lists import OF_CANDIDATES, learns, lists

KINDS: dict[str, tuple[str, dict[str, Any]]] = {
    "pointwise": ("pointwise", {}),
    "prm": ("prm", {}),
    "prm of sets": ("prm", {"positions": False, "blocks": 2}),
    "setrank": ("setrank", {}),
    "setrank, induced": ("setrank", {"induced": True, "points": 5}),
    "setrank, plain": ("setrank", {"rectified": False}),
    "dlcm": ("dlcm", {}),
    "prm, other items": ("prm", {"sides": "text", "history": "attention", "crosses": False}),
}
EVERY = pytest.mark.parametrize("kind", list(KINDS))
LISTWISE = pytest.mark.parametrize("kind", [own for own in KINDS if own != "pointwise"])


def made(kind: str, spec: ListSpec) -> Reranker:
    """Served, with places that say something: they begin at nothing."""
    torch.manual_seed(4)
    name, options = KINDS[kind]
    net = build(name, spec, **options).eval()
    places = getattr(net, "positions", None)
    if places is not None:
        torch.nn.init.normal_(places.weight)
    return net


def taken(batch: RerankBatch, which: torch.Tensor, *, with_place: bool = True) -> RerankBatch:
    """Some of the products, in another order. with_place: whether each takes its place along."""
    asked = replace(batch.asked, **{name: getattr(batch.asked, name)[:, which] for name in OF_CANDIDATES})
    sides = Sides(**{own.name: getattr(batch.sides, own.name)[:, which] for own in fields(Sides)})
    place = batch.place[:, which] if with_place else batch.place
    return replace(
        batch, asked=asked, sides=sides, place=place, score=batch.score[:, which], alike=batch.alike[:, which]
    )


def wildly_padded(batch: RerankBatch) -> RerankBatch:
    """Two further products, and all that is padding, with contents that nobody may read."""
    products = batch.mask.shape[1]
    longer = taken(batch, torch.tensor([*range(products), 0, 1]))
    mask = longer.mask.clone()
    mask[:, products:] = False

    def wild(own: torch.Tensor) -> torch.Tensor:
        other = torch.full_like(own, 1000.0 if own.is_floating_point() else 1)
        return torch.where(mask.view(*mask.shape, *(1,) * (own.dim() - 2)), own, other)

    asked = replace(longer.asked, mask=mask, **{own: wild(getattr(longer.asked, own)) for own in OF_CANDIDATES[:3]})
    sides = replace(longer.sides, text=wild(longer.sides.text), image=wild(longer.sides.image))
    return replace(
        longer, asked=asked, sides=sides, place=wild(longer.place), score=wild(longer.score), alike=wild(longer.alike)
    )


@EVERY
def test_every_weight_learns_and_loss_falls(kind: str) -> None:
    spec, batch, labels = example(12)
    torch.manual_seed(1)
    name, options = KINDS[kind]
    net = build(name, spec, **options)
    learns(net, batch, labels, steps=40, lr=5e-3, least=1e-7)


@EVERY
def test_padding_changes_no_value_and_no_loss(kind: str) -> None:
    spec, batch, labels = example(5)
    net, longer = made(kind, spec), wildly_padded(batch)
    more = Labels(*(torch.nn.functional.pad(own, (0, 2)) for own in (labels.click, labels.purchase, labels.seen)))
    with torch.no_grad():
        torch.testing.assert_close(net(longer)[longer.mask], net(batch)[batch.mask], atol=1e-5, rtol=1e-5)
        torch.testing.assert_close(net.loss(longer, more), net.loss(batch, labels), atol=1e-5, rtol=1e-5)


@EVERY
def test_a_list_does_not_depend_on_other_lists(kind: str) -> None:
    spec, batch, _ = example(4)
    net = made(kind, spec)
    with torch.no_grad():
        alone = net(lists(batch, [0]))
        torch.testing.assert_close(alone, net(batch)[:1], atol=1e-5, rtol=1e-5)


@EVERY
def test_labels_of_what_was_not_seen_change_nothing(kind: str) -> None:
    spec, batch, labels = example(5)
    net, unseen = made(kind, spec), ~labels.seen
    other = replace(
        labels, click=torch.where(unseen, 1.0, labels.click), purchase=torch.where(unseen, 1.0, labels.purchase)
    )
    with torch.no_grad():
        assert torch.equal(net.loss(batch, labels)["loss"], net.loss(batch, other)["loss"])


def changed(kind: str, *, with_place: bool) -> float:
    """By how much values change where products come in another order."""
    spec, batch, _ = example(5)
    net, order = made(kind, spec), torch.tensor([4, 2, 0, 5, 1, 3])
    other = taken(batch, order, with_place=with_place)
    with torch.no_grad():
        return float((net(other) - net(batch)[:, order])[other.mask].abs().max())


@EVERY
def test_products_that_keep_their_places_keep_their_values_in_any_order(kind: str) -> None:
    assert changed(kind, with_place=True) < 1e-5


@EVERY
def test_places_matter_where_they_are_an_input_and_only_there(kind: str) -> None:
    assert (changed(kind, with_place=False) > 1e-3) == (kind in ("prm", "dlcm", "prm, other items"))


def moved_by_neighbour(kind: str) -> torch.Tensor:
    """By how much each product's value changes once the third of its list, which changes too, is another."""
    spec, batch, _ = example(4)
    net = made(kind, spec)
    own = batch.asked.own.clone()
    own[:, 2] += 2
    other = replace(batch, asked=replace(batch.asked, own=own))
    with torch.no_grad():
        moved = (net(other) - net(batch)).abs()
    assert (moved[:, 2] > 0).all()
    rest = batch.mask.clone()
    rest[:, 2] = False
    return moved[rest]


@LISTWISE
def test_a_products_value_depends_on_its_neighbours(kind: str) -> None:
    assert moved_by_neighbour(kind).min() > 1e-6


def test_pointwise_looks_at_no_neighbour() -> None:
    assert moved_by_neighbour("pointwise").max() == 0


def test_dlcm_reads_from_worst_to_best_step_by_step() -> None:
    spec, batch, _ = example(5)
    net = made("dlcm", spec)
    assert isinstance(net, DLCM)
    cell = torch.nn.GRUCell(net.read.input_size, net.read.hidden_size)
    cell.load_state_dict({name.removesuffix("_l0"): own for name, own in net.read.state_dict().items()})
    shuffled = taken(batch, torch.tensor([4, 2, 0, 5, 1, 3]))
    with torch.no_grad():
        vectors, found = net.items(shuffled)[0], net(shuffled)
        for row in range(len(batch)):
            state, outputs = torch.zeros(net.read.hidden_size), {}
            there = shuffled.mask[row].nonzero().flatten().tolist()
            for at in sorted(there, key=lambda own: -int(shuffled.place[row, own])):
                x = vectors[row, at]
                state = cell(torch.cat([x, net.abstract(x)]), state)
                outputs[at] = state
            heads = net.context(state).tanh().view(net.heads, -1)
            for at, output in outputs.items():
                torch.testing.assert_close(found[row, at], net.head(heads @ output)[0], atol=1e-5, rtol=1e-5)


@EVERY
def test_products_that_are_all_the_same_get_the_same_unless_places_part_them(kind: str) -> None:
    spec, batch, labels = example(4)
    same = taken(batch, torch.zeros(6, dtype=torch.long))
    same = replace(same, place=torch.arange(6).expand(4, 6))
    net = made(kind, spec)
    told = net.loss(same, labels)["loss"]
    told.backward()
    value = net(same)
    assert told.isfinite() and all(own.grad is None or own.grad.isfinite().all() for own in net.parameters())
    equal = torch.allclose(value, value[:, :1].expand_as(value), atol=1e-5)
    assert equal == (kind not in ("prm", "dlcm", "prm, other items"))


@EVERY
def test_short_empty_and_quiet_lists_are_finite(kind: str) -> None:
    spec, batch, labels = example(4)
    one = taken(batch, torch.tensor([0]))
    mask = batch.mask.clone()
    mask[0] = False
    gone = replace(batch, asked=replace(batch.asked, mask=mask))
    nothing = torch.zeros_like(labels.click)
    for own, what in (
        (one, Labels(*(part[:, :1] for part in (labels.click, labels.purchase, labels.seen)))),
        (gone, replace(labels, seen=labels.seen & mask)),
        (batch, Labels(nothing, nothing, labels.seen)),
        (batch, replace(labels, seen=torch.zeros_like(labels.seen))),
    ):
        net = made(kind, spec).train()
        assert net(own).isfinite().all()
        loss = net.loss(own, what)["loss"]
        loss.backward()
        assert loss.isfinite()
        assert all(weight.grad is None or weight.grad.isfinite().all() for weight in net.parameters())


def test_pointwise_orders_by_click_and_purchase() -> None:
    spec, batch, labels = example()
    torch.manual_seed(0)
    net = Pointwise(spec, purchase=4.0).eval()
    logits = net.logits(batch)
    chances = logits.sigmoid()
    torch.testing.assert_close(net(batch).exp(), chances[..., 0] + 4 * chances[..., 1])
    net.purchase = 0.0
    torch.testing.assert_close(net(batch).exp(), chances[..., 0])
    net.purchase_weight = 0.0
    net.loss(batch, labels)["loss"].backward()
    last = net.head[-1]
    assert isinstance(last, torch.nn.Linear) and last.bias.grad is not None
    assert last.bias.grad[1] == 0 and last.bias.grad[0] != 0


def test_what_cannot_be_is_said() -> None:
    spec, _, _ = example()
    with pytest.raises(EmptorError, match="model: unknown 'mmr'; known are pointwise, prm"):
        build("mmr", spec)
    with pytest.raises(EmptorError, match="options: unknown 'points'"):
        build("prm", spec, points=3)
    with pytest.raises(EmptorError, match="sides: unknown 'sound'"):
        build("dlcm", spec, sides="sound")
    with pytest.raises(EmptorError, match="heads: 5, expected a number that divides"):
        build("setrank", spec, heads=5)
    assert {"pointwise", "prm", "setrank", "dlcm"} <= set(MODELS)
