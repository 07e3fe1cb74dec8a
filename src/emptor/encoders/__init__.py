"""Shared networks that turn text (later pictures and behaviour) into vectors."""

from emptor.encoders.text import LocalTextEncoder, TextEncoder

__all__ = ["LocalTextEncoder", "TextEncoder"]
