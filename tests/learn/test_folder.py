"""Model folders: what is saved comes back, and every damage has its sentence."""

import json
import shutil
import tempfile
from pathlib import Path

import pytest
import safetensors.torch
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import nn

from emptor.errors import EmptorError
from emptor.learn.folder import load_model, save_model
from tests.learn.nets import X, net

CONFIG = {"method": "tiny", "options": {"width": 6}, "features": {"price": "log"}}


def save(path, own=None, **changes):
    own = own if own is not None else net()
    given = {"config": CONFIG, "metrics": {"auc": 0.7}, "card": "# Tiny\n", "feature_hash": "h1", **changes}
    save_model(path, own, **given)


def load(path, *options, **named):
    return load_model(path, lambda config: net(seed=99, **config.options), *options, **named)


@pytest.fixture
def saved(tmp_path):
    save(tmp_path / "model")
    return tmp_path / "model"


def test_what_is_saved_comes_back(saved):
    model = load(saved, "h1")
    assert torch.equal(model.net(X), net().eval()(X)) and not model.net.training
    assert (model.metrics, model.card, model.config.method) == ({"auc": 0.7}, "# Tiny\n", "tiny")
    names = sorted(path.name for path in saved.iterdir())
    assert names == ["card.md", "config.json", "metrics.json", "model.safetensors"]
    assert json.loads((saved / "config.json").read_text())["format"] == 1


scalars = st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text()
tables = st.dictionaries(st.text(), scalars | st.lists(scalars, max_size=3), max_size=3)
dtypes = st.sampled_from(
    [torch.float32, torch.float64, torch.float16, torch.bfloat16, torch.int64, torch.uint8, torch.bool]
)


class Held(nn.Module):
    """Buffers of any name, shape and type."""

    def __init__(self, tensors):
        super().__init__()
        for name, tensor in tensors.items():
            self.register_buffer(name, tensor)


@given(
    forms=st.dictionaries(
        st.from_regex(r"[a-z_]{3,8}x", fullmatch=True),
        st.tuples(st.lists(st.integers(0, 4), max_size=3), dtypes),
        max_size=4,
    ),
    options=tables,
    metrics=tables,
    card=st.text(),
    method=st.text(),
)
@settings(max_examples=30, deadline=None)
def test_any_model_comes_back(forms, options, metrics, card, method):
    generator = torch.Generator().manual_seed(0)
    tensors = {
        name: torch.randint(0, 256, [*shape, 8], dtype=torch.uint8, generator=generator)[..., 0].to(dtype)
        for name, (shape, dtype) in forms.items()
    }
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "a" / "model"
        save_model(path, Held(tensors), {"method": method, "options": options}, metrics, card, "h")
        model = load_model(path, lambda _: Held({name: torch.zeros_like(own) for name, own in tensors.items()}), "h")
    assert (model.config.method, model.config.options, model.metrics) == (method, options, metrics)
    assert model.card == card
    assert model.net.state_dict().keys() == tensors.keys()
    assert all(torch.equal(own, tensors[name]) for name, own in model.net.state_dict().items())


def test_further_files_belong_to_it(tmp_path):
    save(tmp_path / "model", files={"tokenizer.json": b"{}"})
    assert (tmp_path / "model" / "tokenizer.json").read_bytes() == b"{}"
    for name in ("config.json", "../x", "a/b", ""):
        with pytest.raises(ValueError, match="no name"):
            save(tmp_path / "other", files={name: b""})
    assert [path.name for path in tmp_path.iterdir()] == ["model"]


def test_it_never_overwrites(saved):
    before = (saved / "model.safetensors").read_bytes()
    with pytest.raises(EmptorError, match="never overwritten"):
        save(saved, own=net(seed=1))
    assert (saved / "model.safetensors").read_bytes() == before
    (saved.parent / "empty").mkdir()
    with pytest.raises(EmptorError, match="never overwritten"):
        save(saved.parent / "empty")


def test_a_kill_while_writing_leaves_no_model(tmp_path, monkeypatch):
    def failing(path):
        raise OSError("disk full")

    with monkeypatch.context() as patch, pytest.raises(OSError, match="disk full"):
        patch.setattr("emptor.learn.folder.fsync_tree", failing)
        save(tmp_path / "model")
    assert list(tmp_path.iterdir()) == []
    save(tmp_path / "model")


@pytest.mark.parametrize("name", ["config.json", "metrics.json", "card.md", "model.safetensors"])
def test_a_missing_file_is_named(saved, name):
    (saved / name).unlink()
    with pytest.raises(EmptorError, match=rf"{name}: (cannot be read|the file is missing)"):
        load(saved)


def test_no_folder(tmp_path):
    with pytest.raises(EmptorError, match="no model folder; no version of it is there: train it first"):
        load(tmp_path / "nothing")
    for version in ("2", "10", "notes"):
        (tmp_path / version).mkdir()
    with pytest.raises(EmptorError, match=r"9: no model folder; versions there: 2, 10$"):
        load(tmp_path / "9")


@pytest.mark.parametrize("kept", [0, 4, 100, -1])
def test_a_cut_weights_file(saved, kept):
    path = saved / "model.safetensors"
    path.write_bytes(path.read_bytes()[:kept])
    with pytest.raises(EmptorError, match=r"model\.safetensors: not a whole safetensors file"):
        load(saved)


def test_a_flipped_bit(saved):
    path = saved / "model.safetensors"
    content = bytearray(path.read_bytes())
    content[-5] ^= 1
    path.write_bytes(content)
    with pytest.raises(EmptorError, match=r"changed since it was saved"):
        load(saved)


def rewritten(saved, **changes):
    path = saved / "config.json"
    content = {**json.loads(path.read_text()), **changes}
    path.write_text(json.dumps({name: own for name, own in content.items() if own is not ...}))


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"format": 2}, "format 2, this version reads 1"),
        ({"format": ...}, "format None, this version reads 1"),
        ({"method": ...}, "method: Field required"),
        ({"unknown": 1}, "unknown: Extra inputs"),
        ({"options": {"depth": 3}}, "no network 'tiny' of these options: .*depth"),
        ({"options": {"width": 5}}, r"tensor 'first.weight' is float32 \[6, 6\], the network expects float32 \[5, 5\]"),
    ],
)
def test_a_config_that_does_not_fit(saved, changes, message):
    rewritten(saved, **changes)
    with pytest.raises(EmptorError, match=message):
        load(saved)


@pytest.mark.parametrize("content", ["{", "[1]", "[" * 100_000, "\xff"])
def test_a_config_that_is_no_table(saved, content):
    (saved / "config.json").write_bytes(content.encode("latin1"))
    with pytest.raises(EmptorError, match=r"config\.json: (not JSON|expected a table)"):
        load(saved)


def test_tensors_of_another_network(saved):
    with pytest.raises(EmptorError, match=r"lacks tensor 'extra' \(1 such\)"):
        load_model(saved, lambda _: with_extra(net()))
    shutil.rmtree(saved)
    save(saved, own=with_extra(net()))
    with pytest.raises(EmptorError, match=r"has an unknown tensor 'extra' \(1 such\)"):
        load(saved)
    with pytest.raises(EmptorError, match=r"tensor 'extra' is float32 \[1\], the network expects float64 \[1\]"):
        load_model(saved, lambda _: with_extra(net(), torch.float64))


def with_extra(own, dtype=torch.float32):
    own.register_buffer("extra", torch.zeros(1, dtype=dtype))
    return own


def test_other_features_are_refused_with_what_differs(saved):
    with pytest.raises(
        EmptorError, match="trained on other features than those at hand: hash h1, not h2; train it again"
    ):
        load(saved, "h2")
    with pytest.raises(EmptorError, match="those at hand: price is log there; train it again"):
        load(saved, "h2", differing=lambda config: f"price is {config.features['price']} there")


def test_loading_reads_no_pickle(saved):
    torch.save(net().state_dict(), saved / "model.safetensors")
    with pytest.raises(EmptorError, match="not a whole safetensors file"):
        load(saved)


def test_the_weights_stand_alone(saved):
    """Anyone's reader of safetensors can use them."""
    plain = safetensors.torch.load_file(saved / "model.safetensors")
    assert torch.equal(plain["first.weight"], net().first.weight)
