"""A bounded memory of results.

Unlike functools.lru_cache on a method, it does not tie its owner into a reference cycle: an old view, with all its
columns, is freed the moment its last request is done and not whenever the collector comes by.
"""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable, Hashable
from typing import Generic, TypeVar

K = TypeVar("K", bound=Hashable)
V = TypeVar("V")


class Memo(Generic[K, V]):
    """The results of the last different questions. Safe between threads; results are shared, do not write.

    Args:
        size: how much is remembered, by what `weigh` says of each result (one each unless given).
    """

    def __init__(self, size: int, *, weigh: Callable[[V], int] = lambda result: 1) -> None:
        self._size, self._weigh, self._held = size, weigh, 0
        self._results: OrderedDict[K, V] = OrderedDict()
        self._lock = threading.Lock()

    def get(self, key: K, make: Callable[[], V]) -> V:
        """The result for `key`, made now if it is not there. Two threads may both make it; one result stays."""
        with self._lock:
            if key in self._results:
                self._results.move_to_end(key)
                return self._results[key]
        result = make()
        with self._lock:
            if key not in self._results:
                self._held += self._weigh(result)
            self._results[key] = result
            while self._held > self._size and len(self._results) > 1:
                self._held -= self._weigh(self._results.popitem(last=False)[1])
        return result
