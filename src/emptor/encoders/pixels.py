"""Pictures as arrays of one size, for networks to look at."""

from __future__ import annotations

import os
import uuid
import warnings
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from io import BytesIO
from pathlib import Path

import numpy as np
from PIL import Image, ImageOps

from emptor.errors import EmptorError
from emptor.progress import step

MAX_PIXELS = 40_000_000
MAX_BYTES = 30 << 20
"""Of a picture's file: what is larger is not opened."""
_KINDS = ("JPEG", "PNG", "WEBP", "GIF")
_AT_ONCE = 256
_WORKERS = 8

Source = Path | bytes | Image.Image | None
"""A picture's file, its content, a picture, or none at all."""

# Pillow only warns of pictures somewhat above its own bound; the bound here is lower and refuses them.
warnings.filterwarnings("ignore", category=Image.DecompressionBombWarning)


def picture(source: Source, side: int) -> np.ndarray | None:
    """A picture as [3, side, side] uint8: red, green, blue; None where it is missing, damaged, too large or of another
    kind than JPEG, PNG, WebP and GIF (whose first picture counts).

    Upright (EXIF), transparent parts on white, smoothed while it is made smaller. Its longer side fills the square; the
    rest has the median colour of its border, so that a backdrop goes on.
    """
    _checked(side)
    try:
        return _squared(_small(_opened(source, side), side), side)
    except Exception:  # decoders raise many kinds of exceptions for damaged data; a bad picture is no reason to stop
        return None


def pictures(
    sources: Sequence[Source], side: int, *, file: Path | None = None, label: str = "pictures"
) -> tuple[np.ndarray, np.ndarray]:
    """Many pictures, decoded side by side, with a progress bar.

    Args:
        sources: N of them, see `picture`. side: in pixels.
        file: where the array is to lie, as .npy; it appears once it is whole, and what is returned is read from it
            as it is needed. Without it, all is held in memory.
    Returns: pixels [N, 3, side, side] uint8, 0 where there is no picture; there [N] bool, whether there is one.
    Raises: EmptorError for a side below 1 and for a file that cannot be written.
    """
    _checked(side)
    shape = (len(sources), 3, side, side)
    if file is None:
        pixels = np.zeros(shape, np.uint8)
        return pixels, _fill(pixels, sources, side, label)
    temporary = file.with_name(f".{file.name}.{uuid.uuid4().hex}.tmp")
    try:
        pixels = np.lib.format.open_memmap(temporary, mode="w+", dtype=np.uint8, shape=shape)
        with temporary.open("r+b") as reserved:  # a disk that is full is an error here; later it would end the process
            os.posix_fallocate(reserved.fileno(), 0, temporary.stat().st_size)
        there = _fill(pixels, sources, side, label)
        pixels.flush()
        del pixels
        temporary.replace(file)
        return np.load(file, mmap_mode="r", allow_pickle=False), there
    except OSError as error:
        raise EmptorError(f"pictures cannot be written to {file}: {error.strerror or error}") from None
    finally:
        with suppress(OSError):
            temporary.unlink()


def decoded(
    sources: Sequence[Source], side: int, *, label: str = "pictures"
) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    """The same without an array of all: parts of (rows [n], pixels [n, 3, side, side] uint8) of those that are there.

    Raises: EmptorError for a side below 1.
    """
    _checked(side)
    # Pillow decodes without the interpreter's lock
    with ThreadPoolExecutor(min(_WORKERS, os.cpu_count() or 1)) as pool, step(label, len(sources)) as running:
        for start in range(0, len(sources), _AT_ONCE):
            rows = range(start, min(start + _AT_ONCE, len(sources)))
            found = list(pool.map(lambda row: picture(sources[row], side), rows))
            seen = [row for row, own in zip(rows, found, strict=True) if own is not None]
            if seen:
                yield np.array(seen), np.stack([own for own in found if own is not None])
            running.advance(len(rows))


def _checked(side: int) -> None:
    if side < 1:
        raise EmptorError(f"pictures: side {side}, expected at least 1 pixel")


def _fill(pixels: np.ndarray, sources: Sequence[Source], side: int, label: str) -> np.ndarray:
    there = np.zeros(len(sources), bool)
    for rows, part in decoded(sources, side, label=label):
        pixels[rows], there[rows] = part, True
    return there


def _opened(source: Source, side: int) -> Image.Image:
    """The picture with its header read and nothing decoded, its dimensions within bounds."""
    if source is None:
        raise ValueError("no picture")
    if isinstance(source, Image.Image):
        image = source
    else:
        size = len(source) if isinstance(source, bytes) else source.stat().st_size
        if size > MAX_BYTES:
            raise ValueError("too large a file")
        image = Image.open(BytesIO(source if isinstance(source, bytes) else source.read_bytes()), formats=_KINDS)
        image.draft("RGB", (2 * side, 2 * side))  # JPEG decodes at a fraction of the scale: faster
    if not 0 < image.width * image.height <= MAX_PIXELS:
        raise ValueError("no pixels or too many")
    return image


def _small(image: Image.Image, side: int) -> Image.Image:
    """In RGB, upright and on white, its longer side of `side` pixels."""
    if image.mode.startswith("I"):  # 16 bits a pixel: keep the upper eight
        image = image.convert("I").point(lambda value: value * (1 / 256)).convert("L")
    has_alpha = image.mode in ("RGBA", "LA", "PA", "La", "RGBa") or "transparency" in image.info
    flat = image.convert("RGBA" if has_alpha else "RGB")
    scale = side / max(flat.size)
    small = (max(1, round(scale * flat.width)), max(1, round(scale * flat.height)))
    flat = flat.resize(small, Image.Resampling.BICUBIC, reducing_gap=2.0)
    with suppress(Exception):  # damaged notes on how the camera was held are no reason to see nothing
        flat = ImageOps.exif_transpose(flat)
    if has_alpha:
        flat = Image.alpha_composite(Image.new("RGBA", flat.size, "white"), flat).convert("RGB")
    return flat


def _squared(flat: Image.Image, side: int) -> np.ndarray:
    pixels = np.asarray(flat)  # [height, width, 3]
    high, wide = pixels.shape[:2]
    out = np.empty((side, side, 3), np.uint8)
    if (high, wide) != (side, side):
        border = np.concatenate([pixels[0], pixels[-1], pixels[:, 0], pixels[:, -1]])
        out[:] = np.median(border, axis=0).astype(np.uint8)
    top, left = (side - high) // 2, (side - wide) // 2
    out[top : top + high, left : left + wide] = pixels
    return np.ascontiguousarray(out.transpose(2, 0, 1))
