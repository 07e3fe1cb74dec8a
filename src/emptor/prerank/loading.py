"""A model folder as a function from requests and candidates to values."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import torch

from emptor.learn.folder import ModelConfig, load_model
from emptor.prerank.models import build
from emptor.prerank.models.preranker import Preranker, TwoTower
from emptor.rank.loading import inputs_of
from emptor.rank.scale import Scale, batch_of, input_spec
from emptor.shop.features import Described, FeatureSpec, ProductColumns, arrays_of
from emptor.shop.view import View

_PRODUCTS = 8_192
"""Whose vectors are made in one go."""


class LoadedPreranker:
    """A trained pre-ranker. Safe between threads.

    Args: net: in evaluation mode. spec: of the features it was trained with. scale: of their numbers.
    """

    def __init__(self, net: Preranker, spec: FeatureSpec, scale: Scale) -> None:
        self.net, self.spec, self._scale = net, spec, scale

    def vectors(self, products: ProductColumns) -> np.ndarray | None:
        """What can be made of products before anything is asked: [P + 1, 2, k] float32; None without towers."""
        net = self.net
        if not isinstance(net, TwoTower):
            return None
        with torch.inference_mode():
            parts = [
                net.towers.products(
                    torch.from_numpy(products.fields[at : at + _PRODUCTS]),
                    torch.from_numpy(products.own[at : at + _PRODUCTS]),
                ).numpy()
                for at in range(0, len(products.fields), _PRODUCTS)
            ]
        return np.concatenate(parts)

    def __call__(self, products: ProductColumns, asked: Described, vectors: np.ndarray | None) -> np.ndarray:
        """[B, N] float32: what each candidate is worth; rubbish where nothing is there.

        Args: products: that `asked` is of. vectors: what `vectors` makes of them.
        """
        net = self.net
        with torch.inference_mode():
            if vectors is None or not isinstance(net, TwoTower):
                found: np.ndarray = net(batch_of(arrays_of(products, asked), self._scale)).numpy()
                return found
            mask = asked.mask
            nobody = replace(asked, rows=asked.rows[:, :0], mask=mask[:, :0], numeric=asked.numeric[:, :0])
            request = net.towers.request(batch_of(arrays_of(products, nobody), self._scale))
            numeric = self._scale.standardised("numeric", asked.numeric)
            own = torch.from_numpy(vectors[asked.rows])
            scores = net.towers.scored(request, own, torch.from_numpy(numeric), torch.from_numpy(mask))
            return net.towers.value(scores.cosine).numpy()


def load_preranker(path: Path, *, view: View | None = None) -> LoadedPreranker:
    """Read a model folder.

    Args: view: of the catalogue; None: whatever it is like.
    Raises: EmptorError for a folder that is missing or damaged, or was made for features that this version makes in
        another way, or of texts or pictures that the view reads in another way.
    """

    def net_of(config: ModelConfig) -> Preranker:
        inputs = input_spec(FeatureSpec.read(config.features))
        return build(config.method, inputs, **config.options)

    model = load_model(path, net_of)
    return LoadedPreranker(model.net, *inputs_of(path, model.config, view))
