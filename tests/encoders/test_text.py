"""Text models from a local folder; how a shop uses them is tested with its channels."""

import shutil
from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("transformers")
import torch

from emptor.encoders import LocalTextEncoder
from emptor.errors import EmptorError
from tests.encoders.folders import PROCESSOR, bert, saved, vision


def test_of_clip_the_text_tower_is_taken(tmp_path: Path) -> None:
    encoder = LocalTextEncoder(saved(tmp_path, vision("clip2"), words=True))
    assert encoder.width == 8
    vectors = encoder.encode(["red mug", "", "lamp " * 90])  # more words than the model has places
    assert np.isnan(vectors[1]).all()
    assert np.allclose(np.linalg.norm(vectors[[0, 2]], axis=1), 1, atol=1e-5)

    model = vision("clip2").eval()
    ids = torch.tensor([[3, 5, 2]])  # red mug, end
    with torch.no_grad():
        expected = model.text_projection(model.text_model(input_ids=ids).pooler_output)[0]
    assert np.allclose(vectors[0], expected / expected.norm(), atol=1e-5)


@pytest.mark.parametrize(
    ("kind", "found"), [("vit", "vit"), ("clip", "clip_vision_model"), ("dinov2", "dinov2"), ("siglip", "siglip")]
)
def test_a_model_that_reads_no_texts_is_told(tmp_path: Path, kind: str, found: str) -> None:
    folder = saved(tmp_path, vision(kind), PROCESSOR)
    with pytest.raises(EmptorError, match=f"model of type {found}, .* expected a text model") as error:
        LocalTextEncoder(folder)
    assert str(folder) in str(error.value)


def test_a_text_model_may_lack_what_is_not_used_but_nothing_else(tmp_path: Path) -> None:
    import transformers

    whole = saved(tmp_path / "whole", bert(), words=True)
    without = transformers.BertModel(bert().config, add_pooling_layer=False)
    without.load_state_dict(bert().state_dict(), strict=False)
    expected = LocalTextEncoder(whole).encode(["red mug"])
    assert np.allclose(LocalTextEncoder(saved(tmp_path / "less", without, words=True)).encode(["red mug"]), expected)

    shutil.copy(saved(tmp_path / "vit", vision("vit")) / "model.safetensors", whole)
    with pytest.raises(EmptorError, match="weights lack"):
        LocalTextEncoder(whole)


def test_a_folder_without_a_tokenizer_is_told(tmp_path: Path) -> None:
    with pytest.raises(EmptorError, match="has no tokenizer"):
        LocalTextEncoder(saved(tmp_path, bert()))
