"""Text encoders: anything with `encode`, and one that loads a Hugging Face folder from the disk."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Protocol

import numpy as np

from emptor.errors import EmptorError

MAX_TOKENS = 64
BATCH = 64


class TextEncoder(Protocol):
    """Turns texts into vectors of one space, queries and products alike.

    `width`: of the vectors; `fingerprint`: changes when the same text would get another vector, so that vectors of
    another encoder are never mixed in.
    """

    width: int
    fingerprint: str

    def encode(self, texts: Sequence[str]) -> np.ndarray:
        """Returns [texts, width] float32."""
        ...


class LocalTextEncoder:
    """A transformer from a local Hugging Face folder: mean over the last layer's tokens, length one.

    Args:
        folder: config.json, model.safetensors and a tokenizer, as `save_pretrained` writes them. Nothing is fetched and
            no code of the folder is run.
    Raises: EmptorError where the folder lacks something or transformers is not installed.

    Example:
        >>> encoder = LocalTextEncoder(Path("models/all-MiniLM-L6-v2"))
        >>> encoder.encode(["red mug"]).shape
        (1, 384)
    """

    def __init__(self, folder: Path) -> None:
        for name in ("config.json", "model.safetensors"):
            if not (folder / name).is_file():
                raise EmptorError(
                    f"encoder folder {folder} has no {name}; expected a folder that save_pretrained wrote (safetensors)"
                )
        try:
            # imported here: a shop without an encoder should not pay seconds of start for it
            from transformers import AutoModel, AutoTokenizer
        except ImportError:
            raise EmptorError("an encoder folder needs the transformers package: pip install 'emptor[llm]'") from None
        try:
            safe: dict[str, Any] = {"local_files_only": True, "trust_remote_code": False}
            self._tokenizer = AutoTokenizer.from_pretrained(str(folder), **safe)
            self._model = AutoModel.from_pretrained(str(folder), use_safetensors=True, **safe).eval()
        except (OSError, ValueError, RuntimeError, KeyError) as error:
            raise EmptorError(f"encoder folder {folder} cannot be loaded: {str(error).splitlines()[0]}") from None
        self.width: int = int(self._model.config.hidden_size)
        self.fingerprint = _fingerprint(folder)

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
                max_length=MAX_TOKENS,
                return_tensors="pt",
            )
            with torch.inference_mode():
                hidden = self._model(**tokens).last_hidden_state
            weight = tokens["attention_mask"].unsqueeze(-1).to(hidden.dtype)
            mean = (hidden * weight).sum(1) / weight.sum(1).clamp(min=1)
            vectors[part] = torch.nn.functional.normalize(mean, dim=1).float().numpy()
        return vectors


def _fingerprint(folder: Path) -> str:
    digest = hashlib.blake2b(digest_size=16)
    for name in ("config.json", "tokenizer.json", "model.safetensors"):
        if (folder / name).is_file():
            with (folder / name).open("rb") as file:
                while chunk := file.read(1 << 20):
                    digest.update(chunk)
    return digest.hexdigest()
