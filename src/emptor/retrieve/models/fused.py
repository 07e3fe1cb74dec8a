"""What the networks share that have a vector by the text, one by the picture, and one by both."""

from __future__ import annotations

from abc import abstractmethod
from typing import Unpack

import torch

from emptor.retrieve.models.inputs import InputSpec, ProductBatch
from emptor.retrieve.models.layers import dropped, share, where
from emptor.retrieve.models.retriever import Products, Retriever
from emptor.retrieve.models.towers import TowerOptions, Towers, Words


class FusedOptions(TowerOptions, total=False):
    """Options of Fused that a network passes on as they are."""

    image_dropout: float
    alpha: float
    beta: float
    gamma: float


class Fused(Retriever):
    """Text, picture, and a fusion of their states; subclasses say which fusion.

    A product without picture has 0 for `image`, and `both` rests on its text; without text, `both` rests on its picture
    and stands for `text`, too, so that no way of serving it looks at a text that says nothing.

    Args:
        spec: see InputSpec. towers: see Towers.
        image_dropout: share of pictures that the fusion is not shown in training, 0..1.
        alpha, beta, gamma: what the losses by text, by picture and by both count; only kept here.

    Raises: EmptorError for an image_dropout that is no share.
    """

    def __init__(
        self,
        spec: InputSpec,
        *,
        image_dropout: float = 0.1,
        alpha: float = 1.0,
        beta: float = 0.5,
        gamma: float = 1.0,
        **towers: Unpack[TowerOptions],
    ) -> None:
        super().__init__(Towers(spec, **towers), weights={"text": alpha, "image": beta, "both": gamma})
        self.image_dropout = share("image_dropout", image_dropout)

    @abstractmethod
    def fuse(self, text: Words, image: torch.Tensor, has_text: torch.Tensor, has_image: torch.Tensor) -> torch.Tensor:
        """Vectors by both, of length one: text states [P, n_t, d], image states [P, 1 + n, d], masks [P] -> [P, k].

        Must not depend on the side that a mask says is not there.
        """

    def products(self, batch: ProductBatch) -> Products:
        text, image = self.towers.of_text(batch), self.towers.of_image(batch)
        shown = dropped(batch.has_image, batch.has_text, self.image_dropout, training=self.training)
        both = where(batch.there, self.fuse(text, image, batch.has_text, shown))
        return Products(
            text=where(batch.has_text, self.towers.text_vector(text.states), both),
            image=where(batch.has_image, self.towers.image_vector(image)),
            both=both,
            there=batch.there,
            lacks=batch.lacks,
        )
