"""Pictures as tokens of a vision model that lies on the disk."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from emptor.encoders.folder import config_of, fingerprint_of, json_of, loaded
from emptor.encoders.pixels import picture
from emptor.errors import EmptorError

BATCH = 32
FILES = ("config.json", "preprocessor_config.json", "processor_config.json", "model.safetensors")
"""What decides a picture's tokens; see `folder.fingerprint_of`."""
_FLOATS = (np.dtype(np.float16), np.dtype(np.float32))


@dataclass(frozen=True)
class _Kind:
    """How a type of model is read: its class in transformers; whether its first state is in its states already."""

    name: str
    whole_is_first: bool = True
    pools: bool = True
    options: tuple[tuple[str, Any], ...] = ()


_KINDS = {
    "clip": _Kind("CLIPVisionModel"),
    "clip_vision_model": _Kind("CLIPVisionModel"),
    "chinese_clip": _Kind("ChineseCLIPVisionModel"),
    "chinese_clip_vision_model": _Kind("ChineseCLIPVisionModel"),
    "siglip": _Kind("SiglipVisionModel", whole_is_first=False),
    "siglip_vision_model": _Kind("SiglipVisionModel", whole_is_first=False),
    "vit": _Kind("ViTModel", pools=False, options=(("add_pooling_layer", False),)),
    "dinov2": _Kind("Dinov2Model", pools=False),
}
"""By config.json's model_type; of a model of two towers, the one for pictures is read."""


class LocalImageEncoder:
    """A vision model from a local Hugging Face folder: ViT, DINOv2, or the vision tower of CLIP, Chinese CLIP, SigLIP.

    Pictures are standardised by the folder's mean and deviation. They are fitted into the model's square with their
    border's colour beside them, where its own processor may cut off their ends: of a product, all shall be seen.

    `width` of the tokens; `tokens` of a picture, 1 + n; `side` of the pictures it looks at, in pixels; `fingerprint`
    changes when the same picture would get other tokens.

    Args:
        folder: config.json, model.safetensors and preprocessor_config.json, as `save_pretrained` of the model and of
            its image processor write them. Nothing is fetched and no code of the folder is run.
    Raises: EmptorError where the folder lacks something, holds another kind of model or a processor of another size, or
        transformers is not installed.

    Example:
        >>> encoder = LocalImageEncoder(Path("models/clip-vit-base-patch32"))
        >>> encoder.encode(np.zeros((1, 3, 64, 64), np.uint8)).shape
        (1, 50, 768)
    """

    def __init__(self, folder: Path) -> None:
        config = config_of(folder)
        found = str(config.get("model_type"))
        if found not in _KINDS:
            raise EmptorError(
                f"encoder folder {folder} holds a model of type {found}; expected one for pictures: "
                f"{', '.join(sorted(_KINDS))}"
            )
        self._kind = _KINDS[found]
        self._mean, self._deviation, size = _processing(folder)
        try:
            # imported here: a shop without an encoder should not pay seconds of start for it
            import torch
            import transformers
        except ImportError:
            raise EmptorError("an encoder folder needs the transformers package: pip install 'emptor[llm]'") from None
        kind = getattr(transformers, self._kind.name)
        self._model = loaded(folder, kind, dtype=torch.float32, **dict(self._kind.options))
        self.side = int(self._model.config.image_size)
        if size != self.side:
            raise EmptorError(
                f"encoder folder {folder}: its processor makes pictures of {size} pixels a side, but its model "
                f"looks at {self.side}; expected both of the same model"
            )
        self.tokens, self.width = self._states(np.zeros((1, 3, self.side, self.side), np.uint8)).shape[1:]
        self.fingerprint = fingerprint_of(folder, FILES)

    def encode(self, images: np.ndarray | Sequence[Image.Image], *, dtype: Any = np.float32) -> np.ndarray:
        """Tokens [B, 1 + n, width] of pictures: the first stands for the whole, then one a patch, row by row.

        Args:
            images: pixels [B, 3, s, s] uint8 (see `pictures`), of any side s, best no smaller than the model's; or
                pictures of Pillow.
            dtype: float32, or float16 to keep them in half the room; what is too large for it becomes its largest.
        Raises: EmptorError for pixels of another shape or type, and for a picture that cannot be decoded.
        """
        if np.dtype(dtype) not in _FLOATS:
            raise EmptorError(f"tokens of {np.dtype(dtype)}, expected float32 or float16")
        if isinstance(images, np.ndarray) and (
            images.dtype != np.uint8 or images.ndim != 4 or images.shape[1] != 3 or images.shape[2] != images.shape[3]
        ):
            raise EmptorError(
                f"pictures are {images.dtype} {list(images.shape)}, expected uint8 [pictures, 3, side, side]"
            )
        out = np.empty((len(images), self.tokens, self.width), dtype)
        largest = float(np.finfo(out.dtype).max)
        for start in range(0, len(images), BATCH):
            part = images[start : start + BATCH]
            pixels = part if isinstance(part, np.ndarray) else self._pixels(part, start)
            out[start : start + BATCH] = self._states(pixels).clip(-largest, largest)
        return out

    def _pixels(self, images: Sequence[Image.Image], start: int) -> np.ndarray:
        found = [picture(image, self.side) for image in images]
        for at, one in enumerate(found, start):
            if one is None:
                raise EmptorError(f"picture {at} cannot be decoded; expected one that is whole")
        return np.stack([one for one in found if one is not None])

    def _states(self, pixels: np.ndarray) -> np.ndarray:
        """pixels [B, 3, s, s] uint8 -> [B, 1 + n, width] float32."""
        import torch

        with torch.inference_mode():
            light = torch.tensor(pixels).float() / 255
            if pixels.shape[-1] != self.side:
                light = torch.nn.functional.interpolate(
                    light, (self.side, self.side), mode="bicubic", antialias=True
                ).clamp(0, 1)
            mean, deviation = (torch.tensor(own).view(3, 1, 1) for own in (self._mean, self._deviation))
            out = self._model(pixel_values=(light - mean) / deviation)
            states = out.last_hidden_state
            if self._kind.pools:  # CLIP norms its first state only there; SigLIP has none but this
                rest = states[:, 1:] if self._kind.whole_is_first else states
                states = torch.cat([out.pooler_output.unsqueeze(1), rest], 1)
        result: np.ndarray = states.float().numpy()
        return result


def _processing(folder: Path) -> tuple[list[float], list[float], int]:
    """Mean and deviation by channel, of light in 0..1, and the side of the pictures in pixels."""
    name = "preprocessor_config.json"
    if (folder / name).is_file():
        content = json_of(folder / name)
    elif (folder / "processor_config.json").is_file():  # a processor for texts and pictures together
        name = "processor_config.json"
        content = json_of(folder / name).get("image_processor", {})
    else:
        raise EmptorError(
            f"encoder folder {folder} has no {name}; expected the one that save_pretrained of the image processor wrote"
        )
    try:
        if content.get("do_rescale", True) and not math.isclose(content.get("rescale_factor", 1 / 255), 1 / 255):
            raise ValueError(f"rescale_factor {content['rescale_factor']}, expected 1/255")
        size = content["crop_size"] if content.get("do_center_crop") else content["size"]
        if isinstance(size, dict):
            sides = {int(size[key]) for key in ("height", "width", "shortest_edge") if key in size}
        else:
            sides = {int(size)}
        if len(sides) != 1 or min(sides) < 1:
            raise ValueError(f"size {size}, expected a square")
        if not content.get("do_normalize", True):
            return [0.0] * 3, [1.0] * 3, sides.pop()
        mean, deviation = ([float(value) for value in content[key]] for key in ("image_mean", "image_std"))
        finite = all(map(math.isfinite, mean + deviation))
        if len(mean) != 3 or len(deviation) != 3 or not finite or min(deviation) <= 0:
            raise ValueError(f"image_mean {mean}, image_std {deviation}, expected three each, the latter above 0")
        return mean, deviation, sides.pop()
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        told = f"no {error}" if isinstance(error, KeyError) else str(error)
        raise EmptorError(
            f"encoder folder {folder}, {name}: found {told}; expected an image processor's image_mean, image_std "
            "and size"
        ) from None
