"""A model folder as a function from arrays to logits."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import orjson
import torch
from torch import nn

from emptor.errors import EmptorError
from emptor.learn.folder import ModelConfig, load_model
from emptor.rank.models import build
from emptor.rank.names import TREES
from emptor.rank.scale import Scale, batch_of, input_spec
from emptor.shop.features import Arrays, FeatureSpec
from emptor.shop.features.spec import pictures_of, text_of
from emptor.shop.view import View


class Ranker:
    """A trained ranker. Safe between threads.

    Args:
        net: in evaluation mode. spec: of the features it was trained with. scale: of their numbers.
    """

    def __init__(self, net: nn.Module, spec: FeatureSpec, scale: Scale) -> None:
        self._net, self.spec, self._scale = net, spec, scale

    def __call__(self, arrays: Arrays) -> np.ndarray:
        """Logits [B, N, 2] float32 of click and purchase; padding is 0."""
        with torch.inference_mode():
            logits = self._net(batch_of(arrays, self._scale)).numpy() + self._scale.offset
        return np.where(arrays.mask[..., None], logits, np.float32(0))


def load_ranker(path: Path, *, view: View | None = None) -> Ranker:
    """Read a model folder.

    Args:
        view: of the catalogue that is to be ranked; None: whatever it is like.
    Raises: EmptorError for a folder that is missing or damaged, or was made for features that this version makes in
        another way, or of texts or pictures that the view reads in another way.
    """

    def net_of(config: ModelConfig) -> nn.Module:
        inputs = input_spec(FeatureSpec.read(config.features))
        if config.method == TREES:
            from emptor.rank.trees import read_trees

            return read_trees(path, inputs, **config.options)
        return build(config.method, inputs, **config.options)

    model = load_model(path, net_of)
    return Ranker(model.net, *inputs_of(path, model.config, view))


def inputs_of(path: Path, config: ModelConfig, view: View | None) -> tuple[FeatureSpec, Scale]:
    """The features of a model that reads them as a ranker does, and the scale of their numbers.

    Args: path: its folder. view: see `load_ranker`.
    Raises: EmptorError where this version or the view makes them in another way, and for a scale that is damaged.
    """
    spec = FeatureSpec.read(config.features)
    today = FeatureSpec(
        fields=spec.fields,
        history=spec.history,
        words=spec.words,
        query_words=spec.query_words,
        text=spec.text if view is None else text_of(view),
        pictures=pictures_of(view) if view is not None and spec.pictures else spec.pictures,
    )
    if not config.feature_hash == spec.hash == today.hash:
        told = "; ".join(spec.differences(today)) or "its hash and its features do not agree"
        raise EmptorError(
            f"{path}: trained with other features than this version and shop make ({told}); train it again"
        )
    try:
        scale = Scale.read(orjson.loads((path / "scale.json").read_bytes()))
    except (OSError, KeyError, ValueError, TypeError) as error:
        raise EmptorError(f"{path / 'scale.json'} is missing or damaged ({error}); train the model again") from error
    return spec, scale
