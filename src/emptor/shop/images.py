"""The shop's pictures: files named by their content, checked on the way in, made small on first view."""

from __future__ import annotations

import hashlib
import re
import threading
import uuid
import warnings
from contextlib import suppress
from io import BytesIO
from pathlib import Path

import numpy as np
from PIL import Image, ImageOps

from emptor.errors import EmptorError
from emptor.shop.files import fsync_file, fsync_folder
from emptor.shop.image_source import MAX_BYTES, ImageFault, ImageSource

__all__ = ["MAX_BYTES", "MAX_PIXELS", "SIZES", "ImageFault", "ImageSource", "ImageStore"]

MAX_PIXELS = 40_000_000
SIZES = (64, 256, 512)
"""Lengths of the longer side, in pixels, in which pictures are shown."""

_NAME = re.compile(r"[0-9a-f]{40}\.(?:jpg|png|webp|gif)")
_KINDS = {"JPEG": "jpg", "MPO": "jpg", "PNG": "png", "WEBP": "webp", "GIF": "gif"}
_KINDS_TOLD = "a JPEG, PNG, WebP or GIF picture"
_CHECK_SIDE = 64
_QUALITY = 85

# Pillow only warns of pictures somewhat above its own bound; the bound here is lower and refuses them.
warnings.filterwarnings("ignore", category=Image.DecompressionBombWarning)


class ImageStore:
    """Pictures in a folder, each once however often it is put; safe to use from several threads.

    A name is 40 hex digits of the content's SHA-256 and a suffix; the file lies at `<first 2 digits>/<name>`,
    its smaller versions at `sized/<size>/<first 2 digits>/`.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._unsynced: set[Path] = set()
        self._lock = threading.Lock()

    def put(self, content: bytes) -> str:
        """Store a picture and return its name. It is durable once `sync` has returned.

        Raises ImageFault for a picture that is too large, of another kind, truncated or damaged.
        """
        if len(content) > MAX_BYTES:
            raise ImageFault(f"{len(content):,} bytes", f"a picture of at most {MAX_BYTES:,} bytes")
        digest = hashlib.sha256(content).hexdigest()[:40]
        folder = self.folder / digest[:2]
        for suffix in dict.fromkeys(_KINDS.values()):
            if (folder / f"{digest}.{suffix}").exists():
                name = f"{digest}.{suffix}"
                break
        else:
            name = f"{digest}.{_checked_kind(content)}"
            folder.mkdir(parents=True, exist_ok=True)
            _write(folder / name, content)
        with self._lock:  # also one found: whoever put it may have been stopped before the folder was flushed
            self._unsynced |= {folder, self.folder, self.folder.parent}
        return name

    def sync(self) -> None:
        """Flush the names of all pictures put so far; to be called before anything durable refers to them."""
        with self._lock:
            folders, self._unsynced = self._unsynced, set()
        for folder in sorted(folders):
            fsync_folder(folder)

    def path(self, name: str) -> Path:
        """The file of a stored picture. Raises EmptorError for a name that no picture can have."""
        if not _NAME.fullmatch(name):
            raise EmptorError(f"{name[:80]!r} is not the name of a picture in this shop")
        return self.folder / name[:2] / name

    def sized(self, name: str, size: int) -> Path:
        """A JPEG of a stored picture whose longer side is `size` pixels, or fewer if the picture is smaller.

        Made on first use. Raises EmptorError for a size not in SIZES and for a picture that is not there.
        """
        if size not in SIZES:
            raise EmptorError(f"pictures come in sizes {', '.join(map(str, SIZES))}, not {size}")
        original = self.path(name)
        small = self.folder / "sized" / str(size) / name[:2] / f"{Path(name).stem}.jpg"
        if small.exists():
            return small
        try:
            content = original.read_bytes()
        except OSError as error:
            raise EmptorError(f"picture {name} cannot be read: {error.strerror}") from error
        small.parent.mkdir(parents=True, exist_ok=True)
        _write(small, _thumbnail(content, size))
        return small

    def pixels(self, name: str, side: int) -> np.ndarray | None:
        """A stored picture as [side, side, 3] uint8, for programs to look at; None where it is missing or damaged.

        Its longer side fills the square; beside the shorter one, its edges go on.
        """
        try:
            flat = _small(self.path(name).read_bytes(), side, gap=1.0)
        except (OSError, EmptorError):
            return None
        longer = max(flat.size)
        if longer != side:  # a picture smaller than the square
            flat = flat.resize((max(1, side * flat.width // longer), max(1, side * flat.height // longer)))
        across, down = side - flat.width, side - flat.height
        around = ((down // 2, down - down // 2), (across // 2, across - across // 2), (0, 0))
        return np.pad(np.asarray(flat), around, mode="edge") if across or down else np.asarray(flat)


def _write(path: Path, content: bytes) -> None:
    """Write a file whole or not at all, its content on the disk before its name appears."""
    temporary = path.with_name(f".{path.name}.{uuid.uuid4().hex}.tmp")
    try:
        temporary.write_bytes(content)
        fsync_file(temporary)
        temporary.replace(path)
    except BaseException:
        with suppress(OSError):
            temporary.unlink()
        raise


def _checked_kind(content: bytes) -> str:
    """The suffix for a picture that is allowed and can be decoded to its end."""
    image = _opened(content)
    try:
        image.draft("RGB", (_CHECK_SIDE, _CHECK_SIDE))  # JPEG decodes at an eighth of the scale: faster, same data
        image.load()
    except Exception as error:  # decoders raise many kinds of exceptions for damaged data
        raise ImageFault(f"a damaged picture: {_reason(error)}", f"{_KINDS_TOLD} that is whole") from error
    return _KINDS[image.format or ""]


def _opened(content: bytes) -> Image.Image:
    """The picture with its header read and nothing decoded, its dimensions within bounds."""
    too_many = f"at most {MAX_PIXELS:,} pixels"
    try:
        image = Image.open(BytesIO(content), formats=("JPEG", "PNG", "WEBP", "GIF"))
    except (Image.DecompressionBombError, Image.DecompressionBombWarning) as error:
        raise ImageFault("a picture of too many pixels", too_many) from error
    except Exception as error:
        raise ImageFault(f"{len(content):,} bytes that are no such picture", _KINDS_TOLD) from error
    width, height = image.size
    if width * height > MAX_PIXELS:
        raise ImageFault(f"{width:,} x {height:,} pixels", too_many)
    return image


def _thumbnail(content: bytes, size: int) -> bytes:
    out = BytesIO()
    _small(content, size, gap=2.0).save(out, "JPEG", quality=_QUALITY, exif=b"")
    return out.getvalue()


def _small(content: bytes, size: int, *, gap: float) -> Image.Image:
    """The picture in RGB, upright and on white, its longer side at most `size` pixels.

    gap: how much larger than that it may be when it is made smaller with care; 1 is the fastest.
    """
    image = _opened(content)
    try:
        image.draft("RGB", (round(gap * size), round(gap * size)))
        if image.mode.startswith("I"):  # 16 bits a pixel: keep the upper eight
            image = image.convert("I").point(lambda value: value * (1 / 256)).convert("L")
        has_alpha = image.mode in ("RGBA", "LA", "PA", "La", "RGBa") or "transparency" in image.info
        flat = image.convert("RGBA" if has_alpha else "RGB")
        flat.thumbnail((size, size), reducing_gap=gap)
        with suppress(Exception):  # damaged notes on how the camera was held are no reason to show nothing
            flat = ImageOps.exif_transpose(flat)
        if has_alpha:
            white = Image.new("RGBA", flat.size, "white")
            flat = Image.alpha_composite(white, flat).convert("RGB")
    except Exception as error:
        raise ImageFault(f"a damaged picture: {_reason(error)}", f"{_KINDS_TOLD} that is whole") from error
    return flat


def _reason(error: Exception) -> str:
    return (str(error).splitlines() or [type(error).__name__])[0][:120]
