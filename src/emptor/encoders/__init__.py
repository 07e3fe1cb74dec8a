"""Shared networks that turn texts and pictures into vectors, and what they read.

    text          LocalTextEncoder: a text model from a local folder
    image_folder  LocalImageEncoder: a vision model from a local folder
    tokens        Tokenizer: sub-words learnt from a shop's own texts
    text_net      TextNet: a small transformer over sub-words
    image_net     ImageNet: a small network over pictures
    pixels        pictures as arrays of one size
    naming        Naming: the words that a picture would be named by, read off its numbers
    transformer   the attention and the block that both networks are made of

What loads torch, Pillow or the tokenizers package is loaded once it is asked for: a shop starts without them.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

from emptor.encoders.text import LocalTextEncoder, TextEncoder

if TYPE_CHECKING:
    from emptor.encoders.image_folder import LocalImageEncoder
    from emptor.encoders.image_net import ImageNet
    from emptor.encoders.pixels import picture, pictures
    from emptor.encoders.text_net import TextNet
    from emptor.encoders.tokens import Tokenizer
    from emptor.encoders.transformer import Attention, Block

__all__ = [
    "Attention",
    "Block",
    "ImageNet",
    "LocalImageEncoder",
    "LocalTextEncoder",
    "TextEncoder",
    "TextNet",
    "Tokenizer",
    "picture",
    "pictures",
]

_HOMES = {
    "Attention": "transformer",
    "Block": "transformer",
    "ImageNet": "image_net",
    "LocalImageEncoder": "image_folder",
    "TextNet": "text_net",
    "Tokenizer": "tokens",
    "picture": "pixels",
    "pictures": "pixels",
}


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_HOMES[name]}"), name)
