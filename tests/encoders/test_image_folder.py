"""Vision models from a local folder: as transformers reads them, and clear where a folder is of the wrong kind."""

import json
import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

pytest.importorskip("transformers")
import torch

from emptor.encoders import picture
from emptor.encoders.image_folder import LocalImageEncoder
from emptor.errors import EmptorError
from tests.encoders.folders import PROCESSOR, bert, saved, vision

KINDS = ("vit", "dinov2", "clip", "clip2", "chinese_clip", "siglip")
PIXELS = np.random.default_rng(0).integers(0, 256, (3, 3, 32, 32), dtype=np.uint8)


@pytest.fixture(scope="module")
def folders(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    base = tmp_path_factory.mktemp("models")
    return {kind: saved(base / kind, vision(kind), PROCESSOR) for kind in KINDS}


@pytest.fixture
def folder(folders: dict[str, Path], tmp_path: Path) -> Path:
    """A CLIP of both towers, to be changed at will."""
    return Path(shutil.copytree(folders["clip2"], tmp_path / "model"))


@pytest.mark.parametrize("kind", KINDS)
def test_tokens_are_those_of_the_model(folders: dict[str, Path], kind: str) -> None:
    encoder = LocalImageEncoder(folders[kind])
    assert (encoder.tokens, encoder.width, encoder.side) == (17, 16, 32)
    tokens = encoder.encode(PIXELS)
    assert tokens.shape == (3, 17, 16)
    assert tokens.dtype == np.float32

    model = vision(kind).eval()  # drawn from the same seed
    mean, deviation = (torch.tensor(PROCESSOR[key]).view(3, 1, 1) for key in ("image_mean", "image_std"))
    with torch.no_grad():
        own = getattr(model, "vision_model", model)(pixel_values=(torch.tensor(PIXELS) / 255 - mean) / deviation)
    expected = own.last_hidden_state
    if kind == "siglip":
        expected = torch.cat([own.pooler_output[:, None], expected], 1)
    elif "clip" in kind:
        expected = torch.cat([own.pooler_output[:, None], expected[:, 1:]], 1)
    assert np.allclose(tokens, expected.numpy(), atol=1e-5)


def test_encoding_is_the_same_in_any_batch_and_half_as_wide_on_demand(folders: dict[str, Path]) -> None:
    encoder = LocalImageEncoder(folders["vit"])
    many = np.concatenate([PIXELS] * 12)  # more than one batch
    together = encoder.encode(many)
    assert np.allclose(together[33:], encoder.encode(PIXELS), atol=1e-5)
    half = encoder.encode(PIXELS, dtype=np.float16)
    assert half.dtype == np.float16
    assert np.allclose(half, together[:3], atol=5e-3)
    assert encoder.encode(PIXELS[:0]).shape == (0, 17, 16)


def test_pictures_and_pixels_of_any_side(folders: dict[str, Path]) -> None:
    encoder = LocalImageEncoder(folders["clip"])
    image = Image.fromarray(np.kron(PIXELS[0].transpose(1, 2, 0)[:8, :4], np.ones((8, 8, 1), np.uint8)))
    whole = encoder.encode([image])
    assert np.allclose(whole, encoder.encode(np.stack([picture(image, 32)])), atol=1e-5)
    # larger pixels are made smaller first, and say nearly the same
    larger = encoder.encode(np.stack([picture(image, 64)]))
    assert larger.shape == whole.shape
    near, far = np.abs(larger - whole).mean(), np.abs(encoder.encode(PIXELS[1:2]) - whole).mean()
    assert near < 0.3 * far


@pytest.mark.parametrize(
    ("images", "told"),
    [
        (PIXELS.astype(np.float32), r"float32 \[3, 3, 32, 32\], expected uint8"),
        (PIXELS[0], "expected uint8"),
        (PIXELS[:, :, :16], "expected uint8"),
        (PIXELS.transpose(0, 2, 3, 1), "expected uint8"),
        ([Image.new("RGB", (8, 8)), Image.new("RGB", (0, 8))], "picture 1 cannot be decoded"),
    ],
)
def test_wrong_pictures_are_told(folders: dict[str, Path], images: Any, told: str) -> None:
    with pytest.raises(EmptorError, match=told):
        LocalImageEncoder(folders["vit"]).encode(images)


def test_wrong_types_are_told(folders: dict[str, Path]) -> None:
    with pytest.raises(EmptorError, match="tokens of int64"):
        LocalImageEncoder(folders["vit"]).encode(PIXELS, dtype=np.int64)


def test_the_fingerprint_follows_the_folder(folders: dict[str, Path], folder: Path) -> None:
    first = LocalImageEncoder(folder).fingerprint
    assert first == LocalImageEncoder(folders["clip2"]).fingerprint
    assert first != LocalImageEncoder(folders["clip"]).fingerprint
    processor = {**PROCESSOR, "image_mean": [0.1, 0.1, 0.1]}
    (folder / "preprocessor_config.json").write_text(json.dumps(processor))
    assert LocalImageEncoder(folder).fingerprint != first


@pytest.mark.parametrize(
    "processor",
    [
        {**PROCESSOR, "size": 32},
        {**PROCESSOR, "size": {"shortest_edge": 32}},
        {**PROCESSOR, "size": {"shortest_edge": 40}, "do_center_crop": True, "crop_size": {"height": 32, "width": 32}},
        {**PROCESSOR, "size": {"shortest_edge": 40}, "do_center_crop": True, "crop_size": 32},
    ],
)
def test_processors_of_all_ages_are_read(folders: dict[str, Path], folder: Path, processor: dict[str, Any]) -> None:
    expected = LocalImageEncoder(folders["clip2"]).encode(PIXELS)
    (folder / "preprocessor_config.json").write_text(json.dumps(processor))
    assert np.allclose(LocalImageEncoder(folder).encode(PIXELS), expected)
    (folder / "preprocessor_config.json").unlink()
    (folder / "processor_config.json").write_text(json.dumps({"image_processor": processor}))
    assert np.allclose(LocalImageEncoder(folder).encode(PIXELS), expected)


def test_without_norming_light_stays_as_it_is(folder: Path) -> None:
    plain = {**PROCESSOR, "image_mean": [0, 0, 0], "image_std": [1, 1, 1]}
    (folder / "preprocessor_config.json").write_text(json.dumps(plain))
    expected = LocalImageEncoder(folder).encode(PIXELS)
    (folder / "preprocessor_config.json").write_text(json.dumps({**PROCESSOR, "do_normalize": False}))
    assert np.allclose(LocalImageEncoder(folder).encode(PIXELS), expected)


@pytest.mark.parametrize(
    ("processor", "told"),
    [
        ({**PROCESSOR, "size": {"height": 64, "width": 64}}, "makes pictures of 64 pixels a side.*looks at 32"),
        ({**PROCESSOR, "size": {"height": 32, "width": 64}}, "expected a square"),
        ({**PROCESSOR, "size": {"longest_edge": 32}}, "expected a square"),
        ({**PROCESSOR, "image_std": [0.1, 0.1, 0]}, "image_std"),
        ({**PROCESSOR, "image_mean": [0.1]}, "image_mean"),
        ({**PROCESSOR, "image_mean": "grey"}, "could not convert"),
        ({**PROCESSOR, "rescale_factor": 1 / 127.5}, "rescale_factor"),
        ({"size": 32}, "no 'image_mean'"),
        ({}, "no 'size'"),
        ([], "holds no JSON object"),
    ],
)
def test_a_wrong_processor_is_told(folder: Path, processor: Any, told: str) -> None:
    (folder / "preprocessor_config.json").write_text(json.dumps(processor))
    with pytest.raises(EmptorError, match=told) as error:
        LocalImageEncoder(folder)
    assert str(folder) in str(error.value)


@pytest.mark.parametrize("missing", ["config.json", "model.safetensors", "preprocessor_config.json"])
def test_a_folder_that_lacks_something_is_told(folder: Path, missing: str) -> None:
    (folder / missing).unlink()
    with pytest.raises(EmptorError, match="expected"):
        LocalImageEncoder(folder)


def test_a_folder_of_texts_is_told(tmp_path: Path) -> None:
    with pytest.raises(EmptorError, match=r"model of type bert; expected one for pictures: chinese_clip, .*vit"):
        LocalImageEncoder(saved(tmp_path, bert(), PROCESSOR))


def test_weights_of_another_model_are_told(folders: dict[str, Path], folder: Path, tmp_path: Path) -> None:
    shutil.copy(saved(tmp_path / "bert", bert()) / "model.safetensors", folder)
    with pytest.raises(EmptorError, match=r"weights lack .* asks for"):
        LocalImageEncoder(folder)
    content = (folders["vit"] / "model.safetensors").read_bytes()
    (folder / "model.safetensors").write_bytes(content[: len(content) // 2])
    with pytest.raises(EmptorError, match="cannot be loaded"):
        LocalImageEncoder(folder)


def test_a_configuration_that_is_broken_is_told(folder: Path) -> None:
    (folder / "config.json").write_text("{")
    with pytest.raises(EmptorError, match=r"config\.json cannot be read"):
        LocalImageEncoder(folder)


def test_code_of_a_folder_is_not_run(folder: Path) -> None:
    config = json.loads((folder / "config.json").read_text())
    config["auto_map"] = {"AutoModel": "evil.Model", "AutoImageProcessor": "evil.Processor"}
    (folder / "config.json").write_text(json.dumps(config))
    (folder / "evil.py").write_text("raise SystemExit('run')")
    assert LocalImageEncoder(folder).encode(PIXELS).shape == (3, 17, 16)


def test_loading_leaves_the_messages_of_transformers_as_they_were(folders: dict[str, Path]) -> None:
    from transformers.utils import logging

    before = logging.get_verbosity(), logging.is_progress_bar_enabled()
    LocalImageEncoder(folders["clip2"])
    assert (logging.get_verbosity(), logging.is_progress_bar_enabled()) == before
