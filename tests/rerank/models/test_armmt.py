"""ARMMT: weights of modalities that say something, a branch that keeps to itself, and all that may be lacking."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import Any

import pytest
import torch

from emptor.errors import EmptorError
from emptor.rank.models.inputs import InputSpec
from emptor.rerank.models.armmt import ARMMT
from emptor.rerank.models.auxiliary import KINDS, auxiliary_loss
from emptor.rerank.models.example import example
from emptor.rerank.models.fusion import GATES, SQUEEZES, ContextFusion
from emptor.rerank.models.fusions import FUSIONS, build_fusion, modalities_of
from emptor.rerank.models.inputs import Labels, ListSpec
from emptor.rerank.models.modalities import UNITS, Modalities, PersonalAttention
from tests.rerank.models.lists import lists, longer, ordered, without_past, without_sides

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
    optimiser = torch.optim.AdamW(net.parameters(), lr=3e-3)
    losses = []
    for step in range(25):
        found = net.loss(batch, labels)
        optimiser.zero_grad()
        found["loss"].backward()
        if step == 5:
            for which, weight in net.named_parameters():
                assert weight.grad is not None and weight.grad.isfinite().all(), which
                assert weight.grad.abs().max() > 1e-9, which
        optimiser.step()
        losses.append(found["loss"].item())
    assert losses[-1] < 0.8 * losses[0]


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


@pytest.mark.parametrize("squeeze", SQUEEZES)
@pytest.mark.parametrize("gate", GATES)
def test_weights_follow_what_modalities_are_like_and_heed_what_is_lacking(squeeze: str, gate: str) -> None:
    torch.manual_seed(0)
    fuse = ContextFusion(2, 16, 8, squeeze=squeeze, gate=gate)
    has = torch.tensor([[True, True], [True, False], [False, True], [False, False]]).repeat(10, 1)
    modalities = (torch.nn.functional.gelu(torch.randn(40, 2, 16)) * has.unsqueeze(-1)).requires_grad_()
    context = torch.randn(40, 8)
    z, weights, out = (
        fuse.squeezed(modalities, has),
        fuse.weights(modalities, has, context),
        fuse(modalities, has, context),
    )
    assert (z[::4].var(0) > 1e-4).all()
    assert (weights[~has] == 0).all() and (out[3::4] == 0).all()
    if gate == "softmax":
        torch.testing.assert_close(weights.sum(1), has.any(1).float())
    else:
        assert ((weights[has] > 0) & (weights[has] < 2)).all()
    naive = torch.stack([weights[b, 0] * modalities[b, 0] + weights[b, 1] * modalities[b, 1] for b in range(40)])
    torch.testing.assert_close(out, naive)
    out.sum().backward()
    assert modalities.grad is not None and modalities.grad.isfinite().all()


def test_a_mean_says_nothing_of_what_was_normalised_and_statistics_of_what_was_not_do() -> None:
    """The trap of squeezing after a normalisation, and that statistics are what they are called."""
    fuse = ContextFusion(1, 16, 0, context="none")
    raw = torch.randn(50, 1, 16) * torch.rand(50, 1, 1) + torch.randn(50, 1, 1)
    has = torch.ones(50, 1).bool()
    normalised = torch.nn.functional.layer_norm(raw, (16,))
    spread = fuse.squeezed(normalised, has).std(0)
    assert spread[0] < 1e-6 and spread[2] < 1e-2 and (fuse.squeezed(raw, has).std(0) > 0.1).all()
    z = fuse.squeezed(raw, has)[7]
    row = raw[7, 0].tolist()
    wanted = [sum(row) / 16, max(row), math.sqrt(sum(own * own for own in row) / 16)]
    torch.testing.assert_close(z, torch.tensor(wanted), atol=1e-4, rtol=1e-4)


def test_context_moves_weights_unless_it_is_left_out() -> None:
    torch.manual_seed(1)
    modalities, has = torch.randn(5, 2, 16), torch.ones(5, 2).bool()
    for context, moves in (("all", True), ("none", False)):
        fuse = ContextFusion(2, 16, 8, context=context)
        one, other = (fuse.weights(modalities, has, torch.randn(5, 8)) for _ in range(2))
        assert ((one - other).abs().max() > 1e-3) == moves


@pytest.mark.parametrize("name", FUSIONS)
def test_fusions_are_nothing_without_modalities_and_do_not_look_at_what_is_lacking(name: str) -> None:
    torch.manual_seed(2)
    many = len(modalities_of(name))
    fuse = build_fusion(name, many, 8, 4, {})
    has = torch.tensor([[True, True], [True, False], [False, True], [False, False]])[:, :many]
    modalities, context = torch.randn(4, many, 8), torch.randn(4, 4)
    out = fuse(modalities * has.unsqueeze(-1), has, context)
    assert out.shape == (4, 8) and (out[~has.any(1)] == 0).all() and (out[has.any(1)].abs().sum(1) > 0).all()
    # of more than one axis, each product by itself
    twice = fuse((modalities * has.unsqueeze(-1)).view(2, 2, many, 8), has.view(2, 2, many), context.view(2, 2, 4))
    torch.testing.assert_close(twice.view(4, 8), out)


def test_unknown_fusions_are_told() -> None:
    with pytest.raises(EmptorError, match="fusion: unknown 'late'; known are cafu"):
        build_fusion("late", 2, 8, 4, {})


@pytest.mark.parametrize("unit", UNITS)
def test_the_past_is_pooled_by_what_goes_with_each_product(unit: str) -> None:
    torch.manual_seed(4)
    attend = PersonalAttention(2, 4, unit=unit)
    has, past_has = torch.rand(3, 4, 2) > 0.3, torch.rand(3, 5, 2) > 0.3
    targets = Modalities(torch.randn(3, 4, 2, 4) * has.unsqueeze(-1), has)
    past = Modalities(torch.randn(3, 5, 2, 4) * past_has.unsqueeze(-1), past_has)
    counts = torch.rand(3, 4, 5) > 0.3
    counts[0] = False
    found = attend(targets, past, counts)
    assert found.has.any() and not found.has[0].any() and (found.vectors[~found.has] == 0).all()
    for b in range(3):
        for n in range(4):
            for j in range(2):
                rows = [t for t in range(5) if counts[b, n, t] and past_has[b, t, j]] if has[b, n, j] else []
                assert found.has[b, n, j] == bool(rows)
                if not rows:
                    continue
                behaviours = past.vectors[b, rows, j]
                scores = attend._scores(j, targets.vectors[b, n, j].view(1, 1, 4), behaviours.unsqueeze(0))[0, 0]
                torch.testing.assert_close(found.vectors[b, n, j], scores.softmax(0) @ behaviours)


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


def test_tasks_beside_are_what_loops_say() -> None:
    _, batch, labels = example(5)
    torch.manual_seed(5)
    own, main = torch.randn(5, 6, 2), torch.randn(5, 6, 2)

    def found(kind: str, target: str = "both") -> float:
        logits = own if target == "both" else own[..., 1:]
        return auxiliary_loss(logits, main, labels, mask=batch.mask, kind=kind, target=target).item()

    def entropy(logit: torch.Tensor, wanted: float) -> float:
        chance = torch.sigmoid(logit).item()
        return -wanted * math.log(chance) - (1 - wanted) * math.log(1 - chance)

    tasks = (labels.click, labels.purchase)
    rows = [(b, n) for b in range(5) for n in range(6)]
    seen = [at for at in rows if labels.seen[at]]
    there = [at for at in rows if batch.mask[at]]
    by_task, distilled, pairs = [], [], []
    for a, label in enumerate(tasks):
        by_task.append(sum(entropy(own[*at, a], label[at].item()) for at in seen) / len(seen))
        distilled.append(sum(entropy(own[*at, a], main[*at, a].sigmoid().item()) for at in there) / len(there))
        each = [
            math.log1p(math.exp(own[*down, a] - own[*up, a]))
            for up in seen
            for down in seen
            if up[0] == down[0] and label[up] > label[down]
        ]
        pairs.append(sum(each) / len(each))
    assert found("response") == pytest.approx(sum(by_task), rel=1e-4)
    assert found("response", "purchase") == pytest.approx(by_task[1], rel=1e-4)
    assert found("distil") == pytest.approx(sum(distilled), rel=1e-4)
    assert found("pairwise") == pytest.approx(sum(pairs), rel=1e-4)
    assert found("pairwise", "purchase") == pytest.approx(pairs[1], rel=1e-4)


def test_shuffled_labels_say_nothing_and_are_as_many() -> None:
    _, batch, labels = example(12)
    own = labels.purchase.unsqueeze(-1) * 8 - 4  # knows all
    main = torch.zeros(12, 6, 2)
    torch.manual_seed(6)
    told = {
        kind: auxiliary_loss(own, main, labels, mask=batch.mask, kind=kind, target="purchase").item()
        for kind in ("response", "shuffled")
    }
    assert told["response"] < 0.05 < 0.5 < told["shuffled"]
    flat = auxiliary_loss(own * 0, main, labels, mask=batch.mask, kind="shuffled", target="purchase")
    assert flat.item() == pytest.approx(math.log(2))


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
        torch.testing.assert_close(net(batch), logits[..., 0] + 0.5 * logits[..., 1])
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
