"""Trained retrievers: read from their folder, and asked for vectors of queries and of products."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import orjson
import torch
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from emptor.encoders.tokens import Tokenizer
from emptor.errors import EmptorError
from emptor.learn.folder import ModelConfig, load_model
from emptor.retrieve.listings import FIELDS, Texts, listings_of
from emptor.retrieve.looks import SIDE, Look, look_of
from emptor.retrieve.models.inputs import InputSpec
from emptor.retrieve.models.registry import build
from emptor.retrieve.models.retriever import Retriever
from emptor.retrieve.quality import product_vectors, query_vectors
from emptor.retrieve.samples import asked
from emptor.shop.images import ImageStore

TOKENIZER = "tokenizer.json"
_AT_ONCE = 2_048
"""Products that are read and encoded in one go."""


class Reading(BaseModel):
    """How queries and products are read: part of a model, since another way is another meaning.

    Args:
        preset: of sizes. sight: how pictures are read, see `looks`; looks: its fingerprint; side, values, names: see
            InputSpec. query_tokens, text_tokens: at most. words, segments, categories:
            see InputSpec. fields: of a product's text. tokenizer: its hash. version: of the code that reads.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    preset: str
    sight: str
    looks: str
    side: int | None = Field(None, ge=8, le=1_024)
    values: int | None = Field(None, ge=1, le=65_536)
    names: int = Field(0, ge=0, le=65_536)
    query_tokens: int = Field(ge=1, le=512)
    text_tokens: int = Field(ge=2 * len(FIELDS), le=2_048)
    words: int = Field(ge=1)
    segments: int = Field(ge=1)
    categories: int = Field(ge=0)
    fields: tuple[str, ...] = FIELDS
    tokenizer: str
    version: int = 3

    @property
    def hash(self) -> str:
        """Short name of exactly this."""
        content = orjson.dumps(self.model_dump(mode="json"), option=orjson.OPT_SORT_KEYS)
        return hashlib.blake2b(content, digest_size=8).hexdigest()

    @property
    def spec(self) -> InputSpec:
        return InputSpec(
            words=self.words,
            segments=self.segments,
            side=self.side,
            values=self.values,
            names=self.names,
            categories=self.categories,
        )


@dataclass(frozen=True)
class LoadedRetriever:
    """A network with what reads its inputs. It is an encoder of queries, see `encoders.TextEncoder`.

    fingerprint: of the network and its reading: vectors of another one are of another space.
    """

    net: Retriever
    reading: Reading
    tokenizer: Tokenizer
    look: Look
    fingerprint: str

    @property
    def width(self) -> int:
        return self.net.serving_width

    def encode(self, texts: Sequence[str]) -> np.ndarray:
        """Queries -> [Q, width] float32: what the index of products is asked by."""
        return query_vectors(self.net, self.tokenizer.encode([asked(own) for own in texts], self.reading.query_tokens))

    @property
    def sees(self) -> bool:
        """Whether products are known by their pictures, too."""
        return self.net.served != ("text",)

    @torch.no_grad()
    def by_side(self, text: str) -> tuple[float, np.ndarray] | None:
        """What a query makes of pictures: (whether they count, 0..1; [2, width]: what the index is asked by where they
        count in full, and where only texts do). None of a network that cannot tell.
        """
        ids = self.tokenizer.encode([asked(text)], self.reading.query_tokens).astype(np.int64)
        query = self.net.query(torch.from_numpy(ids))
        vectors = self.net.by_side(query)
        return None if vectors is None else (float(query.p[0]), vectors[:, 0].numpy())

    def products(self, texts: Texts, images: ImageStore) -> np.ndarray:
        """Products -> [P, width] float32, NaN for those with neither words nor a picture."""
        parts = []
        for at in range(0, len(texts), _AT_ONCE):
            part = texts.take(np.arange(at, min(at + _AT_ONCE, len(texts))))
            own = listings_of(part, self.tokenizer, images, length=self.reading.text_tokens, look=self.look)
            parts.append(product_vectors(self.net, own))
        return np.concatenate([np.zeros((0, self.width), np.float32), *parts])


def reading_of(spec: InputSpec, tokenizer: Tokenizer, net: Retriever, look: Look, *, preset: str) -> Reading:
    """How a network that was built by a preset reads. Raises: EmptorError for more than may be."""
    longest = net.towers.longest
    try:
        return Reading(
            preset=preset,
            sight=look.name,
            looks=look.fingerprint,
            side=spec.side,
            values=spec.values,
            names=spec.names,
            query_tokens=longest["query"],
            text_tokens=longest["text"],
            words=spec.words,
            segments=spec.segments,
            categories=spec.categories,
            tokenizer=tokenizer.hash,
        )
    except ValidationError as error:
        first = error.errors()[0]
        raise EmptorError(f"{first['loc'][0]}: {first['msg']}, found {first['input']!r}") from None


def load_retriever(path: Path) -> LoadedRetriever:
    """Read a model folder.

    Raises: EmptorError for a folder that is missing or damaged, or was made for inputs that this version reads in
        another way.
    """

    def net_of(config: ModelConfig) -> Retriever:
        own = _reading(path, config.features)
        return build(config.method, own.spec, preset=own.preset, **config.options)

    model = load_model(path, net_of)
    own = _reading(path, model.config.features)
    if (
        model.config.feature_hash != own.hash
        or own.fields != FIELDS
        or own.version != Reading.model_fields["version"].default
    ):
        raise EmptorError(f"{path}: this version reads products in another way than it was trained for; train it again")
    try:
        tokenizer = Tokenizer.read((path / TOKENIZER).read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError) as error:
        raise EmptorError(f"{path / TOKENIZER} cannot be read ({error}); train the model again") from None
    if tokenizer.hash != own.tokenizer:
        raise EmptorError(f"{path / TOKENIZER} is not the one that the model was trained with; restore it")
    look = look_of(own.sight, base=path.resolve().parents[3], side=own.side or SIDE)  # SHOP/models/retrieve/NAME/N
    if look.fingerprint != own.looks or look.side != own.side:
        raise EmptorError(
            f"{path}: it was trained on pictures as {own.looks} tells them, and {look.name} tells them as "
            f"{look.fingerprint} now; restore what it was trained with, or train it again"
        )
    return LoadedRetriever(model.net, own, tokenizer, look, f"{model.config.sha256[:16]}-{own.hash}")


def _reading(path: Path, content: dict[str, Any]) -> Reading:
    try:
        return Reading.model_validate(content)
    except ValidationError as error:
        first = error.errors()[0]
        place = ".".join(map(str, first["loc"]))
        raise EmptorError(f"{path / 'config.json'}: features.{place}: {first['msg']}; train the model again") from None
