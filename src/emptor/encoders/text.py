"""Text encoders: anything with `encode`, and one that loads a Hugging Face folder from the disk."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any, Protocol

import numpy as np

from emptor.encoders.folder import SAFE, config_of, fingerprint_of, first_line, loaded
from emptor.errors import EmptorError

MAX_TOKENS = 64
BATCH = 64
_TOKENIZERS = (
    "tokenizer.json",
    "vocab.txt",
    "vocab.json",
    "tokenizer.model",
    "spiece.model",
    "sentencepiece.bpe.model",
)


class TextEncoder(Protocol):
    """Turns texts into vectors of one space, queries and products alike.

    `width`: of the vectors; `fingerprint`: changes when the same text would get another vector, so that vectors of
    another encoder are never mixed in.
    """

    @property
    def width(self) -> int: ...

    @property
    def fingerprint(self) -> str: ...

    def encode(self, texts: Sequence[str]) -> np.ndarray:
        """Returns [texts, width] float32."""
        ...


class LocalTextEncoder:
    """A transformer from a local Hugging Face folder: mean over the last layer's tokens, length one.

    Of CLIP, the text tower is taken, and its vectors are those of the space that it shares with pictures.

    Args:
        folder: config.json, model.safetensors and a tokenizer, as `save_pretrained` writes them. Nothing is fetched and
            no code of the folder is run.
    Raises: EmptorError where the folder lacks something or holds no model for texts, or transformers is not installed.

    Example:
        >>> encoder = LocalTextEncoder(Path("models/all-MiniLM-L6-v2"))
        >>> encoder.encode(["red mug"]).shape
        (1, 384)
    """

    def __init__(self, folder: Path) -> None:
        config = config_of(folder)
        found = config.get("model_type")
        self._clip = found == "clip"
        if "vision_config" in config and not self._clip:
            raise _no_text_model(folder, found)
        try:
            # imported here: a shop without an encoder should not pay seconds of start for it
            from transformers import AutoModel, AutoTokenizer
        except ImportError:
            raise EmptorError("an encoder folder needs the transformers package: pip install 'emptor[llm]'") from None
        self._model = loaded(folder, AutoModel)
        if getattr(self._model, "main_input_name", "input_ids") != "input_ids":
            raise _no_text_model(folder, found)
        if not any((folder / name).is_file() for name in _TOKENIZERS):  # an empty one would be made up
            raise EmptorError(f"encoder folder {folder} has no tokenizer; expected one of {', '.join(_TOKENIZERS)}")
        try:
            self._tokenizer = AutoTokenizer.from_pretrained(str(folder), **SAFE)
        except (OSError, ValueError, RuntimeError, KeyError) as error:
            raise EmptorError(f"encoder folder {folder} cannot be loaded: {first_line(error)}") from None
        own = self._model.config
        if self._clip:
            self._model.vision_model = None  # not needed, and half of the memory
        self.width: int = int(own.projection_dim if self._clip else own.hidden_size)
        places = getattr(own.text_config if self._clip else own, "max_position_embeddings", None) or MAX_TOKENS
        self._length = min(MAX_TOKENS, int(places))
        self.fingerprint = fingerprint_of(folder, ("config.json", "tokenizer.json", "model.safetensors"))

    def encode(self, texts: Sequence[str]) -> np.ndarray:
        """Vectors [texts, width] float32 of length one; an empty text gives a row of NaN: it has no vector."""
        import torch

        vectors = np.full((len(texts), self.width), np.nan, np.float32)
        filled = [at for at, text in enumerate(texts) if text.strip()]
        for start in range(0, len(filled), BATCH):
            part = filled[start : start + BATCH]
            tokens = self._tokenizer(
                [texts[at] for at in part],
                padding=True,
                truncation=True,
                max_length=self._length,
                return_tensors="pt",
            )
            with torch.inference_mode():
                pooled = self._projected(tokens) if self._clip else self._mean(tokens)
            vectors[part] = torch.nn.functional.normalize(pooled, dim=1).float().numpy()
        return vectors

    def _mean(self, tokens: Any) -> Any:
        hidden = self._model(**tokens).last_hidden_state
        weight = tokens["attention_mask"].unsqueeze(-1).to(hidden.dtype)
        return (hidden * weight).sum(1) / weight.sum(1).clamp(min=1)

    def _projected(self, tokens: Any) -> Any:
        asked = {name: tokens[name] for name in ("input_ids", "attention_mask")}
        return self._model.text_projection(self._model.text_model(**asked).pooler_output)


def _no_text_model(folder: Path, found: object) -> EmptorError:
    return EmptorError(
        f"encoder folder {folder} holds a model of type {found}, which is not one for texts; expected a text model "
        "such as bert, or clip, whose text tower is taken"
    )
