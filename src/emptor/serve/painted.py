"""Pictures that are drawn on demand, larger than the shop has them: for catalogues whose pictures can be made anew."""

from __future__ import annotations

import hashlib
import logging
import uuid
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

from PIL import Image

from emptor.shop.files import fsync_file
from emptor.shop.images import MAX_BYTES, ImageStore
from emptor.shop.memo import Memo

log = logging.getLogger(__name__)

Painter = Callable[[str, int], bytes | None]
"""(product_id, pixels of the longer side) -> a JPEG; None where there is none, or none yet."""

_JPEG = b"\xff\xd8\xff"
_REMEMBERED = 10_000


class Painted:
    """What a painter has drawn, kept at `images/sized/painted/<size>/`: each picture is drawn once.

    Safe between threads. Sizes are those of the store, so that what is kept is bounded by the catalogue.
    """

    def __init__(self, images: ImageStore, painter: Painter) -> None:
        self._images, self._painter = images, painter
        self._sides: Memo[str, int] = Memo(_REMEMBERED)
        self._failed: set[str] = set()

    def wants(self, name: str, size: int) -> bool:
        """Whether a stored picture is smaller than what is asked for."""
        return self._sides.get(name, lambda: _longer_side(self._images.path(name))) < size

    def tag(self, name: str, product_id: str, size: int) -> str:
        """What names the drawn picture: it changes when the product's own picture does."""
        return f"{_key(name, product_id)}-{size}-painted"

    def content(self, name: str, product_id: str, size: int) -> bytes | None:
        """The drawn picture, made now if need be; None where it cannot be had, so that the stored one is shown."""
        key = _key(name, product_id)
        file = self._images.folder / "sized" / "painted" / str(size) / key[:2] / f"{key}.jpg"
        with suppress(OSError):
            return file.read_bytes()
        if key in self._failed:
            return None
        try:
            content = self._painter(product_id, size)
            if content is None:
                return None
            if not content.startswith(_JPEG) or len(content) > MAX_BYTES:
                raise ValueError(f"what was drawn is no JPEG of at most {MAX_BYTES:,} bytes")
        except Exception as error:  # whatever a painter raises, the stored picture is shown
            log.warning("the picture of product %r could not be drawn in %d pixels: %s", product_id[:80], size, error)
            if len(self._failed) < _REMEMBERED:
                self._failed.add(key)
            return None
        try:
            _write(file, content)
        except OSError as error:
            log.warning("a drawn picture could not be kept at %s: %s", file, error.strerror)
        return content


def _key(name: str, product_id: str) -> str:
    return hashlib.blake2b(f"{name}\x1f{product_id}".encode(), digest_size=20).hexdigest()


def _longer_side(file: Path) -> int:
    """Of a stored picture, in pixels; 0 where it cannot be read, which is a reason to draw it."""
    try:
        with Image.open(file) as image:
            return max(image.size)
    except Exception:  # decoders raise many kinds of exceptions for damaged data
        return 0


def _write(path: Path, content: bytes) -> None:
    """Whole or not at all; two threads that draw the same picture do not disturb one another."""
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_name(f".{path.name}.{uuid.uuid4().hex}.tmp")
    try:
        temporary.write_bytes(content)
        fsync_file(temporary)
        temporary.replace(path)
    finally:
        temporary.unlink(missing_ok=True)
