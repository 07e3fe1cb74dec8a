"""Whose turn it is to run Python.

The interpreter's lock lets one thread run Python at a time, and numpy lets go of it at every other line: two requests
that are worked on side by side hand it to and fro a hundred times, and each hand-over wakes a thread. Requests that
take turns, and step aside only for calls that run long without the interpreter, finish sooner, all of them.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager

_turn = threading.Lock()
_own = threading.local()


@contextmanager
def taking_turns() -> Iterator[None]:
    """Wait for the turn and keep it until the block ends, or a call in it steps aside. Not to be nested."""
    with _turn:
        _own.held = True
        try:
            yield
        finally:
            _own.held = False


@contextmanager
def aside() -> Iterator[None]:
    """Let another request run meanwhile; without effect where no turn is held (evaluation, a notebook)."""
    if not getattr(_own, "held", False):
        yield
        return
    _own.held = False
    _turn.release()
    try:
        yield
    finally:
        _turn.acquire()
        _own.held = True
