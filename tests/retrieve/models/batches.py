"""Networks and batches that the tests of retrieval networks share, and changes that must, or must not, matter."""

from __future__ import annotations

from dataclasses import fields, replace

import torch

from emptor.encoders.naming import Naming
from emptor.retrieve.models import InputSpec, ProductBatch, RetrievalBatch, Retriever, build
from emptor.retrieve.models.example import example

TINY = {"width": 16, "heads": 2, "vector": 8, "text_tokens": 16, "query_tokens": 12}
PIXELS = InputSpec(words=40, segments=3, side=32, categories=5)
NAMED = InputSpec(words=40, segments=3, values=12, names=6, categories=5)


def made(name: str, spec: InputSpec, **options: object) -> Retriever:
    """A small network in evaluation mode, none of whose weights is 0 by its start."""
    torch.manual_seed(1)
    net = build(name, spec, **{**TINY, **options})
    with torch.no_grad():
        for weight in net.parameters():
            weight += 0.05 * torch.randn_like(weight)
        for part in net.modules():
            if isinstance(part, torch.nn.Embedding) and part.padding_idx == 0:
                part.weight[0] = 0
            if isinstance(part, Naming):
                part.names.copy_(torch.arange(4, 4 + len(part.names)))
    return net.eval()


def rows(batch: RetrievalBatch, which: torch.Tensor) -> ProductBatch:
    """Some of the products, in that order."""
    own = {field.name: getattr(batch, field.name) for field in fields(ProductBatch)}
    return ProductBatch(**{name: values[which] for name, values in own.items()})


def without_images(batch: RetrievalBatch) -> RetrievalBatch:
    return replace(batch, has_image=torch.zeros_like(batch.has_image))


def other_pictures(batch: RetrievalBatch) -> RetrievalBatch:
    """Pictures of another batch of the same form; of features not even numbers, where nobody may look."""
    pictures = batch.pictures.flip(0)
    if pictures.dtype != torch.uint8:
        pictures = torch.where(batch.has_image.view(-1, 1, 1), pictures, torch.nan)
    return replace(batch, pictures=pictures)


def other_texts(batch: RetrievalBatch) -> RetrievalBatch:
    text = torch.where(batch.text > 1, 1 + batch.text % 30 + 1, batch.text)
    text[:, 1:3] = 7
    return replace(batch, text=text)


def padded(batch: RetrievalBatch, width: int = 2) -> RetrievalBatch:
    """Longer rows of nothing."""

    def longer(ids: torch.Tensor) -> torch.Tensor:
        return torch.nn.functional.pad(ids, (0, width))

    return replace(batch, query=longer(batch.query), text=longer(batch.text), segments=longer(batch.segments))


def chosen_and_others(pairs: int = 16, negatives: int = 0, *, spec: InputSpec | None = None) -> RetrievalBatch:
    """Pairs that every side can tell apart, by the first word or the picture, which each product has."""
    _, batch = example(pairs, negatives=negatives, spec=spec)
    everything = torch.ones_like(batch.has_text)
    query, text = batch.query.clone(), batch.text.clone()
    query[:, 1], text[:, 1] = 2 + torch.arange(len(query)), 2 + torch.arange(len(text)).flip(0)
    return replace(batch, query=query, text=text, has_text=everything, has_image=everything)
