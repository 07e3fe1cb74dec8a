"""What every retrieval network of the registry keeps to."""

from __future__ import annotations

import doctest
import importlib
import pkgutil
from dataclasses import replace
from pathlib import Path

import pytest
import torch
from torch.nn.attention import SDPBackend, sdpa_kernel
from torch.utils.flop_counter import FlopCounterMode

from emptor.errors import EmptorError
from emptor.learn.folder import load_model, save_model
from emptor.retrieve import models
from emptor.retrieve.models import MODELS, InputSpec, Products, RetrievalBatch, build
from emptor.retrieve.models.example import example
from emptor.retrieve.models.losses import stage_one, stage_two
from emptor.retrieve.models.named import NamedNet
from tests.retrieve.models.batches import (
    NAMED,
    PIXELS,
    TINY,
    chosen_and_others,
    made,
    other_pictures,
    other_texts,
    padded,
    rows,
    without_images,
)

MODULES = [module.name for module in pkgutil.iter_modules(models.__path__)]
EVERY = pytest.mark.parametrize("name", MODELS)
ALL_KINDS = pytest.mark.parametrize("spec", [None, PIXELS, NAMED], ids=["features", "pixels", "named"])
FUSED = [name for name in MODELS if name not in ("text_only", "image_only", "clip_style", "concatenation")]


def close(one: Products, other: Products) -> bool:
    pairs = [(a, b) for a, b in zip(one, other, strict=True) if a is not None and b is not None]
    return all(torch.allclose(a.float(), b.float(), atol=2e-6) for a, b in pairs)


@pytest.mark.parametrize("module", MODULES)
def test_examples_of_docstrings_run(module: str) -> None:
    found = doctest.testmod(importlib.import_module(f"emptor.retrieve.models.{module}"))
    assert not found.failed


@EVERY
@ALL_KINDS
def test_vectors_have_length_one_and_are_the_same_again(name: str, spec: InputSpec | None) -> None:
    spec, batch = example(8, negatives=3, spec=spec)
    net = made(name, spec)
    query, products, scores = net(batch)
    assert torch.allclose(query.vector.norm(dim=1), torch.ones(8))
    assert ((query.p >= 0) & (query.p <= 1)).all()
    for part in net.parts(products):
        assert torch.allclose(part.norm(dim=1), products.there.float())
    assert scores.shape == (8, 11)
    assert torch.equal(scores, net(batch).scores)


@EVERY
@pytest.mark.parametrize("hard", [False, True])
def test_an_index_gives_the_score(name: str, hard: bool) -> None:
    """Queries and products as they are served, against the score from its parts, for every pair."""
    spec, batch = example(8, negatives=20)
    net = made(name, spec)
    query, products = net.query(batch.query), net.products(batch)
    asked, held = net.serving_queries(query, hard=hard), net.serving_products(products, hard=hard)
    assert asked.shape == (8, net.serving_width)
    assert held.shape == (28, net.serving_width)
    assert torch.allclose(asked @ held.T, net.score(query, products, hard=hard), atol=1e-6)


@EVERY
def test_padding_changes_no_vector(name: str) -> None:
    spec, batch = example(8)
    net = made(name, spec)
    assert torch.allclose(net.query(batch.query).vector, net.query(padded(batch).query).vector, atol=2e-6)
    assert close(net.products(batch), net.products(padded(batch)))


@EVERY
@ALL_KINDS
def test_a_product_has_the_same_vectors_in_any_company(name: str, spec: InputSpec | None) -> None:
    spec, batch = example(8, negatives=2, spec=spec)
    net = made(name, spec)
    whole = net.serving_products(net.products(batch))
    order = torch.randperm(10)
    assert torch.allclose(net.serving_products(net.products(rows(batch, order))), whole[order], atol=2e-6)
    alone = [net.serving_products(net.products(rows(batch, torch.tensor([at])))) for at in range(10)]
    assert torch.allclose(torch.cat(alone), whole, atol=2e-6)


@EVERY
def test_what_a_product_lacks_is_never_looked_at(name: str) -> None:
    spec, batch = example(8)
    net = made(name, spec)
    lonely = ~batch.has_image
    before, after = net.products(batch), net.products(other_pictures(batch))
    for one, other in zip(net.parts(before), net.parts(after), strict=True):
        assert torch.equal(one[lonely], other[lonely])
        assert other.isfinite().all()
    # words where there is no text, as a careless caller might leave them
    before, after = net.products(batch), net.products(other_texts(batch))
    for one, other in zip(net.parts(before), net.parts(after), strict=True):
        assert torch.equal(one[~batch.has_text], other[~batch.has_text])


@EVERY
def test_a_product_without_text_rests_on_its_picture(name: str) -> None:
    spec, batch = example(8)
    net = made(name, spec)
    silent = ~batch.has_text & batch.has_image
    products, other = net.products(batch), net.products(replace(batch, pictures=-batch.pictures))
    assert silent.any()
    if name == "text_only":
        assert not products.there[silent].any()
        return
    assert products.there[silent].all()
    for one, two in zip(net.parts(products), net.parts(other), strict=True):
        assert ((one[silent] - two[silent]).norm(dim=1) > 1e-3).all(), "every vector that is served"


@EVERY
def test_levels_lengthen_what_lacks_a_side_and_nothing_else(name: str) -> None:
    spec, batch = example(8)
    net = made(name, spec)
    products = net.products(batch)
    before = net.parts(products)
    net.levels.copy_(torch.tensor([[1, 1.5, 2], [1, 1, 3]]))
    wanted = net.levels[: len(before), batch.lacks].unsqueeze(2)
    if name in ("text_only", "image_only"):
        assert products.lacks is None
        wanted = torch.ones(1, 1, 1)
    for one, other, by in zip(before, net.parts(products), wanted.expand(len(before), -1, -1), strict=True):
        torch.testing.assert_close(other, by * one)


@EVERY
def test_pictures_and_texts_count_where_they_should(name: str) -> None:
    spec, batch = example(8)
    net = made(name, spec)
    full = batch.has_image & batch.has_text

    def changed(other: RetrievalBatch) -> float:
        before, after = net.products(batch), net.products(other)
        one, two = (torch.cat(net.parts(own, hard=False), 1)[full] for own in (before, after))
        return (one - two).norm(dim=1).min().item()

    assert (changed(replace(batch, pictures=-batch.pictures)) > 1e-3) == (name != "text_only")
    assert (changed(other_texts(batch)) > 1e-3) == (name != "image_only")


@EVERY
def test_a_product_of_nothing_has_no_vector(name: str) -> None:
    spec, batch = example(8)
    gone = torch.arange(8) == 3
    batch = replace(batch, has_text=batch.has_text & ~gone, has_image=batch.has_image & ~gone)
    net = made(name, spec)
    products = net.products(batch)
    assert not products.there[3]
    assert products.there.sum() == {"text_only": 5, "image_only": 5}.get(name, 7)
    assert all((part[3] == 0).all() for part in net.parts(products))


@EVERY
@ALL_KINDS
def test_every_weight_gets_a_gradient(name: str, spec: InputSpec | None) -> None:
    spec, batch = example(8, negatives=2, spec=spec)
    net = made(name, spec).train()
    loss = stage_two(net, net(batch), batch, torch.tensor([1.0, 0.0] * 4))["loss"]
    loss.backward()
    for which, weight in net.named_parameters():
        if ".naming." in which:
            assert weight.grad is None and not weight.requires_grad, "what pictures show was learnt before"
            continue
        assert weight.grad is not None, which
        assert weight.grad.isfinite().all(), which
        if "weight_of_segment" in which and len(weight) == 1:
            continue  # of one segment: what all words are weighed by cancels out, and what is left is rounding
        assert weight.grad.abs().max() > 0, which


@EVERY
def test_without_pictures_nothing_depends_on_them(name: str) -> None:
    """Neither values nor weights of whatever reads pictures."""
    spec, batch = example(8)
    batch = without_images(batch)
    net = made(name, spec).train()
    torch.manual_seed(5)
    output = net(batch)
    torch.manual_seed(5)
    other = net(replace(batch, pictures=torch.full_like(batch.pictures, torch.nan)))
    assert torch.equal(output.scores, other.scores)
    stage_one(net, output, batch)["loss"].backward()
    for which, weight in net.towers.named_parameters():
        if which.startswith("image.") and weight.grad is not None:
            assert (weight.grad == 0).all(), which


@EVERY
def test_forty_steps_learn_sixteen_pairs(name: str) -> None:
    spec, batch = example(16)[0], chosen_and_others(16)
    torch.manual_seed(0)
    net = build(name, spec, **TINY | {"width": 32, "vector": 32, "dropout": 0.0})
    optimiser = torch.optim.AdamW(net.parameters(), lr=5e-3)
    losses = []
    for _ in range(40):
        output = net(batch)
        loss = stage_two(net, output, batch, torch.full((16,), torch.nan))["loss"]
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
        losses.append(loss.item())
    assert losses[-1] < 0.3 * losses[0]
    found = (net.eval()(batch).scores.argmax(1) == batch.target).float().mean()
    assert found > 0.8


@pytest.mark.parametrize("name", [*FUSED, "concatenation"])
def test_image_dropout_hides_pictures_in_training_alone(name: str) -> None:
    spec, batch = example(8)
    never, always = made(name, spec, dropout=0.0, image_dropout=0.0), made(name, spec, dropout=0.0, image_dropout=0.99)
    assert close(never.products(batch), always.products(batch)), "evaluation"
    blind = always.train().products(batch)
    told, bare = never.products(batch), never.products(without_images(batch))
    assert blind.both is not None and told.both is not None and bare.both is not None
    full, silent = batch.has_text & batch.has_image, ~batch.has_text & batch.has_image
    assert torch.allclose(blind.both[full], bare.both[full], atol=2e-6)
    assert not torch.allclose(told.both[full], bare.both[full], atol=1e-3)
    assert torch.allclose(blind.both[silent], told.both[silent], atol=2e-6), "it has nothing else"


def test_queries_and_texts_share_what_they_are_told_to() -> None:
    spec, batch = example(4)
    shared = build("smar", spec, **TINY).towers
    apart = build("smar", spec, **TINY, share_tokens=False).towers
    one = build("smar", spec, **TINY, share_encoders=True).towers
    assert shared.query.of_piece.weight is shared.text.of_piece.weight
    assert shared.query.blocks[0].up.weight is not shared.text.blocks[0].up.weight
    assert apart.query.of_piece.weight is not apart.text.of_piece.weight
    assert one.query is one.text
    assert one.of_query(batch.query).shape == (4, 6, 16)


@EVERY
def test_a_network_comes_back_from_its_folder(name: str, tmp_path: Path) -> None:
    spec, batch = example(8)
    net = made(name, spec)
    net.anneal(1.0)
    if name == "clip_style":
        net.image_weight = 0.25
    config = {"method": name, "options": TINY}
    save_model(tmp_path / "net", net, config, metrics={}, card="", feature_hash="x")
    again = load_model(tmp_path / "net", lambda config: build(config.method, spec, **config.options)).net
    assert torch.equal(net(batch).scores, again(batch).scores)
    assert torch.equal(net.query(batch.query).p, again.query(batch.query).p)


def test_a_picture_begins_as_the_words_it_would_be_named_by() -> None:
    _, batch = example(8, spec=NAMED)
    torch.manual_seed(1)
    net = build("image_only", NAMED, **TINY).eval()
    seeing = net.towers.image
    assert isinstance(seeing, NamedNet)
    with torch.no_grad():
        seeing.cls.zero_()
        seeing.naming.names.copy_(torch.arange(4, 10))
        seeing.naming.out.weight.zero_()
        seeing.naming.out.bias.copy_(torch.tensor([-9.0, -9, 9, -9, -9, -9]))  # this is a picture of word 6
        net.towers.query.of_place.weight.zero_()
        net.towers.query.of_piece.weight[1].zero_()
        query = net.query(torch.tensor([[1, 6], [1, 7]])).vector
        near = net.products(batch).image @ query.T
    assert (near[batch.has_image, 0] > 0.99).all() and (near[batch.has_image, 1] < 0.9).all()


def test_errors_name_what_is_known() -> None:
    spec, batch = example()
    with pytest.raises(EmptorError, match=r"unknown 'smart'; known are text_only, .*smar, "):
        build("smart", spec)
    with pytest.raises(EmptorError, match=r"unknown 'large'; known are small, paper"):
        build("smar", spec, preset="large")
    with pytest.raises(EmptorError, match=r"unknown 'gates'; known are fusion, .*gate, .*share_encoders"):
        build("smar", spec, gates="query")
    with pytest.raises(EmptorError, match=r"unknown 'user'; known are query, item_category, none"):
        build("smar", spec, gate="user")
    with pytest.raises(EmptorError, match="unknown 'product'; known are sum, mlp"):
        build("late_sum", spec, fusion="product")
    with pytest.raises(EmptorError, match="no categories"):
        build("smar_category_gate", replace(spec, categories=0))
    with pytest.raises(EmptorError, match="no categories"):
        build("smar_category_gate", spec).products(replace(batch, category=None))
    with pytest.raises(EmptorError, match="give one of them"):
        InputSpec(words=10, side=32, values=12)
    with pytest.raises(EmptorError, match="3 names of pixels"):
        InputSpec(words=10, side=32, names=3)
    with pytest.raises(EmptorError, match="numbers of 3 x 5, expected n x 12"):
        build("smar", NAMED)(replace(example(spec=NAMED)[1], pictures=batch.pictures[..., :5]))
    with pytest.raises(EmptorError, match="does not begin with CLS"):
        replace(batch, text=torch.zeros_like(batch.text))
    with pytest.raises(EmptorError, match="a row for each"):
        replace(batch, has_text=batch.has_text[:2])
    with pytest.raises(EmptorError, match=r"10 tokens, the network takes 9; .*text_tokens"):
        build("smar", spec, text_tokens=9)(batch)
    with pytest.raises(EmptorError, match=r"image_dropout: 1\.0 is no share"):
        build("smar", spec, image_dropout=1.0)
    with pytest.raises(EmptorError, match=r"image_weight: 1\.5 is no share"):
        build("clip_style", spec).image_weight = 1.5
    with pytest.raises(EmptorError, match="features of 3 x 5, expected n x 12"):
        build("smar", spec)(replace(batch, pictures=batch.pictures[..., :5]))
    with pytest.raises(EmptorError, match="share_encoders"):
        build("concatenation", spec, share_encoders=True)


def multiply_adds(net: torch.nn.Module, batch: RetrievalBatch) -> tuple[int, int]:
    """Of one query and of one product."""
    counts = []
    with sdpa_kernel(SDPBackend.MATH), torch.no_grad():
        for work in (lambda: net.query(batch.query), lambda: net.products(batch)):
            with FlopCounterMode(display=False) as counter:
                work()
            counts.append(counter.get_total_flops() // 2 // len(batch.query))
    return counts[0], counts[1]


def test_sizes_cost_what_they_say() -> None:
    spec = InputSpec(words=100, side=64)
    _, batch = example(2, spec=spec, query_tokens=8, text_tokens=24)
    query, product = multiply_adds(build("smar", spec).eval(), batch)
    assert (query, product) == (409_664, 6_311_040)
    spec = InputSpec(words=100, values=302, names=679)
    _, batch = example(2, spec=spec, query_tokens=8, text_tokens=24, image_tokens=1)
    query, product = multiply_adds(build("smar", spec).eval(), batch)
    assert (query, product) == (409_664, 3_445_504)


def test_without_fusion_a_missing_side_costs_nothing_whatever_the_weight() -> None:
    spec, batch = example(8)
    net = made("clip_style", spec)
    query, products = net.query(batch.query), net.products(batch)
    text = net.towers.text_vector(net.towers.of_text(batch).states)
    image = net.towers.image_vector(net.towers.of_image(batch))
    by_text, by_image = query.vector @ text.T, query.vector @ image.T
    for weight in (0.0, 0.25, 1.0):
        net.image_weight = weight
        scores = net.score(net.query(batch.query), products)
        wanted = weight * by_image + (1 - weight) * by_text
        wanted = torch.where(batch.has_image, torch.where(batch.has_text, wanted, by_image), by_text)
        assert torch.allclose(scores, wanted, atol=1e-6)


def test_features_may_be_pooled_and_of_half_precision() -> None:
    spec, batch = example(6, image_tokens=1)
    net = made("smar", spec)
    half = replace(batch, pictures=batch.pictures.half())
    assert torch.allclose(net(batch).scores, net(half).scores, atol=1e-2)
