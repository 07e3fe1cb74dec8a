"""ARMMT: weights of modalities that say something, a branch that keeps to itself, and all that may be lacking."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
import torch

from emptor.errors import EmptorError
from emptor.rank.models.inputs import InputSpec
from emptor.rerank.models.armmt import ARMMT
from emptor.rerank.models.auxiliary import KINDS
from emptor.rerank.models.example import example
from emptor.rerank.models.fusion import GATES, SQUEEZES
from emptor.rerank.models.fusions import FUSIONS
from emptor.rerank.models.inputs import Labels, ListSpec
from tests.rerank.models.lists import learns, lists, longer, ordered, without_past, without_sides

OPTIONS: dict[str, dict[str, Any]] = {
    "as it is": {},
    "no branch for the past": {"personal": False},
    "no perspectives": {"perspectives": False},
    "neither": {"personal": False, "perspectives": False},
    "with the list": {"list_context": True},
    "no task": {"aux": 0.0},
    "both tasks": {"aux_target": "both"},
    "din": {"personal_unit": "din", "past_of": "category"},
    "placed": {"debias": True},
    "attention": {"history": "attention", "crosses": False},
    **{own: {"fusion": own} for own in FUSIONS if own != "cafu"},
    **{f"squeeze {own}": {"squeeze": own, "gate": gate} for own in SQUEEZES[1:] for gate in GATES[1:]},
    "no context": {"context": "none"},
    **{f"task {own}": {"aux_kind": own} for own in KINDS[1:]},
}
EVERY = pytest.mark.parametrize("options", list(OPTIONS.values()), ids=list(OPTIONS))


def made(spec: ListSpec, **options: Any) -> ARMMT:
    torch.manual_seed(3)
    return ARMMT(spec, **options)


@EVERY
def test_every_weight_learns_and_loss_falls(options: dict[str, Any]) -> None:
    spec, batch, labels = example(12)
    net = made(spec, **{"dropout": 0.0, **options})
    learns(net, batch, labels, steps=25, lr=3e-3)


@EVERY
def test_padding_changes_nothing(options: dict[str, Any]) -> None:
    spec, batch, labels = example(4)
    net = made(spec, **{**options, "dropout": 0.0})
    more, labels_of_more = longer(batch, labels)
    for training in (True, False):  # in training, too: what is standardised over the batch is of what is there
        net.train(training)
        with torch.no_grad():
            torch.testing.assert_close(net(more)[more.mask], net(batch)[batch.mask])
            if options.get("aux_kind") != "shuffled":
                torch.testing.assert_close(net.loss(more, labels_of_more), net.loss(batch, labels))


def test_products_see_their_list_only_where_it_is_said() -> None:
    spec, batch, _ = example(4)
    for listed in (False, True):
        net = made(spec, list_context=listed).eval()
        with torch.no_grad():
            values = net(batch)
            torch.testing.assert_close(net(ordered(batch, [3, 1, 0, 2, 5, 4]))[:, [2, 1]], values[:, :2])
            first = net(ordered(batch, [0, 1]))
            if listed:
                assert (first - values[:, :2]).abs().max() > 1e-3
            else:
                torch.testing.assert_close(first, values[:, :2])


def test_only_behaviours_of_a_products_category_count_where_it_is_said() -> None:
    spec, batch, _ = example(4)
    net, own = made(spec, past_of="category").eval(), made(spec).eval()
    past = batch.asked.past.clone()
    past[..., 0] = 6
    product = batch.asked.product.clone()
    product[:, :, 0] = 5
    product[:, 0, 0] = 6
    asked = replace(batch.asked, past=past, product=product)
    moved = replace(batch.past, text=batch.past.text.flip(-1), image=batch.past.image.flip(-1))
    with torch.no_grad():
        for of, heeds in ((net, [True, False]), (own, [True, True])):
            before, after = (
                of(replace(batch, asked=asked, past=sides))[:2, :2]  # with a past and both modalities
                for sides in (batch.past, moved)
            )
            assert ((before - after).abs() > 1e-6).all(0).tolist() == heeds
    without = InputSpec({"brand": 9}, actions=4, gaps=5, own=3, numeric=4, context=2, words=20)
    with pytest.raises(EmptorError, match="products have no category, only brand"):
        ARMMT(replace(spec, products=without), past_of="category")


@EVERY
def test_the_task_beside_changes_no_served_value(options: dict[str, Any]) -> None:
    spec, batch, _ = example(4)
    net = made(spec, **options).eval()
    with torch.no_grad():
        before = net(batch)
        net.head = net.of_query = net.place = None
        assert torch.equal(net(batch), before)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("detached", [False, True])
@pytest.mark.parametrize("fusion", FUSIONS)
def test_the_task_beside_reaches_neither_ids_nor_statistics(kind: str, detached: bool, fusion: str) -> None:
    spec, batch, labels = example(6)
    net = made(spec, aux_kind=kind, aux_detach_query=detached, fusion=fusion)
    numbers = {own: getattr(batch.asked, own).clone().requires_grad_() for own in ("own", "numeric", "context")}
    score = batch.score.clone().requires_grad_()
    asked = replace(batch.asked, **numbers)
    net.loss(replace(batch, asked=asked, score=score), labels)["auxiliary"].backward()
    words = net.items.ranked.embedding.of_word.weight
    for name, weight in net.named_parameters():
        reached = weight.grad is not None and bool(weight.grad.abs().max() > 0)
        if weight is words:
            assert reached == (not detached), name
        elif name.startswith(("items.", "perspectives.", "deep.", "out.")):
            assert not reached, name
        elif name.startswith(("modalities.", "head.", "of_query.", "attend.", "fuse.", "fuse_past.", "context.")):
            assert reached, name
    assert score.grad is None and all(own.grad is None for own in numbers.values())


@EVERY
def test_whatever_may_be_lacking_lacks_without_harm(options: dict[str, Any]) -> None:
    spec, batch, labels = example(4)
    lacking = {
        "text": replace(batch, sides=without_sides(batch.sides, "text")),
        "image": replace(batch, sides=without_sides(batch.sides, "image")),
        "both": replace(
            batch,
            sides=without_sides(batch.sides, "text", "image"),
            past=without_sides(batch.past, "text", "image"),
        ),
        "the past": without_past(batch, [0, 1, 2, 3]),
        "the query": replace(batch, asked=replace(batch.asked, words=torch.zeros_like(batch.asked.words))),
        "all but one product": lists(ordered(batch, [0]), [0]),
    }
    for what, own in lacking.items():
        net = made(spec, **options)
        size, width = len(own), own.mask.shape[1]
        kept = Labels(*(part[:size, :width] for part in (labels.click, labels.purchase, labels.seen)))
        for known in (kept, Labels(kept.click * 0, kept.purchase * 0, kept.seen & False)):
            net.zero_grad()
            loss = net.loss(own, known)["loss"]
            loss.backward()
            assert loss.isfinite(), what
            assert all(weight.grad is None or weight.grad.isfinite().all() for weight in net.parameters()), what
        assert net.eval()(own).isfinite().all(), what


def test_what_one_product_or_user_lacks_changes_no_other() -> None:
    spec, batch, _ = example(4)
    net = made(spec).eval()
    sides = replace(batch.sides, has_image=batch.sides.has_image.clone(), image=batch.sides.image.clone())
    sides.has_image[0, 0], sides.image[0, 0] = False, 0.0
    with torch.no_grad():
        before, after = net(batch), net(replace(batch, sides=sides))
        assert after[0, 0] != before[0, 0]
        torch.testing.assert_close(after.flatten()[1:], before.flatten()[1:])
        cold = net(without_past(batch, [0]))
        assert (cold[0] != before[0]).all()
        torch.testing.assert_close(cold[1:], before[1:])


def test_what_is_lacking_is_looked_at_by_no_perspective() -> None:
    """Whatever a lacking token would be, nothing comes of it."""
    spec, batch, _ = example(4)
    net = made(spec).eval()
    assert net.perspectives is not None
    quiet = replace(batch, asked=replace(batch.asked, words=torch.zeros_like(batch.asked.words)))
    quiet = replace(without_past(quiet, [0, 1, 2, 3]), sides=without_sides(batch.sides, "text", "image"))
    with torch.no_grad():
        before = net(quiet)
        net.perspectives.which[[0, 1, 3, 4]] += 5.0  # item, past, query, user
        assert torch.equal(net(quiet), before) and not torch.equal(net(batch), before)
        net.perspectives.which[2] += 5.0
        assert not torch.equal(net(quiet), before)


def test_served_values_are_clicks_and_purchases_weighed() -> None:
    spec, batch, labels = example(4)
    net = made(spec, debias=True).eval()
    assert net.place is not None
    with torch.no_grad():
        logits = net.logits(batch)
        chances = logits.sigmoid()
        torch.testing.assert_close(net(batch).exp(), chances[..., 0] + 10 * chances[..., 1])
        before = net.loss(batch, labels)["loss"]
        net.place.weight.add_(torch.randn(net.place.weight.shape))
        assert torch.equal(net.logits(batch), logits) and net.loss(batch, labels)["loss"] != before
        weights = net.weights(batch)
        assert weights.shape == (*batch.mask.shape, 2) and net.modalities.names == ("text", "image")
        torch.testing.assert_close(weights.sum(-1), (batch.sides.has_text | batch.sides.has_image).float())


def test_a_spec_with_one_modality_or_none() -> None:
    spec, batch, labels = example(4)
    seeing = replace(spec, text=0)
    own = replace(batch, sides=replace(batch.sides, text=batch.sides.text[..., :0]))
    net = made(seeing)
    assert net.modalities.names == ("image",) and net.loss(own, labels)["loss"].isfinite()
    with pytest.raises(EmptorError, match="no text to fuse"):
        ARMMT(seeing, fusion="text")
    with pytest.raises(EmptorError, match="no text and no image to fuse"):
        ARMMT(replace(seeing, image=0))


def test_options_that_cannot_be_are_told() -> None:
    spec, _, _ = example()
    for options, message in (
        ({"aux": -1.0}, r"aux: -1\.0, expected a weight from 0"),
        ({"aux_kind": "listwise"}, "aux_kind: unknown"),
        ({"aux_target": "cart"}, "aux_target: unknown"),
        ({"objective": "pairs"}, "objective: unknown"),
        ({"squeeze": "max"}, "squeeze: unknown"),
        ({"gate": "tanh"}, "gate: unknown"),
        ({"context": "some"}, "context: unknown"),
        ({"personal_unit": "mlp"}, "personal_unit: unknown"),
        ({"past_of": "brand"}, "past_of: unknown"),
        ({"heads": 5}, "heads: 5"),
    ):
        with pytest.raises(EmptorError, match=message):
            ARMMT(spec, **options)
    with pytest.raises(EmptorError, match="this fusion has none"):
        ARMMT(spec, fusion="senet").weights(example()[1])


def test_lists_as_a_whole_can_be_the_objective() -> None:
    spec, batch, labels = example(4)
    told = made(spec, objective="listwise").loss(batch, labels)
    assert sorted(told) == ["auxiliary", "listwise", "loss"]
    torch.testing.assert_close(told["loss"], told["listwise"] + 0.2 * told["auxiliary"])
