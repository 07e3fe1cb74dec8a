"""What a picture is like, in ten plain numbers: enough for tastes over a real catalogue, and no network."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
from PIL import Image

from emptor.market.world.products import LOOKS

SIDE = 24
COUNT = 10


def descriptor(picture: np.ndarray) -> np.ndarray:
    """picture [SIDE, SIDE, 3] in 0..1 -> float32 [COUNT]: light, saturation, hue (cos, sin), contrast, edges, warmth,
    how much of the frame is product, how tall it stands, how busy its colours are.
    """
    border = np.concatenate([picture[0], picture[-1], picture[:, 0], picture[:, -1]])
    ground = np.median(border, axis=0)
    apart = np.abs(picture - ground).sum(2)
    product = apart > 0.12
    inside = picture[product] if product.any() else picture.reshape(-1, 3)
    high, low = inside.max(1), inside.min(1)
    saturation = (high - low) / np.maximum(high, 1e-3)
    red, green, blue = inside.mean(0)
    hue = np.arctan2(np.sqrt(3) * (green - blue), 2 * red - green - blue)
    light = inside.mean(1)
    across = np.abs(np.diff(picture.mean(2), axis=0)).mean() + np.abs(np.diff(picture.mean(2), axis=1)).mean()
    rows, columns = product.any(1).sum(), product.any(0).sum()
    values = [light.mean(), saturation.mean(), np.cos(hue), np.sin(hue), light.std(), across, red - blue]
    values += [product.mean(), np.log(max(rows, 1) / max(columns, 1)), inside.std(0).mean()]
    return np.array(values, np.float32)


def looks_of(files: Sequence[Path | None], *, on_done: Callable[[int], None] = lambda count: None) -> np.ndarray:
    """Looks [P, LOOKS] float32 of pictures: descriptors, whitened; NaN where there is none that can be read.

    Args:
        on_done: told how many pictures were read since the last call.
    """

    def read(file: Path | None) -> np.ndarray:
        if file is None:
            return np.full(COUNT, np.nan, np.float32)
        try:
            with Image.open(file) as image:
                image.draft("RGB", (2 * SIDE, 2 * SIDE))
                small = image.convert("RGB").resize((SIDE, SIDE), Image.Resampling.BILINEAR)
            return descriptor(np.asarray(small, np.float32) / 255)
        except (OSError, ValueError, Image.DecompressionBombError):
            return np.full(COUNT, np.nan, np.float32)
        finally:
            on_done(1)

    with ThreadPoolExecutor(2) as pool:
        found = np.array(list(pool.map(read, files)), np.float32).reshape(-1, COUNT)
    return whitened(found)


def whitened(values: np.ndarray) -> np.ndarray:
    """values [P, n] -> [P, LOOKS]: the first principal components, each of variance 1; NaN rows stay so."""
    there = ~np.isnan(values).any(1)
    out = np.full((len(values), LOOKS), np.nan, np.float32)
    if there.sum() < 2:
        out[there] = 0
        return out
    own = values[there].astype(np.float64)
    own = (own - own.mean(0)) / np.maximum(own.std(0), 1e-6)
    _, spread, axes = np.linalg.svd(own, full_matrices=False)
    # the sign of an axis is nobody's choice: its largest part is positive
    sign = np.sign(axes[np.arange(len(axes)), np.abs(axes).argmax(1)])
    scores = own @ (axes * sign[:, None]).T * (np.sqrt(len(own)) / np.maximum(spread, 1e-6))
    width = min(LOOKS, scores.shape[1])
    out[there] = 0
    out[np.flatnonzero(there)[:, None], np.arange(width)[None]] = scores[:, :width]
    return out
