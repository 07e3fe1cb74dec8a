"""What an image column holds: the name of a picture, or the picture itself."""

from __future__ import annotations

from dataclasses import dataclass

from emptor.shop.importing.values import Misfit, as_id
from emptor.shop.schema import MAX_VALUE

_MARKS = (b"\xff\xd8\xff", b"\x89PNG", b"GIF8", b"RIFF")


@dataclass(frozen=True, slots=True)
class Picture:
    """`name` is a path, a file name or a URL; `content` the file's bytes."""

    name: str | None
    content: bytes | None


def as_picture(value: object) -> Picture | None:
    """A picture from text, bytes, a pair of bytes and path, or the first of a list of these."""
    if isinstance(value, list):
        return next((found for item in value if (found := as_picture(item)) is not None), None)
    if isinstance(value, dict):
        content, name = value.get("bytes"), value.get("path") or value.get("url")
        if not (content is None or isinstance(content, bytes)):
            raise Misfit("a picture's bytes, path or URL")
        text = as_id(name, MAX_VALUE)
        return Picture(text, content or None) if text or content else None
    if isinstance(value, bytes):
        text_or_none = None if value.startswith(_MARKS) or len(value) > MAX_VALUE else _as_name(value)
        if text_or_none is None:
            return Picture(None, value) if value else None
        value = text_or_none
    name = as_id(value, MAX_VALUE)
    return Picture(name, None) if name else None


def _as_name(value: bytes) -> str | None:
    """Bytes as a name if they are readable text; some writers of Parquet do not mark text as such."""
    try:
        text = value.decode()
    except UnicodeDecodeError:
        return None
    return text if text.isprintable() else None
