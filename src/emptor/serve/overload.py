"""Admission: a bounded number of requests works, a bounded number waits, the rest is told to come again."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

from emptor.serve.errors import Unavailable

T = TypeVar("T")


class Overloaded(Unavailable):
    """More requests than this server can answer in time."""


class Gate:
    """Runs blocking work in a few threads, for callers on one event loop.

    Answering "busy" at once keeps the requests that are let in quick; an endless queue makes all late.

    Args:
        name: of the threads. threads: how many work at once.
        max_waiting: requests that may wait for a thread.
        max_wait_s: a request that waited longer is not run any more.
        on_shed: called for each request turned away.
    """

    def __init__(
        self,
        name: str,
        *,
        threads: int,
        max_waiting: int,
        max_wait_s: float,
        on_shed: Callable[[], None] = lambda: None,
    ) -> None:
        self._places = threads + max_waiting
        self._max_wait_s = max_wait_s
        self._on_shed = on_shed
        self._inside = 0  # only touched on the event loop
        self._pool = ThreadPoolExecutor(threads, thread_name_prefix=f"emptor-{name}")

    @property
    def inside(self) -> int:
        """Requests that work or wait now."""
        return self._inside

    async def run(self, work: Callable[[], T], *, deadline: float | None = None) -> T:
        """The result of `work()`, run in a thread.

        Args:
            deadline: time.monotonic() after which starting is pointless.
        Raises: Overloaded where there is no room, or the work could not start in time; it has not run then.
        """
        if self._inside >= self._places:
            self._on_shed()
            raise Overloaded("the server is busy; try again in a moment")
        latest = time.monotonic() + self._max_wait_s
        if deadline is not None:
            latest = min(latest, deadline)
        self._inside += 1
        loop = asyncio.get_running_loop()
        try:
            future = self._pool.submit(_start, work, latest)
        except BaseException:
            self._inside -= 1
            raise
        # on the thread's future, not on the awaited one: a caller that goes away does not end the work
        future.add_done_callback(lambda done: _call_on(loop, self._left))
        try:
            return await asyncio.wrap_future(future)
        except Overloaded:
            self._on_shed()
            raise

    def _left(self) -> None:
        self._inside -= 1

    def close(self) -> None:
        """Let running work end; waiting work is dropped."""
        self._pool.shutdown(wait=True, cancel_futures=True)


def _start(work: Callable[[], T], latest: float) -> T:
    if time.monotonic() > latest:
        raise Overloaded("the server is busy and could not start on this request in time; try again in a moment")
    return work()


def _call_on(loop: asyncio.AbstractEventLoop, call: Callable[[], None]) -> None:
    if not loop.is_closed():
        loop.call_soon_threadsafe(call)
