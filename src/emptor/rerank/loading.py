"""A model folder as a function from lists to values."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import orjson
import torch

from emptor.errors import EmptorError
from emptor.learn.folder import ModelConfig, load_model
from emptor.rank.loading import inputs_of
from emptor.rank.scale import Scale, input_spec
from emptor.rerank.likeness import ALIKE
from emptor.rerank.models import ListSpec, build
from emptor.rerank.models.reranker import Reranker
from emptor.rerank.products import ListProducts
from emptor.rerank.samples import EARLIER, LONGEST, MOST, Asked, batch_of_lists
from emptor.rerank.texts import WIDTH, TextBasis
from emptor.shop.features import FeatureSpec, ProductColumns
from emptor.shop.features.spec import PICTURE
from emptor.shop.view import View

TEXTS = "texts.safetensors"
"""File of a model: what its texts are read by."""
LIST = "list.json"
"""File of a model: how long a list it reads."""


def list_spec(spec: FeatureSpec) -> ListSpec:
    """The widths that follow from a feature spec."""
    return ListSpec(input_spec(spec), WIDTH, PICTURE, places=MOST, earlier=EARLIER, alike=ALIKE)


class LoadedReranker:
    """A trained re-ranker. Safe between threads.

    Args: net: in evaluation mode. spec: of the features it was trained with. scale: of their numbers. texts: that it
        reads products by. longest: of a list it reads the first so many, as in training.
    """

    def __init__(
        self, net: Reranker, spec: FeatureSpec, scale: Scale, texts: TextBasis, *, longest: int = LONGEST
    ) -> None:
        self.net, self.spec, self.texts, self.longest, self._scale = net, spec, texts, longest, scale

    def __call__(self, columns: ProductColumns, products: ListProducts, asked: Asked) -> np.ndarray:
        """[R, N] float32: what each product is worth where it stands; rubbish where nothing is there.

        Args: columns, products: that `asked` is of.
        """
        with torch.inference_mode():
            found: np.ndarray = self.net(batch_of_lists(columns, products, asked, self._scale)).numpy()
        return found


def load_reranker(path: Path, *, view: View | None = None) -> LoadedReranker:
    """Read a model folder.

    Args: view: of the catalogue; None: whatever it is like.
    Raises: EmptorError for a folder that is missing or damaged, or was made for features that this version makes in
        another way, or of texts or pictures that the view reads in another way.
    """

    def net_of(config: ModelConfig) -> Reranker:
        return build(config.method, list_spec(FeatureSpec.read(config.features)), **config.options)

    model = load_model(path, net_of)
    spec, scale = inputs_of(path, model.config, view)
    return LoadedReranker(model.net, spec, scale, TextBasis.read(path / TEXTS), longest=_longest(path / LIST))


def _longest(path: Path) -> int:
    try:
        found = orjson.loads(path.read_bytes())["longest"]
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise EmptorError(f"{path} is missing or damaged ({error}); train the model again") from error
    if not isinstance(found, int) or not 2 <= found <= MOST:
        raise EmptorError(f"{path}: longest {found!r}, expected 2 to {MOST} products; train the model again")
    return found
